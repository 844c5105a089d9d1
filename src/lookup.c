/* SPDX-License-Identifier: MIT
 *
 * lookup: which closure an address belongs to.
 */
#include "attributes.h"
#include "stock.h"

struct search {
    const void *block;
    int64_t found;
};

static bool is_not_of_block(uint32_t i, void *data)
{
    struct search *search = data;
    if (!rx_is_block(rx_state(rx_record_of(i))) ||
        ((struct forward *)rx_cell_of(i))->block != search->block)
        return true;
    search->found = i;
    return false;
}

/* Rare enough to look at all: no known client asks for more than a cell. */
int64_t rx_index_of_block(const void *block)
{
    struct search search = {.block = block, .found = -1};
    rx_stock_each(is_not_of_block, &search);
    return search.found;
}

int64_t rx_index_of_closure(const void *closure)
{
    int64_t i = rx_index_of_cell(closure);
    if (i < 0)
        return rx_index_of_block(closure);
    unsigned state = rx_state(rx_record_of(i));
    bool is_it = closure == rx_cell_of(i) && rx_is_closure(state) && !rx_is_block(state);
    return is_it ? i : -1;
}

void *rx_given(uint32_t i)
{
    struct rx_cell *cell = rx_cell_of(i);
    bool is_block = rx_is_block(rx_state(rx_record_of(i)));
    return is_block ? ((struct forward *)cell)->block : (void *)cell;
}

/* One that was freed while calls are inside is nobody's any more. */
static bool is_somebodys(uint32_t i)
{
    const struct rx_record *record = rx_record_of(i);
    unsigned state = rx_state(record);
    return rx_is_closure(state) &&
           (!rx_has_attributes(state) || rx_has_references(rx_attributes_of(record)));
}

ffi_closure *ffi_rx_closure_of(const void *code)
{
    int64_t i = rx_index_of_code(code);
    return i >= 0 && is_somebodys(i) ? rx_given(i) : NULL;
}

void *ffi_rx_code_of(const ffi_closure *closure)
{
    int64_t i = rx_index_of_closure(closure);
    return i >= 0 && is_somebodys(i) ? rx_code_of(i) : NULL;
}
