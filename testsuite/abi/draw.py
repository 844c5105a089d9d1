# SPDX-License-Identifier: MIT
"""draw: types at random.

A class of types is a function from a random number generator to a type. CLASSES lists them with their
weights for each family of calling conventions: a new kind of type (or a new convention) is a line there.
"""

import os
from dataclasses import replace

from aggregates import Member, Struct, Union
from kinds import (CFLOAT, COMPLEX, COMPLEX_INTEGERS, DOUBLE, FLOAT, FLOATS, INTEGERS, LARGEST, LDOUBLE,
                   NUMBERS, PADDED_VECTORS, S8, S16, U8, U32, U64, VECTORS, WIDE, Complex)

# Are there types that only the functions of ffi_rx.h can make?
DESCRIBED = bool(os.environ.get('DESCRIBED'))


def integer(rng):
    return rng.choice(INTEGERS)


def floating(rng):
    return rng.choice(FLOATS)


def long_double(rng):
    return LDOUBLE


def complex_number(rng):
    return rng.choice(COMPLEX)


def complex_integer(rng):
    return Complex(rng.choice(WIDE)) if rng.random() < 0.05 else rng.choice(COMPLEX_INTEGERS)


def wide_integer(rng):
    return rng.choice(WIDE)


def vector(rng):
    drawn = rng.choice(PADDED_VECTORS if rng.random() < 0.2 else VECTORS)
    return replace(drawn, explicit=rng.random() < 0.2)


def scalar(rng):
    draw = rng.choices((integer, floating, long_double, complex_number, complex_integer, wide_integer,
                        vector), (20, 12, 2, 4, 2, 2, 4))[0]
    return draw(rng)


def tiny(rng):
    """What fits into a small struct beside something else."""
    other = rng.random()
    if other < 0.03:
        return wide_integer(rng)
    if other < 0.09:
        return vector(rng)
    if other < 0.12:
        return complex_integer(rng)
    return rng.choice(INTEGERS + FLOATS + (FLOAT, FLOAT, DOUBLE, CFLOAT))


def struct(rng, members, **how):
    described = DESCRIBED and rng.random() < 0.3
    return Struct(tuple(members), explicit=not described and rng.random() < 0.2, described=described,
                  **how)


def small(rng):
    """Up to 16 bytes, in all mixtures, some of it nested or in arrays."""
    while True:
        members = []
        for _ in range(rng.randint(1, 4)):
            type = small(rng) if rng.random() < 0.15 else tiny(rng)
            members.append(Member(type, rng.randint(1, 5) if rng.random() < 0.2 else 0))
        drawn = struct(rng, members)
        if drawn.size <= 16:
            return drawn


def odd(rng):
    """1 to 15 bytes, of which the last are one by one: 3, 7, 11 and 15 are read and written in pieces."""
    size = rng.randrange(1, 16, 2)
    members = []
    first = rng.choice((U8, S16, U32, FLOAT, U64, DOUBLE, CFLOAT))
    if first.size < size:
        members.append(Member(first))
        size -= first.size
    members.append(Member(rng.choice((U8, S8)), size))
    return struct(rng, members, pack=1)


def homogeneous(rng):
    """Up to five of one floating or vector type, plain, in an array, or split over two levels."""
    type = rng.choice((FLOAT, DOUBLE, FLOAT, DOUBLE, LDOUBLE) + COMPLEX)
    if rng.random() < 0.25:
        type = vector(rng)
    n = rng.randint(1, 5)
    how = rng.randrange(3)
    if how == 0:
        return struct(rng, [Member(type)] * n)
    if how == 1:
        return struct(rng, [Member(type, n)])
    inner = struct(rng, [Member(type)] * rng.randint(1, n))
    rest = n - len(inner.members)
    return struct(rng, [Member(inner)] + [Member(type)] * rest)


def lone(rng):
    """A struct of nothing but one value of 16 bytes."""
    draw = rng.choice((long_double, long_double, wide_integer, vector))
    drawn = struct(rng, [Member(draw(rng), rng.randrange(2))])
    return struct(rng, [Member(drawn)]) if rng.random() < 0.3 else drawn


def large(rng):
    """More than 16 bytes."""
    while True:
        members = []
        for _ in range(rng.randint(1, 8)):
            type = rng.choice((small, homogeneous))(rng) if rng.random() < 0.3 else scalar(rng)
            members.append(Member(type, rng.randint(1, 9) if rng.random() < 0.3 else 0))
        drawn = struct(rng, members)
        if 16 < drawn.size <= LARGEST / 4:
            return drawn


def nested(rng, depth=3):
    """Structs in structs, to several levels."""
    while True:
        members = []
        for _ in range(rng.randint(1, 3)):
            deeper = depth > 0 and rng.random() < 0.6
            members.append(Member(nested(rng, depth - 1) if deeper else tiny(rng)))
        drawn = struct(rng, members)
        if drawn.size <= LARGEST / 4:
            return drawn


