# SPDX-License-Identifier: MIT
"""compilers: where a compiler breaks its own calls, so that nothing can be compared.

Each rule is a predicate of a signature, for the compilers that it names. A signature to which one applies
is left out for that compiler alone: the others still say what is right.
"""

from aggregates import Aggregate, Struct, Union, members_of, scalars_of, types_of
from kinds import CFLOAT, CLDOUBLE, DOUBLE, FLOAT, FLOATS, LDOUBLE, MACHINE, WIDE, Complex, Vector


def by_reference(type):
    """Microsoft x64, "Parameter passing": what is not of 1, 2, 4 or 8 bytes."""
    return type.size not in (1, 2, 4, 8)


def is_windows(signature):
    return signature.abi.family == 'windows'


def variadic_by_reference(signature):
    """gcc 12's va_arg looks for the value itself where its own caller has put the address, in an
    ms_abi function for Linux."""
    return (is_windows(signature) and signature.fixed is not None and
            any(map(by_reference, signature.args[signature.fixed:])))


def long_double_result(signature):
    """clang 14 returns it in st(0), in an ms_abi function for Linux. The convention knows no such
    register: what fits no general or vector one comes back in memory."""
    return is_windows(signature) and signature.result == LDOUBLE


def aligned_variadic_in_registers(signature):
    """gcc 12's va_arg, optimised, reads a 16-aligned struct of two general registers with movdqa from
    where the prologue saved these, which is aligned to 8 only; psABI 3.5.7 wants a copy. A long
    double is in none, unless a union has integers beside it."""
    return (signature.abi.name == 'FFI_UNIX64' and signature.fixed is not None and
            any(isinstance(arg, Aggregate) and arg.align > 8 and arg.size <= 16 and
                (LDOUBLE not in scalars_of(arg) or unions_of(arg))
                for arg in signature.args[signature.fixed:]))


def parts_of(signature):
    return (part for type in signature.types for part in scalars_of(type))


def has_complex_wide(signature):
    """clang 14 has no _Complex __int128."""
    return any(isinstance(part, Complex) and part.part in WIDE for part in parts_of(signature))


def general_registers(type):
    """At most so many."""
    if type in FLOATS or isinstance(type, Vector) or type.size > 16:
        return 0
    return (type.size + 7) // 8


def wide_integer_on_stack(signature):
    """psABI 3.2.3: a 128-bit integer takes two registers or none, and is aligned to 16 in memory. clang
    14 puts half of it into the last register, or aligns it to 8."""
    if signature.abi.name != 'FFI_UNIX64':
        return False
    used = 1  # by the result's address
    for arg in signature.args:
        used += general_registers(arg)
        if arg in WIDE and used > 6:
            return True
    return False


def has_vector_of_one_double(signature):
    """psABI 3.2.3 has vectors of 8 bytes (__m64) in class SSE. gcc and clang make an exception of one
    double, which they pass in memory; and as a result gcc returns it there, and clang in xmm0."""
    return (signature.abi.name == 'FFI_UNIX64' and
            any(isinstance(part, Vector) and part.lane == DOUBLE and part.count == 1
                for part in parts_of(signature)))


def variadic_struct_of_vectors(signature):
    """gcc 12's va_arg, optimised, mistakes it on aarch64."""
    return (MACHINE == 'aarch64' and signature.fixed is not None and
            any(isinstance(arg, Aggregate) and isinstance(part, Vector)
                for arg in signature.args[signature.fixed:] for part in scalars_of(arg)))


def in_registers(signature):
    """What psABI 3.2.3 looks into."""
    return [type for type in signature.types
            if signature.abi.name == 'FFI_UNIX64' and isinstance(type, Aggregate) and type.size <= 16]


def unaligned_aggregate(signature):
    """psABI 3.2.3: an aggregate with an unaligned field travels in memory. gcc looks for unaligned scalars
    only: not for aggregates that are aligned for themselves, or by a bit-field."""
    def is_more_aligned(type):
        return any_bits(type) or type.align > max(part.align for part in scalars_of(type))

    return any(member.type.align > inner.pack and is_more_aligned(member.type)
               for type in in_registers(signature) for inner in types_of(type)
               if isinstance(inner, Struct) and inner.pack
               for member in inner.members if isinstance(member.type, Aggregate))


def any_bits(type):
    return any(member.bits is not None for member in members_of(type))


def unaligned_in_array(signature):
    """gcc classifies the first element of an array and takes the others for the same, though a packed one may
    come to lie where its scalars are not aligned."""
    return any(member.count > 1 and any(part.align > member.type.align for part in scalars_of(member.type))
               for type in in_registers(signature) for member in members_of(type))


def packed_bits_like_scalars(signature):
    """gcc takes a bit-field that has the size and the place of an integer for one, which packing may leave
    unaligned; psABI 3.2.3 knows no unaligned bit-field."""
    return any(member.bits in (16, 32, 64, 128)
               for type in in_registers(signature) for inner in types_of(type)
               if isinstance(inner, Struct) and inner.pack for member in inner.members)


def packed_wide_bits(signature):
    """gcc 12 aligns a struct to a register of even number for a bit-field of __int128, though #pragma pack says
    that it is less aligned."""
    return MACHINE == 'aarch64' and any(
        member.bits is not None and member.type in WIDE and inner.pack
        for type in signature.types for inner in types_of(type)
        if isinstance(inner, Struct) for member in inner.members)


def unnamed_bits(signature):
    """They are padding (ISO C 6.7.2.1), which psABI 3.2.3 gives no class. gcc takes them for integers."""
    return any(member.bits and not member.named
               for type in in_registers(signature) for member in members_of(type))


