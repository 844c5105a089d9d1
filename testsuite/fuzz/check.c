/* SPDX-License-Identifier: MIT
 *
 * check: what holds for whatever the library accepts. Where an argument travels is not judged here
 * (the suites unit and abi do), but that each has a place of its own, and all of them are within
 * what a call reserves.
 */
#include "fuzz.h"
#include "arch.h"
#include "places.h"

#include <string.h>

void check_offsets(const ffi_type *type, const size_t *offsets)
{
    CHECK(rx_is_power_of_two(type->alignment));
    CHECK(type->size != 0 && type->size % type->alignment == 0);
    size_t end = 0;
    for (size_t i = 0; type->elements[i] != NULL; i++) {
        const ffi_type *member = type->elements[i];
        if (member == type)
            return; /* of a size that was set, and is another one now */
        CHECK(member->alignment <= type->alignment);
        CHECK(offsets[i] % member->alignment == 0);
        CHECK(offsets[i] >= end && offsets[i] - end < member->alignment);
        CHECK(member->size <= type->size && offsets[i] <= type->size - member->size);
        end = offsets[i] + member->size;
    }
    CHECK(type->size - end < type->alignment);
}

/* ---- Places ---- */

struct piece {
    size_t from, to;
};

static int by_place(const void *a, const void *b)
{
    const struct piece *p = a, *q = b;
    return p->from < q->from ? -1 : p->from > q->from;
}

/* The end of the stacked arguments, and of everything. */
static size_t stack_end(const struct rx_plan *plan)
{
    return RX_AREA_STACK + plan->bytes;
}

/* Registers, the stacked arguments, or behind them; of nothing that travels nowhere. */
static unsigned add(struct piece *pieces, unsigned n, const struct rx_plan *plan, size_t at,
                    size_t size)
{
    if (at >= RX_AREA_RESULT && at < RX_AREA_STACK) {
        CHECK(goes_nowhere(at, size));
        return n;
    }
    size_t end = at < RX_AREA_RESULT    ? RX_AREA_RESULT
                 : at < stack_end(plan) ? stack_end(plan)
                                        : plan->frame;
    CHECK(at <= end && size <= end - at);
    CHECK(at % 8 == 0);
    if (size == 0)
        return n; /* void */
    pieces[n] = (struct piece){at, at + size};
    return n + 1;
}

/* A piece in each of up to four registers. */
static unsigned add_spread(struct piece *pieces, unsigned n, const struct rx_plan *plan,
                           const struct rx_arg *arg, size_t bytes)
{
    CHECK(arg->size % bytes == 0 && arg->size / bytes >= 2 && arg->size / bytes <= 4);
    CHECK(arg->dst < RX_AREA_RESULT);
    for (size_t i = 0; i < arg->size / bytes; i++)
        n = add(pieces, n, plan, arg->dst + 16 * i, bytes);
    return n;
}

static unsigned add_argument(struct piece *pieces, unsigned n, const struct rx_plan *plan,
                             const struct rx_arg *arg)
{
    switch (arg->op) {
    case RX_OP_SPREAD4:
        return add_spread(pieces, n, plan, arg, 4);
    case RX_OP_SPREAD8:
        return add_spread(pieces, n, plan, arg, 8);
    case RX_OP_MOVE:
        CHECK(arg->size == 32 && arg->dst >= RX_AREA_STACK);
        return add(pieces, n, plan, arg->dst, arg->size);
    case RX_OP_TWO:
        CHECK(arg->size > 8 && arg->size <= 16 && arg->tail == arg->size - 8);
        return add(pieces, n, plan, arg->dst, 16);
    case RX_OP_PAIR:
        CHECK(arg->size > 8 && arg->size <= 16 && arg->tail == arg->size - 8);
        n = add(pieces, n, plan, arg->dst, 8);
        return add(pieces, n, plan, arg->dst2, 8);
    case RX_OP_BOTH:
    case RX_OP_BOTH32:
        n = add(pieces, n, plan, arg->dst, 8);
        return add(pieces, n, plan, arg->dst2, 8);
    case RX_OP_COPY:
        return add(pieces, n, plan, arg->dst, rx_align_up(arg->size, 8));
    case RX_OP_REF:
        CHECK(arg->dst2 >= stack_end(plan));
        n = add(pieces, n, plan, arg->dst, 8);
        return add(pieces, n, plan, arg->dst2, arg->size);
    case RX_OP_PART:
        CHECK(arg->tail == arg->size && arg->size <= 8);
        return add(pieces, n, plan, arg->dst, 8);
    default:
        return add(pieces, n, plan, arg->dst, 8);
    }
}

static size_t size_of(const ffi_type *type)
{
    return rx_type_is_aggregate(type) ? type->size : rx_class_size(rx_class_scalar[type->type]);
}

static size_t align_of(const ffi_type *type)
{
    return rx_type_is_aggregate(type) ? type->alignment
                                      : rx_class_align(rx_class_scalar[type->type]);
}

/* The bytes in which a closure gathers an argument. */
static size_t gathered(const struct rx_arg *arg)
{
    switch (arg->op) {
    case RX_OP_PAIR:
        return 16;
    case RX_OP_SPREAD4:
    case RX_OP_SPREAD8:
    case RX_OP_MOVE:
        return arg->size;
    default:
        return 0;
    }
}

