# SPDX-License-Identifier: MIT
"""compilers: where a compiler breaks its own calls, so that nothing can be compared.

Each rule is a predicate of a signature, for the compilers that it names. A signature to which one applies
is left out for that compiler alone: the others still say what is right.
"""

from kinds import LDOUBLE, Struct, scalars_of


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
    where the prologue saved these, which is aligned to 8 only; psABI 3.5.7 wants a copy."""
    return (signature.abi.name == 'FFI_UNIX64' and signature.fixed is not None and
            any(isinstance(arg, Struct) and arg.align > 8 and arg.size <= 16 and
                LDOUBLE not in scalars_of(arg) for arg in signature.args[signature.fixed:]))


RULES = [
    (('gcc',), aligned_variadic_in_registers),
    (('gcc',), variadic_by_reference),
    (('clang',), long_double_result),
]


def comparable(signature, compiler):
    return not any(compiler.name in names and applies(signature) for names, applies in RULES)
