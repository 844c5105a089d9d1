/* SPDX-License-Identifier: MIT
 *
 * sized: structs of every size up to 32 bytes. Those that fit into registers are the ones where a
 * library may read or write too much.
 */
#ifndef UNIT_SIZED_H
#define UNIT_SIZED_H

#include "unit.h"

#define FOR_SIZES_TO_16(DO)                                                                        \
    DO(1) DO(2) DO(3) DO(4) DO(5) DO(6) DO(7) DO(8)                                                \
    DO(9) DO(10) DO(11) DO(12) DO(13) DO(14) DO(15) DO(16)

#define FOR_SIZES(DO)                                                                              \
    FOR_SIZES_TO_16(DO)                                                                            \
    DO(17) DO(18) DO(19) DO(20) DO(21) DO(22) DO(23) DO(24)                                        \
    DO(25) DO(26) DO(27) DO(28) DO(29) DO(30) DO(31) DO(32)

#define MAX_SIZE 32

/* struct bytes1 to struct bytes32, of type bytes_type (1) to bytes_type (32). */
#define SIZED(n)                                                                                   \
    struct bytes##n {                                                                              \
        unsigned char at[n];                                                                       \
    };
FOR_SIZES(SIZED)
#undef SIZED

/* n bytes, each different from its neighbours and from byte to byte of another n. */
static inline void fill(void *bytes, size_t n)
{
    unsigned char *at = bytes;
    for (size_t i = 0; i < n; i++)
        at[i] = 7 * n + 31 * i + 1;
}

/* What the functions and handlers of these tests do to each byte. */
static inline void flip(void *bytes, size_t n)
{
    unsigned char *at = bytes;
    for (size_t i = 0; i < n; i++)
        at[i] ^= 0x5a;
}

/* Is it what fill leaves, flipped? */
static inline bool is_flipped(const void *bytes, size_t n)
{
    unsigned char expected[256];
    fill(expected, n);
    flip(expected, n);
    return memcmp(bytes, expected, n) == 0;
}

#endif