static void check_plan(const ffi_cif *cif, const struct rx_plan *plan)
{
    CHECK(plan->nargs == cif->nargs && plan->bytes == cif->bytes);
    CHECK(plan->bytes % 16 == 0 && plan->bytes <= RX_MAX_SIZE + 16);
    CHECK(plan->align >= 16 && rx_is_power_of_two(plan->align));
    CHECK(plan->frame >= stack_end(plan));
    CHECK(plan->ret_size == (cif->rtype->type == FFI_TYPE_VOID ? 0 : size_of(cif->rtype)));

    struct piece *pieces = malloc((4 * (size_t)plan->nargs + 1) * sizeof *pieces);
    unsigned n = 0;
    size_t gather = 0;
    if (plan->ret_in_memory)
        n = add(pieces, n, plan, plan->sret, 8);
    for (unsigned i = 0; i < plan->nargs; i++) {
        const struct rx_arg *arg = &plan->args[i];
        const ffi_type *type = cif->arg_types[i];
        CHECK(arg->size == size_of(type));
        CHECK(arg->op != RX_OP_REF || (arg->dst2 - RX_AREA_STACK) % align_of(type) == 0);
        CHECK(arg->op != RX_OP_COPY || arg->dst < RX_AREA_STACK || cif->abi != FFI_DEFAULT_ABI ||
              (arg->dst - RX_AREA_STACK) % 8 == 0);
        CHECK(arg->op != RX_OP_REF || align_of(type) <= plan->align);
        CHECK(arg->op != RX_OP_COPY || arg->dst < RX_AREA_STACK || align_of(type) <= plan->align ||
              plan->align >= MOST_ALIGNED);
        n = add_argument(pieces, n, plan, arg);
        gather += gathered(arg);
    }
    CHECK(plan->gather >= gather);
    qsort(pieces, n, sizeof *pieces, by_place);
    for (unsigned i = 1; i < n; i++)
        CHECK(pieces[i].from >= pieces[i - 1].to);
    free(pieces);
}

/* ---- Calls, where nothing is so large that they would take long ---- */

static void function(void)
{
}

static bool is_callable(const struct rx_plan *plan, const ffi_cif *cif)
{
    size_t all = plan->frame + plan->ret_size + plan->align;
    for (unsigned i = 0; i < cif->nargs && all < 1 << 16; i++)
        all += size_of(cif->arg_types[i]);
    return all < 1 << 16;
}

#define PATTERN 0x5a
#define MARGIN 64

static char *room_for(size_t size, size_t align)
{
    void *room;
    CHECK(posix_memalign(&room, align < sizeof(void *) ? sizeof(void *) : align, size) == 0);
    return memset(room, PATTERN, size);
}

/* What results are stored with is assembly, of which the sanitizer sees nothing. */
static void check_margin(const char *margin)
{
    for (size_t i = 0; i < MARGIN; i++)
        CHECK(margin[i] == PATTERN);
}

static void check_calls(ffi_cif *cif)
{
    void **values = malloc(cif->nargs * sizeof *values + 1);
    for (unsigned i = 0; i < cif->nargs; i++)
        values[i] = room_for(size_of(cif->arg_types[i]), align_of(cif->arg_types[i]));

    bool is_void = cif->rtype->type == FFI_TYPE_VOID;
    size_t size = is_void ? 0 : size_of(cif->rtype);
    if (!is_void && !rx_type_is_aggregate(cif->rtype) && size < sizeof(ffi_arg))
        size = sizeof(ffi_arg);
    char *result = room_for(size + MARGIN, is_void ? 1 : align_of(cif->rtype));
    ffi_call(cif, function, result, values);
    check_margin(result + size);
    ffi_call(cif, function, NULL, values);
    ffi_call_plan *plan = ffi_call_plan_alloc(cif);
    CHECK(plan != NULL);
    ffi_call_plan_invoke(plan, function, result, values);
    check_margin(result + size);
    CHECK(ffi_call_plan_size(plan) >= rx_plan_size(cif->nargs));
    ffi_call_plan_free(plan);
    for (unsigned i = 0; i < cif->nargs; i++)
        free(values[i]);
    free(values);
    free(result);
}

/* ---- All of it ---- */

/* Is what the type says of itself true? */
static bool is_honest(const ffi_type *type)
{
    return rx_type_is_aggregate(type) || type->size == size_of(type);
}

static void check_raw(ffi_cif *cif)
{
    size_t least = 0;
    bool java = true;
    for (unsigned i = 0; i < cif->nargs; i++) {
        if (!is_honest(cif->arg_types[i]))
            return;
        bool aggregate = rx_type_is_aggregate(cif->arg_types[i]);
        java &= !aggregate;
        least += aggregate ? sizeof(void *) : size_of(cif->arg_types[i]);
    }
    size_t size = ffi_raw_size(cif);
    CHECK(size % sizeof(ffi_raw) == 0 && size >= least);
    if (java)
        CHECK(ffi_java_raw_size(cif) >= size);
}

void check_prepared(ffi_cif *cif)
{
    /* The plan, compiled anew into memory that ends where it does; is the interned one the same? */
    size_t size = rx_plan_size(cif->nargs);
    void *memory = calloc(1, size);
    const struct rx_plan *plan = rx_plan_compile(memory, cif), *interned = rx_plan_of(cif);
    check_plan(cif, plan);
    if (interned != NULL)
        CHECK(memcmp(interned, plan, rx_plan_steps(cif->nargs)) == 0);
    check_raw(cif);
    if (is_callable(plan, cif))
        check_calls(cif);
    free(memory);
}
