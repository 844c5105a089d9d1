/* SPDX-License-Identifier: MIT
 *
 * Which rows there are, and in what order. Rows of one group follow each other; the group is
 * what a geometric mean is taken over.
 *
 * The threads come last of all: once a process has had a second thread, the C library's
 * malloc and locks take slower ways for good, and no other row shall pay for that.
 */
#include "bench.h"

#include <string.h>

struct list {
    struct row *row;
    size_t count;
    const struct options *opt;
};

static void add(struct list *list, const char *group, const char *name, const struct work *work,
                const struct signature *sig, size_t count)
{
    if (list->count == MAX_ROWS)
        die("more than %d rows", MAX_ROWS);

    char full[256];
    snprintf(full, sizeof full, "%s: %s", group, name);
    if (list->opt->choose_rows && regexec(&list->opt->rows, full, 0, NULL, 0) != 0)
        return;

    struct row *row = &list->row[list->count++];
    row->group = group;
    snprintf(row->name, sizeof row->name, "%s", name);
    row->work = work;
    row->sig = sig;
    row->count = count;
}

static void add_mix(struct list *list, const char *group, const struct work *work)
{
    for (size_t i = 0; i < mix_size; i++)
        add(list, group, mix[i].name, work, &mix[i], 0);
}

const char *grouped(size_t number, char out[32])
{
    char digits[24];
    int length = snprintf(digits, sizeof digits, "%zu", number);
    char *to = out;
    for (int i = 0; i < length; i++) {
        if (i > 0 && (length - i) % 3 == 0)
            *to++ = ',';
        *to++ = digits[i];
    }
    *to = '\0';
    return out;
}

size_t rows_make(struct row *rows, const struct library *libs, size_t libraries,
                 const struct options *opt)
{
    struct list list = {.row = rows, .opt = opt};
    const struct signature *one_int = signature_find("int(int)");
    char name[64], number[32];

    add_mix(&list, "ffi_call", &work_call);

    bool any_plan = false, other_plan = false;
    for (size_t i = 0; i < libraries; i++) {
        any_plan |= libs[i].plan_alloc != NULL;
        other_plan |= i > 0 && libs[i].plan_alloc != NULL;
    }
    if (any_plan || opt->list)
        add_mix(&list, "ffi_call_plan_invoke", &work_plan);
    if (other_plan || opt->list)
        add_mix(&list, "ffi_call of the first, plans of the others", &work_call_or_plan);

    add_mix(&list, "ffi_prep_cif + ffi_call", &work_prep_call);

    const char *group = "ffi_prep_cif";
    add(&list, group, "long(6 long)", &work_prep, signature_find("long(6 long)"), 0);
    add(&list, group, "double(int, double, ptr, float, short, long)", &work_prep,
        signature_find("double(int, double, ptr, float, short, long)"), 0);

    add_mix(&list, "closure call", &work_closure);

    snprintf(name, sizeof name, "%s ints, each int", grouped(opt->ints, number));
    add(&list, "qsort with a closure", name, &work_qsort, signature_find("int(ptr, ptr)"),
        opt->ints);

    group = "closure with attributes";
    add(&list, group, "counted", &work_attributed, one_int, ATTR_COUNTED);
    add(&list, group, "uncounted", &work_attributed, one_int, ATTR_UNCOUNTED);
    add(&list, group, "uncounted, keeps errno", &work_attributed, one_int, ATTR_ERRNO);
    add(&list, group, "uncounted, retargetable", &work_attributed, one_int, ATTR_RETARGETABLE);
    add(&list, group, "uncounted, hooks", &work_attributed, one_int, ATTR_HOOKS);
    add(&list, group, "uncounted, longjmp", &work_attributed, one_int, ATTR_LONGJMP);
    add(&list, "ffi_rx_call_errno", one_int->name, &work_call_errno, one_int, 0);

    group = "closure with a queue";
    add(&list, group, "called by the owner", &work_queue_here, one_int, 0);

    group = "closure alloc + prep + free";
    add(&list, group, "1 alive", &work_alloc, one_int, 1);
    snprintf(name, sizeof name, "%s alive", grouped(opt->live, number));
    add(&list, group, name, &work_alloc_live, one_int, opt->live);
    add(&list, group, "2 threads, on each", &work_alloc_threads, one_int, 2);
    add(&list, group, "with attributes", &work_alloc_attributed, one_int, ATTR_COUNTED);
    add(&list, group, "one-shot, called instead", &work_one_shot, one_int, ATTR_ONE_SHOT);
    add(&list, group, "in a scope, with that", &work_scope, one_int, ATTR_COUNTED);

    group = "to another thread and back, by a queue";
    add(&list, group, "direct: by a condition variable", &work_queue_or_condition, one_int, 0);
    add(&list, group, "direct: by a pipe", &work_queue_or_pipe, one_int, 0);
    return list.count;
}
