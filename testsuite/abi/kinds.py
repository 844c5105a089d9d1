# SPDX-License-Identifier: MIT
"""kinds: C types as values: what C calls them, how ffi_type says them; aggregates.py has structs and unions.

A type is immutable and equal to every other of the same structure, so that it can be a key, be drawn at
random and be taken apart again by the reducer.
"""

import os
from dataclasses import dataclass

MACHINE = os.environ['RX_HOST'].split('-')[0]
LARGEST = 1024  # bytes; harness.h has room for no more


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