def over_aligned(rng):
    """More aligned than its members ask for: the whole, or one member of it."""
    while True:
        base = rng.choice((small, small, large))(rng)
        align = rng.choice((16, 16, 32, 64))
        if rng.random() < 0.5:
            drawn = struct(rng, base.members, align_as=align)
        else:
            members = list(base.members)
            n = rng.randrange(len(members))
            members[n] = Member(members[n].type, members[n].count, align)
            drawn = struct(rng, members)
        if drawn.align > base.align:
            return struct(rng, [Member(drawn)]) if rng.random() < 0.2 else drawn


def packed(rng):
    """Less aligned than its members ask for."""
    base = rng.choice((small, small, small, large, nested))(rng)
    drawn = struct(rng, base.members, pack=rng.choice((1, 1, 2, 4)))
    return struct(rng, [Member(drawn), Member(tiny(rng))]) if rng.random() < 0.2 else drawn


def bit_field(rng):
    """One bit-field, more often than not of a width that something else has beside it."""
    type = rng.choice(WIDE) if rng.random() < 0.05 else rng.choice(NUMBERS)
    how = rng.random()
    if how < 0.08:
        return Member(type, bits=0)
    most = 8 * type.size
    bits = most if how < 0.16 else rng.randint(1, min(most, 12) if how < 0.6 else most)
    return Member(type, bits=bits, named=rng.random() < 0.85)


def with_bit_fields(rng):
    """Bit-fields among others, packed or over-aligned now and then."""
    while True:
        members = []
        for _ in range(rng.randint(1, 6)):
            if rng.random() < 0.7:
                members.append(bit_field(rng))
            else:
                type = small(rng) if rng.random() < 0.2 else tiny(rng)
                members.append(Member(type, rng.randint(1, 4) if rng.random() < 0.2 else 0))
        drawn = Struct(tuple(members), described=True,
                       pack=rng.choice((1, 2, 4, 8, 16)) if rng.random() < 0.2 else 0,
                       align_as=rng.choice((2, 4, 8, 16, 32)) if rng.random() < 0.1 else 0)
        if not all(member.is_padding for member in members) and drawn.size <= rng.choice((8, 16, 16, 48)):
            return drawn


def union(rng):
    """Of up to four, in all mixtures."""
    draws = (tiny, tiny, small, homogeneous, with_bit_fields, lone, large, union, packed, over_aligned)
    while True:
        members = []
        for _ in range(rng.randint(1, 4)):
            type = rng.choice(draws)(rng)
            members.append(Member(type, rng.randint(1, 5) if rng.random() < 0.2 else 0))
        drawn = Union(tuple(members))
        if drawn.size <= rng.choice((8, 16, 16, 64, LARGEST / 4)):
            return drawn


def homogeneous_union(rng):
    """Of what homogeneous() draws, mostly of one base; or in a struct beside more of that."""
    base = rng.choice((FLOAT, DOUBLE, LDOUBLE) + COMPLEX)
    members = [Member(base, rng.randrange(4))]
    for _ in range(rng.randint(0, 2)):
        inner = struct(rng, [Member(base)] * rng.randint(1, 4))
        members.append(Member(inner if rng.random() < 0.8 else tiny(rng)))
    drawn = Union(tuple(members))
    return struct(rng, [Member(drawn), Member(base)]) if rng.random() < 0.4 else drawn


def around(rng):
    """A union or bit-fields in a struct of either kind, with others, maybe packed."""
    while True:
        members = [Member(rng.choice((union, with_bit_fields))(rng), rng.randint(0, 2))]
        for _ in range(rng.randint(0, 2)):
            members.insert(rng.randrange(len(members) + 1), Member(tiny(rng)))
        drawn = struct(rng, members, pack=rng.choice((1, 2, 4, 8)) if rng.random() < 0.15 else 0)
        if drawn.size <= rng.choice((16, 16, 64, LARGEST / 4)):
            return drawn


COMMON = (
    (30, integer), (16, floating), (5, long_double), (8, complex_number), (4, complex_integer),
    (7, wide_integer),
    (25, small), (8, odd), (10, homogeneous), (4, lone), (6, large), (6, nested),
    (5, over_aligned), (6, packed),
) + DESCRIBED * ((12, with_bit_fields), (10, union), (8, homogeneous_union), (8, around))

# What most signatures are made of: a scalar result, and arguments that are all of one of these classes.
PLAIN = (integer, floating)

CLASSES = {
    'sysv': COMMON + ((10, vector),),
    'windows': COMMON,
    'aapcs64': COMMON + ((10, homogeneous),),
}
