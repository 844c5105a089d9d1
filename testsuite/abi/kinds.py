# SPDX-License-Identifier: MIT
"""kinds: C types as values: what C calls them, how ffi_type says them, and how they are laid out.

A type is immutable and equal to every other of the same structure, so that it can be a key, be drawn at
random and be taken apart again by the reducer. Layout is worked out here only to draw sensible types and
to know which ones the compilers disagree about; the generated C asserts sizes and takes every offset
from the compiler.
"""

import os
from dataclasses import dataclass, replace
from functools import cached_property

MACHINE = os.environ['RX_HOST'].split('-')[0]
LARGEST = 1024  # bytes; harness.h has room for no more


def up(offset, align):
    return (offset + align - 1) // align * align


@dataclass(frozen=True)
class Scalar:
    name: str  # type_NAME in harness.h
    c: str
    ffi: str  # ffi_type_FFI; in capitals the code FFI_TYPE_FFI
    size: int
    signed: int = 0  # an integer: 1 or -1 for unsigned and signed

    @property
    def align(self):
        return self.size

    @property
    def meaning(self):
        """How many bytes are no padding. An x87 number has ten."""
        return 10 if self.name == 'ld' and MACHINE == 'x86_64' else self.size

    @property
    def promoted(self):
        """Does C widen it when it stands for a "..."? (ISO C 6.5.2.2)"""
        return self.name == 'f' or (self.signed != 0 and self.size < 4)

    def leaves(self, path=''):
        """What of a value means something: C's name for a place, how far behind it, how many bytes."""
        yield path, 0, self.meaning


U8 = Scalar('u8', 'unsigned char', 'uint8', 1, 1)
S8 = Scalar('s8', 'signed char', 'sint8', 1, -1)
U16 = Scalar('u16', 'unsigned short', 'uint16', 2, 1)
S16 = Scalar('s16', 'short', 'sint16', 2, -1)
U32 = Scalar('u32', 'unsigned', 'uint32', 4, 1)
S32 = Scalar('s32', 'int', 'sint32', 4, -1)
U64 = Scalar('u64', 'unsigned long long', 'uint64', 8, 1)
S64 = Scalar('s64', 'long long', 'sint64', 8, -1)
PTR = Scalar('ptr', 'void *', 'pointer', 8)
FLOAT = Scalar('f', 'float', 'float', 4)
DOUBLE = Scalar('d', 'double', 'double', 8)
LDOUBLE = Scalar('ld', 'long double', 'longdouble', 16)
U128 = Scalar('u128', 'unsigned __int128', 'uint128', 16)  # never extended, so without a sign here
S128 = Scalar('s128', '__int128', 'sint128', 16)

INTEGERS = (U8, S8, U16, S16, U32, S32, U64, S64, PTR)
NUMBERS = (U8, S8, U16, S16, U32, S32, U64, S64)
FLOATS = (FLOAT, DOUBLE)
WIDE = (U128, S128)


@dataclass(frozen=True)
class Complex:
    part: Scalar
    promoted = False
    signed = 0

    @property
    def name(self):
        return 'c' + self.part.name

    @property
    def c(self):
        return '_Complex ' + self.part.c

    @property
    def ffi(self):
        return 'complex_' + self.part.ffi

    @property
    def size(self):
        return 2 * self.part.size

    @property
    def align(self):
        return self.part.align

    def leaves(self, path=''):
        """C has no name for a part's place."""
        yield path, 0, self.part.meaning
        yield path, self.part.size, self.part.meaning


CFLOAT, CDOUBLE, CLDOUBLE = Complex(FLOAT), Complex(DOUBLE), Complex(LDOUBLE)
COMPLEX = (CFLOAT, CDOUBLE, CLDOUBLE)
COMPLEX_INTEGERS = tuple(map(Complex, NUMBERS))


@dataclass(frozen=True)
class Vector:
    lane: Scalar
    count: int  # of the lanes; if it is no power of two the last ones are padding
    explicit: bool = False  # as for Struct
    promoted = False
    signed = 0

    @property
    def name(self):
        return f'v{self.count}{self.lane.name}{"_said" if self.explicit else ""}'

    @property
    def c(self):
        return self.name

    @property
    def size(self):
        return self.lane.size * (1 << (self.count - 1).bit_length())

    @property
    def align(self):
        return min(self.size, 16)

    def leaves(self, path=''):
        for i in range(self.count):
            yield path, i * self.lane.size, self.lane.size


LANES = tuple(lane for lane in NUMBERS + FLOATS)
VECTORS = tuple(Vector(lane, size // lane.size) for size in (8, 16) for lane in LANES)
PADDED_VECTORS = tuple(Vector(lane, count) for lane in LANES for count in (3, 5, 6, 7, 11)
                       if Vector(lane, count).size in (8, 16))


@dataclass(frozen=True)
class Member:
    type: object
    count: int = 0  # of an array; 0: no array
    align: int = 0  # _Alignas; 0: none

    @property
    def repeats(self):
        return max(1, self.count)


@dataclass(frozen=True)
class Struct:
    members: tuple
    pack: int = 0  # #pragma pack; 0: none
    align_as: int = 0  # __attribute__((aligned)); 0: none
    explicit: bool = False  # is ffi_type told size and alignment though the library would find them?
    promoted = False
    signed = 0

    @cached_property
    def place(self):
        """(offset, member) for each member, then the size and the alignment of all."""
        at, most, places = 0, 1, []
        for member in self.members:
            align = member.type.align
            if self.pack:
                align = min(align, self.pack)
            align = max(align, member.align)
            most = max(most, align)
            at = up(at, align)
            places.append((at, member))
            at += member.type.size * member.repeats
        most = max(most, self.align_as)
        return places, up(at, most), most

    @property
    def size(self):
        return self.place[1]

    @property
    def align(self):
        return self.place[2]

    @property
    def laid_out(self):
        """Can the library find size and alignment itself?"""
        return not (self.pack or self.align_as or self.explicit)

    def leaves(self, path=''):
        for n, member in enumerate(self.members):
            name = f'{path}.m{n}' if path else f'm{n}'
            for i in range(member.repeats):
                yield from member.type.leaves(f'{name}[{i}]' if member.count else name)


def types_of(type):
    """The types that a type is made of, inner ones first, itself last."""
    if isinstance(type, Struct):
        for member in type.members:
            yield from types_of(member.type)
    yield type


def scalars_of(type):
    """The scalar, complex and vector types that a type is made of, in their order."""
    if isinstance(type, Struct):
        for member in type.members:
            for _ in range(member.repeats):
                yield from scalars_of(member.type)
    else:
        yield type


def settled(type, explicit=False):
    """The same with all structs explicit that are in an explicit one: the library takes that as it
    stands, and does not look into it for what has still to be laid out."""
    if isinstance(type, Vector) and explicit:
        return replace(type, explicit=True)
    if not isinstance(type, Struct):
        return type
    explicit = explicit or not type.laid_out
    members = tuple(Member(settled(member.type, explicit or bool(member.align)), member.count,
                           member.align) for member in type.members)
    return Struct(members, type.pack, type.align_as, explicit)
