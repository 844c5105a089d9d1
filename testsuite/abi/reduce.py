# SPDX-License-Identifier: MIT
"""reduce: a failing signature, made smaller for as long as it fails in the same way.

Each step builds one program of everything that is a little simpler than the signature at hand, and goes
on with the first that still fails.
"""

import re
from dataclasses import replace

from aggregates import Aggregate, Struct, settled
from kinds import DOUBLE, INTEGERS, PTR, S32, S64, WIDE, Complex, Vector

STEPS = 200
ROUNDS = 12  # other values, too, may hide a failure


def simpler_member(member):
    """The same with less to it, or others in its place."""
    if member.count > 1:
        yield (replace(member, count=member.count // 2),)
    if member.count:
        yield (replace(member, count=0),)
    if member.align:
        yield (replace(member, align=0),)
    if member.bits is not None:
        yield (replace(member, bits=None, named=True),)
        if not member.named:
            yield (replace(member, named=True),)
        if member.bits > 1:
            yield (replace(member, bits=member.bits // 2),)
        return
    if isinstance(member.type, Struct) and not member.count and not member.align:
        yield member.type.members
    for type in simpler(member.type):
        yield (replace(member, type=type),)


def simpler_members(type):
    members = type.members
    for i in range(len(members)):
        yield members[:i] + members[i + 1:]
    for i, member in enumerate(members):
        for instead in simpler_member(member):
            yield members[:i] + instead + members[i + 1:]


def is_possible(aggregate):
    """Would C and ffi_type have it?"""
    bits = [member for member in aggregate.members if member.bits is not None]
    return not all(member.is_padding for member in aggregate.members) and (
        not bits or (isinstance(aggregate, Struct) and aggregate.described))


def simpler_aggregates(type):
    if isinstance(type, Struct):
        for change in ({'align_as': 0}, {'pack': 0}, {'explicit': False}, {'described': False}):
            if replace(type, **change) != type:
                yield replace(type, **change)
    else:
        yield Struct(type.members)
    for members in simpler_members(type):
        yield replace(type, members=members)


def simpler(type):
    """Types that have less to them, the simplest first."""
    if isinstance(type, Aggregate):
        for member in type.members:
            yield member.type
        yield from filter(is_possible, simpler_aggregates(type))
    elif isinstance(type, Complex):
        yield type.part
    elif type in WIDE:
        yield S64
    elif isinstance(type, Vector):
        yield DOUBLE
        for change in ({'explicit': False}, {'count': type.size // type.lane.size},
                       {'lane': DOUBLE, 'count': type.size // 8}):
            if replace(type, **change) != type:
                yield replace(type, **change)
    elif type in INTEGERS and type not in (S32, PTR):
        yield S32
    elif type == PTR:
        yield INTEGERS[-2]


def without(signature, i, j):
    """Without the arguments from i to j."""
    fixed = signature.fixed
    if fixed is not None:
        fixed -= max(0, min(j, fixed) - i)
        if fixed == 0:
            return None
    return replace(signature, args=signature.args[:i] + signature.args[j:], fixed=fixed)


def candidates(signature):
    n = len(signature.args)
    part = n
    while part > 0:
        for i in range(0, n, part):
            yield without(signature, i, min(n, i + part))
        part //= 2
    if signature.result is not None:
        yield replace(signature, result=None)
        for type in simpler(signature.result):
            yield replace(signature, result=type)
    if signature.fixed is not None:
        yield replace(signature, fixed=None)
    for i, arg in enumerate(signature.args):
        for type in simpler(arg):
            if signature.fixed is None or i < signature.fixed or not type.promoted:
                args = signature.args[:i] + (type,) + signature.args[i + 1:]
                yield replace(signature, args=args)


def kind(what):
    """A failure without what is particular to one signature."""
    what = re.sub(r'^ffi_call(_go|_plan_invoke)?(, rvalue NULL)?:', 'ffi_call:', what)
    return re.sub(r'\d+', 'N', what)


def reduced(signature, what, builder, compiler, name, allowed):
    """The smallest form that fails by this compiler as `what` says, and what it says itself; None if
    nothing fails when it is alone."""
    again = builder.check(name, [signature], compiler, ROUNDS).get(0)
    if again is None or kind(again) != kind(what):
        return signature, again
    wanted, what = kind(what), again
    for _ in range(STEPS):
        tried = []
        for candidate in candidates(signature):
            if candidate is None:
                continue
            candidate = replace(candidate, args=tuple(settled(arg) for arg in candidate.args),
                                result=settled(candidate.result))
            if candidate != signature and allowed(candidate, compiler):
                tried.append(candidate)
        failures = builder.check(name, tried, compiler, ROUNDS) if tried else {}
        good = [k for k in sorted(failures) if kind(failures[k]) == wanted]
        if not good:
            break
        signature, what = tried[good[0]], failures[good[0]]
    return signature, what
