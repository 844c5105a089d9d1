/* SPDX-License-Identifier: MIT
 *
 * eightbytes.h: what classification finds of an aggregate, for who places it.
 */
#ifndef RX_EIGHTBYTES_H
#define RX_EIGHTBYTES_H

#include "abi.h"

/* The classes of an eightbyte. SSEUP is the second half of a vector. X87UP goes without saying, as
 * whatever has an X87 eightbyte either is one long double or travels in memory. */
enum eightbyte { PADDING, INTEGER, SSE, SSEUP, X87, COMPLEX_X87, MEMORY };

#define MAX_EIGHTBYTES 2

/* What classification finds: the class of each eightbyte. */
static inline unsigned found_of(enum eightbyte first, enum eightbyte second)
{
    return first | second << 4;
}

/* A 128-bit integer is classified as if it were a struct of two longs. */
static inline enum eightbyte first_of(rx_class c)
{
    return rx_class_kind(c) == FFI_TYPE_UINT128 ? INTEGER : rx_class_found(c) & 0xf;
}

static inline enum eightbyte second_of(rx_class c)
{
    return rx_class_kind(c) == FFI_TYPE_UINT128 ? INTEGER : rx_class_found(c) >> 4 & 0xf;
}

#endif
