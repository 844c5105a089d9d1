# SPDX-License-Identifier: MIT
"""signature: function signatures at random, and how C writes them."""

from dataclasses import dataclass

from aggregates import scalars_of, settled
from draw import CLASSES, PLAIN
from kinds import WIDE, Vector


@dataclass(frozen=True)
class Abi:
    name: str  # FFI_name
    family: str  # of draw.CLASSES
    attribute: str = ''


ABIS = {
    'x86_64': (
        (70, Abi('FFI_UNIX64', 'sysv')),
        (20, Abi('FFI_GNUW64', 'windows', '__attribute__((ms_abi))')),
        (10, Abi('FFI_WIN64', 'windows', '__attribute__((ms_abi))')),
    ),
    'aarch64': (
        (80, Abi('FFI_SYSV', 'aapcs64')),
        (20, Abi('FFI_WIN64', 'windows', '__attribute__((ms_abi))')),
    ),
}

def is_new(signature):
    """Does it have types that came with libffi 3.6 and 3.8?"""
    return any(part in WIDE or isinstance(part, Vector) or getattr(part, 'part', None) in WIDE
               for type in signature.types for part in scalars_of(type))


MOST_ARGUMENTS = 40  # harness.h has room for no more


@dataclass(frozen=True)
class Signature:
    abi: Abi
    result: object  # None: void
    args: tuple
    fixed: object  # arguments before the "..."; None: not variadic
    seed: int  # of the values

    @property
    def types(self):
        return self.args if self.result is None else (self.result,) + self.args


def weighted(rng, table):
    return rng.choices([entry for _, entry in table], [weight for weight, _ in table])[0]


def draw_plain(rng, abi):
    """A common signature: libraries have ways of their own for these, so all of them are to occur."""
    draw = rng.choice(PLAIN)
    result = None if rng.random() < 0.1 else rng.choice(PLAIN)(rng)
    args = tuple(draw(rng) for _ in range(rng.randint(0, 9)))
    return Signature(abi, result, args, None, rng.getrandbits(64))


def draw_signature(rng, abis):
    abi = weighted(rng, abis)
    if rng.random() < 0.15:
        return draw_plain(rng, abi)
    classes = CLASSES[abi.family]
    if rng.random() < 0.4:
        # A theme: up to three classes of types, so that registers of one kind run out.
        chosen = [weighted(rng, classes) for _ in range(rng.randint(1, 3))]
        classes = [(1, draw) for draw in chosen]

    result = None if rng.random() < 0.08 else weighted(rng, CLASSES[abi.family])(rng)
    most = rng.choices((3, 9, 16, MOST_ARGUMENTS), (20, 50, 25, 5))[0]
    args = [weighted(rng, classes)(rng) for _ in range(rng.randint(0, most))]
    fixed = None
    if args and rng.random() < 0.2:
        fixed = rng.randint(1, len(args))
        for i in range(fixed, len(args)):
            while args[i].promoted:
                args[i] = weighted(rng, CLASSES[abi.family])(rng)
    return Signature(abi, settled(result), tuple(map(settled, args)), fixed, rng.getrandbits(64))
