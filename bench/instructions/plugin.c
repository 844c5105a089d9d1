/* SPDX-License-Identifier: MIT
 *
 * plugin: counts in qemu-user what callgrind counts on the machine itself: how often each
 * instruction is executed between two markers.
 *
 *     qemu-aarch64 -plugin plugin.so,begin=ADDRESS,end=ADDRESS,to=FILE count ...
 *
 * begin and end are the addresses of row_begin and row_end in `count`, which is linked to a fixed
 * place. Each time that end is reached, FILE is given a line `row`, and a line `ADDRESS TIMES` for
 * each instruction that was executed since begin; when the program ends, /proc/self/maps, by which
 * the addresses have files. emulated.py reads it.
 *
 * Compiled for the machine that qemu runs on. What is used of qemu's interface for plugins is
 * declared here, as Debian 12 has no header for it; version 1 of it is that of qemu 6.0 to 9.1.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- qemu's interface ---- */

typedef uint64_t qemu_plugin_id_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
enum { NO_REGISTERS }; /* read by a callback */

typedef void translated(qemu_plugin_id_t, struct qemu_plugin_tb *);
typedef void executed(unsigned vcpu, void *data);
typedef void ended(qemu_plugin_id_t, void *data);

void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t, translated *);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *, executed *, int registers,
                                            void *data);
void qemu_plugin_register_atexit_cb(qemu_plugin_id_t, ended *, void *data);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *, size_t);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *);

#define EXPORTED __attribute__((visibility("default")))

EXPORTED int qemu_plugin_version = 1;
EXPORTED int qemu_plugin_install(qemu_plugin_id_t id, const void *info, int argc, char **argv);

/* ---- Counters: one for each address at which there has been an instruction ---- */

struct counter {
    struct counter *next; /* in its bucket */
    uint64_t address, times;
};

enum { BUCKETS = 1 << 16 };

static struct counter *bucket[BUCKETS];

static struct counter *counter_of(uint64_t address)
{
    struct counter **at = &bucket[address / 4 % BUCKETS];
    for (struct counter *c = *at; c != NULL; c = c->next)
        if (c->address == address)
            return c;
    struct counter *c = calloc(1, sizeof *c);
    if (c == NULL)
        abort();
    c->address = address;
    c->next = *at;
    return *at = c;
}

static void count(unsigned vcpu, void *data)
{
    (void)vcpu;
    ((struct counter *)data)->times++;
}

/* ---- Rows ---- */

static FILE *to;
static uint64_t begin, end;

static void begin_row(unsigned vcpu, void *data)
{
    (void)vcpu, (void)data;
    for (int i = 0; i < BUCKETS; i++)
        for (struct counter *c = bucket[i]; c != NULL; c = c->next)
            c->times = 0;
}

static void end_row(unsigned vcpu, void *data)
{
    (void)vcpu, (void)data;
    fputs("row\n", to);
    for (int i = 0; i < BUCKETS; i++)
        for (struct counter *c = bucket[i]; c != NULL; c = c->next)
            if (c->times != 0)
                fprintf(to, "%" PRIx64 " %" PRIu64 "\n", c->address, c->times);
}

static void write_maps(qemu_plugin_id_t id, void *data)
{
    (void)id, (void)data;
    FILE *maps = fopen("/proc/self/maps", "re");
    if (maps == NULL)
        abort();
    fputs("maps\n", to);
    for (int c; (c = getc(maps)) != EOF;)
        putc(c, to);
    fclose(maps);
    if (fclose(to) != 0)
        abort();
}

static void translate(qemu_plugin_id_t id, struct qemu_plugin_tb *block)
{
    (void)id;
    for (size_t i = 0; i < qemu_plugin_tb_n_insns(block); i++) {
        struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(block, i);
        uint64_t address = qemu_plugin_insn_vaddr(insn);
        if (address == begin)
            qemu_plugin_register_vcpu_insn_exec_cb(insn, begin_row, NO_REGISTERS, NULL);
        else if (address == end)
            qemu_plugin_register_vcpu_insn_exec_cb(insn, end_row, NO_REGISTERS, NULL);
        else
            qemu_plugin_register_vcpu_insn_exec_cb(insn, count, NO_REGISTERS, counter_of(address));
    }
}

int qemu_plugin_install(qemu_plugin_id_t id, const void *info, int argc, char **argv)
{
    (void)info;
    for (int i = 0; i < argc; i++)
        if (strncmp(argv[i], "begin=", 6) == 0)
            begin = strtoull(argv[i] + 6, NULL, 16);
        else if (strncmp(argv[i], "end=", 4) == 0)
            end = strtoull(argv[i] + 4, NULL, 16);
        else if (strncmp(argv[i], "to=", 3) == 0)
            to = fopen(argv[i] + 3, "we");
    if (to == NULL || begin == 0 || end == 0)
        return 1;
    qemu_plugin_register_vcpu_tb_trans_cb(id, translate);
    qemu_plugin_register_atexit_cb(id, write_maps, NULL);
    return 0;
}
