/* SPDX-License-Identifier: MIT
 *
 * members: what an aggregate is made of and where that lies, whoever has described it.
 *
 * A struct of libffi's has a list of types, which lie as layout.c would put them, but no more
 * aligned than the struct itself, which is how a packed struct is told. Of a described type the
 * places are known; its arrays are gone through element by element, and a bit-field is an integer
 * of the bytes that it touches, aligned anyhow. Unnamed bit-fields are no members: they are
 * padding.
 */
#ifndef RX_MEMBERS_H
#define RX_MEMBERS_H

#include "described.h"
#include "layout.h"

struct rx_members {
    /* The member at hand. */
    const ffi_type *type;
    size_t at; /* bytes from the start of the aggregate */
    size_t size;
    size_t align;
    /* What follows. */
    ffi_type **next;
    size_t end;                           /* of the member at hand */
    size_t most;                          /* aligned more than that is none */
    const struct rx_described *described; /* NULL: by libffi's own means */
    const struct rx_field *field;         /* of *next */
    size_t again;                         /* an array: elements that have not been gone through */
};

static inline void rx_members_skip_unnamed(struct rx_members *m)
{
    while (*m->next != NULL && m->field->kind == RX_FIELD_UNNAMED)
        m->next++, m->field++;
}

/* From the first one on, of a struct of libffi's ... */
static inline struct rx_members rx_members_of_struct(const ffi_type *type)
{
    return (struct rx_members){.next = type->elements, .most = rx_type_align(type)};
}

/* ... and of a described type. */
static inline struct rx_members rx_members_of_described(const ffi_type *type)
{
    const struct rx_described *described = rx_described_of(type);
    struct rx_members m = {.next = type->elements,
                           .described = described,
                           .field = described->fields,
                           .again = described->count};
    rx_members_skip_unnamed(&m);
    return m;
}

/* Is the member at hand the last one? */
static inline bool rx_members_end(const struct rx_members *m)
{
    return *m->next == NULL;
}

static inline __attribute__((always_inline)) void rx_members_place_described(struct rx_members *m)
{
    const struct rx_field *field = m->field;
    if (field->kind == RX_FIELD_BITS) {
        m->at = field->bit / 8;
        m->size = (field->bit + field->width + 7) / 8 - m->at;
        m->align = 1;
    } else if (m->described->count != 0) {
        m->at = m->end;
        m->end += m->size;
        if (--m->again != 0)
            return;
    } else {
        m->at = field->bit / 8;
    }
    m->next++;
    m->field++;
    rx_members_skip_unnamed(m);
}

/* Goes to the next one. Returns FFI_OK, or FFI_BAD_TYPEDEF if it is malformed. */
static inline __attribute__((always_inline)) ffi_status rx_members_next(struct rx_members *m)
{
    ffi_type *type = *m->next;
    m->type = type;
    m->size = rx_type_size(type);
    if (rx_unlikely(m->size == 0 || type->type == FFI_TYPE_VECTOR)) {
        if (rx_layout_complete(type) != FFI_OK)
            return FFI_BAD_TYPEDEF;
        m->size = rx_type_size(type);
    }
    m->align = rx_type_align(type);
    if (rx_unlikely(!rx_is_power_of_two(m->align)))
        return FFI_BAD_TYPEDEF;
    if (rx_unlikely(m->described != NULL)) {
        rx_members_place_described(m);
        return FFI_OK;
    }
    m->next++;
    m->at = rx_align_up(m->end, m->align < m->most ? m->align : m->most);
    m->end = m->at + m->size;
    return FFI_OK;
}

#endif