def has_padding(type):
    return sum(meaning for _, _, meaning in type.leaves()) < type.size


def unions_of(type):
    return [inner for inner in types_of(type) if isinstance(inner, Union)]


def has_packing(type):
    return any(isinstance(inner, Struct) and (inner.pack or any_bits(inner)) for inner in types_of(type))


def padded_floats_in_union(signature):
    """clang 14 passes an eightbyte of a union as a float if one member has a float and padding there, and
    loses what another has in its upper half. It takes a larger one, if there is packing or a bit-field in that, for
    padding, too."""
    return any(any(part in (FLOAT, CFLOAT) for part in scalars_of(member.type)) and
               (has_padding(member.type) or
                any(other.type.size * other.repeats > member.type.size and has_packing(other.type)
                    for other in union.members))
               for type in in_registers(signature) for union in unions_of(type) for member in union.members)


def padded_vector_in_union(signature):
    """clang 14 loses what another member has where the vector has no lane."""
    return any(isinstance(part, Vector) and has_padding(part)
               for type in signature.types for union in unions_of(type) for part in scalars_of(union))


def variadic_behind_padding(signature):
    """clang 14's va_arg reads the second eightbyte of a struct from where the first would be, if that has no
    class."""
    if signature.fixed is None:
        return False
    return any(member.is_padding and member.bits for type in signature.args[signature.fixed:]
               if type in in_registers(signature) for member in members_of(type))


def stacked_behind_padding(signature):
    """clang 14 does not count the register of the second eightbyte of a struct, if the first has no class, and
    without one puts it into memory alone; psABI 3.2.3 puts all of the struct there."""
    few = (sum(map(general_registers, signature.args)) > 5 or
           sum(map(vector_registers, signature.args)) > 8)
    return few and any(member.is_padding and member.bits for type in signature.args
                       if type in in_registers(signature) for member in members_of(type))


def half_long_double_result(signature):
    """By psABI 3.2.3 a union of a long double and of an integer behind 8 bytes of padding, which are unnamed bits, comes
    back in st(0), which has no half of a long double, and in rax. clang 14 returns it in rax and rdx."""
    result = signature.result
    return (result in in_registers(signature) and LDOUBLE in scalars_of(result) and
            any(member.is_padding and member.bits for member in members_of(result)))


def is_windows_on_aarch64(signature):
    """gcc knows no ms_abi there."""
    return is_windows(signature) and MACHINE == 'aarch64'


def strange_in_variadic(signature):
    """clang 14's va_arg looks for complex types, and for what is aligned to more than a word, elsewhere than
    its own callers have put them, in an ms_abi function for Linux on aarch64."""
    return (is_windows_on_aarch64(signature) and signature.fixed is not None and
            any(isinstance(arg, Complex) or arg.align > 8 for arg in signature.args))


def vector_registers(type):
    """At most so many."""
    return min(4, sum(2 if isinstance(part, Complex) else 1 for part in scalars_of(type)))


def packed_quads_on_stack(signature):
    """AAPCS64 6.8.2, C.4: a homogeneous aggregate in memory is aligned to its natural alignment, that of its
    members, which is less than 16 if they are packed; clang 14 aligns long doubles and vectors to 16."""
    if MACHINE != 'aarch64':
        return False
    used = 0
    for arg in signature.args:
        used += vector_registers(arg)
        if (used > 8 and isinstance(arg, Aggregate) and arg.align < 16 and
                any(part in (LDOUBLE, CLDOUBLE) or isinstance(part, Vector) and part.size == 16
                    for part in scalars_of(arg))):
            return True
    return False


def divided_in_variadic(signature):
    """Windows puts what has two words and finds only x7 free into that and memory, where clang 14's va_arg
    looks for it, but its callers have it in memory alone, in an ms_abi function for Linux on aarch64."""
    if not is_windows_on_aarch64(signature) or signature.fixed is None:
        return False
    word = 0
    for arg in signature.args:
        words = 2 if 8 < arg.size <= 16 else 1
        if word == 7 and words == 2:
            return True
        word += words
    return False


def bits_of_no_width(signature):
    """AAPCS64 5.9.5 looks at an aggregate as it is laid out, which a bit-field of no width is no part of. To
    clang 14 it makes one that is not homogeneous."""
    return MACHINE == 'aarch64' and any(member.bits == 0 for type in signature.types
                                        for member in members_of(type))


RULES = [
    (('gcc',), unaligned_aggregate),
    (('gcc',), unaligned_in_array),
    (('gcc',), packed_bits_like_scalars),
    (('gcc',), packed_wide_bits),
    (('gcc',), unnamed_bits),
    (('clang',), bits_of_no_width),
    (('clang',), padded_floats_in_union),
    (('clang',), padded_vector_in_union),
    (('clang',), variadic_behind_padding),
    (('clang',), stacked_behind_padding),
    (('clang',), half_long_double_result),
    (('clang',), has_complex_wide),
    (('clang',), wide_integer_on_stack),
    (('gcc', 'clang'), has_vector_of_one_double),
    (('gcc',), aligned_variadic_in_registers),
    (('gcc',), variadic_by_reference),
    (('clang',), long_double_result),
    (('gcc',), variadic_struct_of_vectors),
    (('gcc',), is_windows_on_aarch64),
    (('clang',), strange_in_variadic),
    (('clang',), divided_in_variadic),
    (('clang',), packed_quads_on_stack),
]


def comparable(signature, compiler):
    return not any(compiler.name in names and applies(signature) for names, applies in RULES)
