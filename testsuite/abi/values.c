/* SPDX-License-Identifier: MIT
 *
 * values: see values.h.
 */
#include "values.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* ---- Random numbers: splitmix64 ---- */

static uint64_t state;

void random_seed(uint64_t seed)
{
    state = seed;
}

uint64_t random_word(void)
{
    uint64_t z = state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

bool random_one_in(unsigned n)
{
    return random_word() % n == 0;
}

void random_bytes(void *to, size_t size)
{
    char *p = to;
    for (; size != 0;) {
        uint64_t word = random_word();
        size_t part = size < sizeof word ? size : sizeof word;
        memcpy(p, &word, part);
        p += part;
        size -= part;
    }
}

/* ---- Places: a page each, with a page behind it that cannot be touched ---- */

#define PAGE 65536 /* a multiple of every machine's */
#define PLACES (MOST_ARGUMENTS + 2)

static char *pages;

void objects_begin(void)
{
    pages =
        mmap(NULL, 2 * PAGE * PLACES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED) {
        perror("mmap");
        exit(2);
    }
    for (unsigned i = 0; i < PLACES; i++)
        if (mprotect(pages + (2 * i + 1) * PAGE, PAGE, PROT_NONE) != 0) {
            perror("mprotect");
            exit(2);
        }
}

static void place(struct object *o, unsigned number, size_t size, size_t align)
{
    char *page = pages + 2 * PAGE * number, *end = page + PAGE;
    o->size = size;
    o->at = end - size; /* whose end is aligned */
    o->at -= (uintptr_t)o->at % align;
    if (!random_one_in(2)) {
        o->at = page + MARGIN + random_word() % (PAGE / 4);
        o->at += -(uintptr_t)o->at % align;
        /* No more aligned than it has to be. */
        if ((uintptr_t)o->at % (2 * align) == 0)
            o->at += align;
    }
    o->from = o->at - MARGIN;
    o->to = o->at + size + MARGIN < end ? o->at + size + MARGIN : end;
    random_bytes(o->from, o->to - o->from);
}

static void snapshot(struct object *o)
{
    memcpy(o->before, o->from, o->to - o->from);
}

/* Any bits are a value of any scalar, but those of an x87 number need its integer bit, and a normal
 * exponent: what else there is need not survive a load and a store. */
static void make_valid(const struct type *type, char *at)
{
    for (unsigned i = 0; i < type->leaf_count; i++) {
        unsigned char *leaf = (unsigned char *)at + type->leaves[i].offset;
        if (type->leaves[i].size == 10) {
            leaf[7] |= 0x80;
            leaf[8] = leaf[8] % 0xfe + 1;
        }
    }
}

void object_make(struct object *o, unsigned number, const struct type *type)
{
    o->type = type;
    place(o, number, type->size, type->align);
    make_valid(type, o->at);
    snapshot(o);
}

void object_make_room(struct object *o, unsigned number, size_t size, size_t align)
{
    o->type = NULL;
    place(o, number, size, align);
    snapshot(o);
}

bool object_intact(const struct object *o)
{
    return memcmp(o->before, o->from, o->to - o->from) == 0;
}

bool object_margins_intact(const struct object *o)
{
    size_t head = o->at - o->from;
    return memcmp(o->before, o->from, head) == 0 &&
           memcmp(o->before + head + o->size, o->at + o->size, o->to - o->at - o->size) == 0;
}

bool values_equal(const struct type *type, const void *a, const void *b)
{
    for (unsigned i = 0; i < type->leaf_count; i++) {
        const struct leaf *leaf = &type->leaves[i];
        if (memcmp((const char *)a + leaf->offset, (const char *)b + leaf->offset, leaf->size) != 0)
            return false;
    }
    const unsigned char *left = a, *right = b;
    for (size_t i = 0; type->mask != NULL && i < type->size; i++)
        if ((left[i] ^ right[i]) & type->mask[i])
            return false;
    return true;
}

int64_t widened(const struct type *type, const void *at)
{
    uint64_t word = 0;
    unsigned unused = 64 - 8 * type->size;
    memcpy(&word, at, type->size);
    return type->integer < 0 ? (int64_t)(word << unused) >> unused : (int64_t)word;
}
