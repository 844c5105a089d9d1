# SPDX-License-Identifier: MIT
"""aggregates: structs and unions as values, and how they are laid out.

Layout is worked out here only to draw sensible types and to know which ones the compilers disagree about;
the generated C asserts sizes and takes every offset from the compiler.
"""

from dataclasses import dataclass, replace
from functools import cached_property

from kinds import MACHINE, Vector


def up(offset, align):
    return (offset + align - 1) // align * align


@dataclass(frozen=True)
class Member:
    type: object
    count: int = 0  # of an array; 0: no array
    align: int = 0  # _Alignas; 0: none
    bits: object = None  # the width of a bit-field
    named: bool = True

    @property
    def repeats(self):
        return max(1, self.count)

    @property
    def is_padding(self):
        return self.bits == 0 or not self.named


class Aggregate:
    """What structs and unions have in common."""
    promoted = False
    signed = 0

    def paths(self, path):
        """C's name for each part of `path` that has one, and its member."""
        for n, member in enumerate(self.members):
            name = f'{path}.m{n}' if path else f'm{n}'
            if not member.is_padding:
                for i in range(member.repeats):
                    yield f'{name}[{i}]' if member.count else name, member

    def leaves(self, path=''):
        for name, member in self.paths(path):
            if member.bits is None:
                yield from member.type.leaves(name)

    def bit_fields(self, path=''):
        """C's name for each, of inner aggregates too."""
        for name, member in self.paths(path):
            if member.bits is not None:
                yield name
            elif isinstance(member.type, Aggregate):
                yield from member.type.bit_fields(name)


@dataclass(frozen=True)
class Struct(Aggregate):
    members: tuple
    pack: int = 0  # #pragma pack; 0: none
    align_as: int = 0  # __attribute__((aligned)); 0: none
    explicit: bool = False  # is ffi_type told size and alignment though the library would find them?
    described: bool = False  # is it made by ffi_rx_struct_new?
    keyword = 'struct'

    @cached_property
    def place(self):
        """The size and the alignment. The rule for bit-fields is in psABI 3.1.2 and AAPCS64 10.1.8."""
        at, most = 0, 1  # in bits, in bytes
        for member in self.members:
            align, size = member.type.align, member.type.size
            packed = min(align, self.pack) if self.pack else align
            if member.bits is None:
                align = max(packed, member.align)
                at = up(at, 8 * align) + 8 * size * member.repeats
            else:
                fits = self.pack or at % (8 * align) + member.bits <= 8 * size
                if member.bits == 0 or not fits:
                    at = up(at, 8 * align)
                at += member.bits
                if member.bits != 0:
                    align = packed
                if member.is_padding and MACHINE != 'aarch64':
                    align = 1
            most = max(most, align)
        most = max(most, self.align_as)
        return up((at + 7) // 8, most), most

    @property
    def size(self):
        return self.place[0]

    @property
    def align(self):
        return self.place[1]

    @property
    def laid_out(self):
        """Can the library find size and alignment itself?"""
        return not (self.pack or self.align_as or self.explicit or self.described)


@dataclass(frozen=True)
class Union(Aggregate):
    members: tuple
    keyword = 'union'
    described = True
    pack = align_as = 0

    @property
    def size(self):
        return up(max(member.type.size * member.repeats for member in self.members), self.align)

    @property
    def align(self):
        return max(member.type.align for member in self.members)


def types_of(type):
    """The types that a type is made of, inner ones first, itself last."""
    if isinstance(type, Aggregate):
        for member in type.members:
            yield from types_of(member.type)
    yield type


def members_of(type):
    """The members of an aggregate and of those in it."""
    if isinstance(type, Aggregate):
        for member in type.members:
            yield member
            yield from members_of(member.type)


def scalars_of(type):
    """The scalar, complex and vector types that a type is made of, in their order."""
    if isinstance(type, Aggregate):
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
    if not isinstance(type, Aggregate):
        return type
    explicit = not type.described and (explicit or not type.laid_out)
    members = tuple(replace(member, type=settled(member.type, explicit or bool(member.align)))
                    for member in type.members)
    if isinstance(type, Union):
        return Union(members)
    return replace(type, members=members, explicit=explicit)
