# SPDX-License-Identifier: MIT
"""emit: signatures as C.

For each signature the C compiler is given a callee, which shows its arguments to the harness and returns
what the harness says, and a caller, which reads arguments from memory and calls a pointer. Everything
else is data: the types as libffi is told them, and their leaves, the scalars that are compared.
"""

from collections import defaultdict
from itertools import chain

import describe
from aggregates import Aggregate, Struct, types_of
from kinds import COMPLEX, WIDE, Complex, Scalar, Vector

HEAD = '#include "harness.h"\n\n'


def is_known(type):
    """Does harness.h know it?"""
    return (isinstance(type, Scalar) and type not in WIDE) or type in COMPLEX


def vector_declaration(vector):
    """Of a padded one gcc knows only the padding as well."""
    text = (f'typedef {vector.lane.c} {vector.name} __attribute__((vector_size({vector.size})));\n')
    if vector.count * vector.lane.size == vector.size:
        return text
    return (f'#ifdef __clang__\n'
            f'typedef {vector.lane.c} {vector.name} __attribute__((ext_vector_type({vector.count})));\n'
            f'#else\n{text}#endif\n')


def record(type, c, name, offsets='NULL', count=0):
    """What the harness is told of a type."""
    leaves = []
    for path, behind, meaning in type.leaves():
        place = f'offsetof({c}, {path})' if path else '0'
        leaves.append(f'{{{place}{f" + {behind}" if behind else ""}, {meaning}}}')
    described = isinstance(type, Aggregate) and type.described
    masked = isinstance(type, Aggregate) and any(type.bit_fields())
    bits = (f', {f"mask_{name}" if masked else "NULL"}, {f"places_{name}" if described else "NULL"}, '
            f'{len(type.members) if described else 0}') if described or masked else ''
    return ((f'static unsigned char mask_{name}[sizeof({c})];\n' if masked else '') +
            (f'static size_t places_{name}[{len(type.members)}];\n' if described else '') +
            f'static const struct leaf leaves_{name}[] = {{{", ".join(leaves)}}};\n'
            f'static {"" if described else "const "}struct type type_{name} = {{&ffi_{name}, '
            f'sizeof({c}), _Alignof({c}), leaves_{name}, {len(leaves)}, 0, {offsets}, {count}{bits}}};\n')


class Types:
    """The C names of types, and their declarations as they are needed."""

    def __init__(self):
        self.names = {}
        self.declared = []  # what C must know
        self.described = []  # what the harness must know
        self.made = []  # the names of those that the program has to make first

    def c(self, type):
        if type is None:
            return 'void'
        if is_known(type):
            return type.c
        if type not in self.names:
            for inner in types_of(type):
                if not is_known(inner) and inner not in self.names:
                    self.names[inner] = (f't{len(self.names)}' if isinstance(inner, Aggregate)
                                         else inner.name)
                    self.add(inner)
        return f'{type.keyword} {self.names[type]}' if isinstance(type, Aggregate) else type.c

    def entry(self, type):
        """The address of its struct type."""
        self.c(type)
        if type is None:
            return 'NULL'
        return '&type_' + (self.names[type] if isinstance(type, Aggregate) else type.name)

    def add(self, type):
        if isinstance(type, Aggregate):
            self.declared.append(self.declaration(type))
            self.described.append(self.described_description(type) if type.described
                                  else self.description(type))
            function = describe.function(self, type, self.names[type])
            if function:
                self.described.append(function)
                self.made.append(self.names[type])
            return
        if isinstance(type, Vector):
            self.declared.append(vector_declaration(type))
        self.described.append(self.simple_description(type))

    def simple_description(self, type):
        """Of what harness.h does not know, but is no struct."""
        name, elements, said = type.name, '', f'sizeof({type.c}), _Alignof({type.c})'
        if isinstance(type, Scalar):
            code = type.ffi.upper()
        elif isinstance(type, Complex):
            self.c(type.part)
            code, elements = 'COMPLEX', f'&{self.ffi(type.part)}, '
        else:
            code, elements = 'VECTOR', f'&{self.ffi(type.lane)}, ' * type.count
            if not type.explicit:
                said = '0, 0'
        return (f'static ffi_type *elements_{name}[] = {{{elements}NULL}};\n'
                f'static ffi_type ffi_{name} = {{{said}, FFI_TYPE_{code}, '
                f'{f"elements_{name}" if elements else "NULL"}}};\n' + record(type, type.c, name))

    def declaration(self, type):
        lines = []
        for n, member in enumerate(type.members):
            align = f'_Alignas({member.align}) ' if member.align else ''
            name = '' if member.is_padding else f'm{n}'
            count = f'[{member.count}]' if member.count else ''
            bits = '' if member.bits is None else f' : {member.bits}'
            lines.append(f'    {align}{self.c(member.type)} {name}{count}{bits};\n')
        attribute = f'__attribute__((aligned({type.align_as}))) ' if type.align_as else ''
        text = f'{type.keyword} {attribute}{self.names[type]} {{\n{"".join(lines)}}};\n'
        if type.pack:
            text = f'#pragma pack(push, {type.pack})\n{text}#pragma pack(pop)\n'
        return text

    def ffi(self, type):
        return 'ffi_type_' + type.ffi if is_known(type) else 'ffi_' + self.names[type]

    def element(self, type, align):
        """An ffi_type for a member; with a copy of its own if it is more aligned than its type."""
        if not align or align <= type.align:
            return '&' + self.ffi(type)
        if isinstance(type, Struct) and not type.described:
            return (f'&(ffi_type){{{type.size}, {align}, FFI_TYPE_STRUCT, '
                    f'elements_{self.names[type]}}}')
        if isinstance(type, (Vector, Aggregate)):  # whose size and alignment are its own: a struct of it
            return (f'&(ffi_type){{{type.size}, {align}, FFI_TYPE_STRUCT, '
                    f'(ffi_type *[]){{&{self.ffi(type)}, NULL}}}}')
        if isinstance(type, Scalar):
            return f'&(ffi_type){{{type.size}, {align}, FFI_TYPE_{type.ffi.upper()}, NULL}}'
        return (f'&(ffi_type){{{type.size}, {align}, FFI_TYPE_COMPLEX, '
                f'(ffi_type *[]){{&{self.ffi(type.part)}, NULL}}}}')

    def described_description(self, type):
        """Of what the program makes."""
        name, c = self.names[type], self.c(type)
        return (
            f'_Static_assert(sizeof({c}) == {type.size} && _Alignof({c}) == {type.align}, "");\n'
            f'static ffi_type ffi_{name};\n' + record(type, c, name))

    def description(self, struct):
        name, c = self.names[struct], self.c(struct)
        elements, offsets = [], []
        for n, member in enumerate(struct.members):
            for i in range(member.repeats):
                elements.append(self.element(member.type, 0 if i else member.align))
                offsets.append(f'offsetof({c}, m{n}{f"[{i}]" if member.count else ""})')
        said = '0, 0' if struct.laid_out else f'sizeof({c}), _Alignof({c})'
        return (
            f'_Static_assert(sizeof({c}) == {struct.size} && _Alignof({c}) == {struct.align}, "");\n'
            f'static ffi_type *elements_{name}[] = {{{", ".join(elements)}, NULL}};\n'
            f'static ffi_type ffi_{name} = {{{said}, FFI_TYPE_STRUCT, elements_{name}}};\n'
            f'static const size_t offsets_{name}[] = {{{", ".join(offsets)}}};\n' +
            record(struct, c, name, f'offsets_{name}' if struct.laid_out else 'NULL',
                   len(elements)))


def parameters(signature, types, names=True):
    """What stands between the parentheses."""
    if not signature.args:
        return 'void'
    fixed = signature.args[:signature.fixed]
    texts = [types.c(arg) + (f' a{i}' if names else '') for i, arg in enumerate(fixed)]
    return ', '.join(texts + ['...'] * (signature.fixed is not None))


def callee(signature, k, types):
    attribute = signature.abi.attribute
    lines = [f'static {attribute} {types.c(signature.result)} callee_{k}'
             f'({parameters(signature, types)})\n{{\n']
    if signature.fixed is not None:
        va = '__builtin_ms_va' if attribute else '__builtin_va'
        lines.append(f'    {va}_list ap;\n    {va}_start(ap, a{signature.fixed - 1});\n')
        for i, arg in enumerate(signature.args[signature.fixed:], signature.fixed):
            lines.append(f'    {types.c(arg)} a{i} = __builtin_va_arg(ap, {types.c(arg)});\n')
        lines.append(f'    {va}_end(ap);\n')
    if signature.args:
        at = ', '.join(f'&a{i}' for i in range(len(signature.args)))
        lines.append(f'    void *at[] = {{{at}}};\n')
    integers = [f'a{i}' for i, arg in enumerate(signature.args) if arg.signed and arg.size < 8]
    if integers:
        lines.append(f'    const long long wide[] = {{{", ".join(integers)}}};\n')
    arrive = f'arrive({"at" if signature.args else "NULL"}, {"wide" if integers else "NULL"})'
    if signature.result is None:
        lines.append(f'    {arrive};\n}}\n')
    else:
        lines.append(f'    return *({types.c(signature.result)} *){arrive};\n}}\n')
    return ''.join(lines)


def caller(signature, k, types):
    result = types.c(signature.result)
    values = ', '.join(f'*({types.c(arg)} *)v[{i}]' for i, arg in enumerate(signature.args))
    call = (f'(({result} ({signature.abi.attribute} *)({parameters(signature, types, names=False)}))'
            f'fn)({values})')
    if signature.result is None:
        body = f'    {call};\n'
    elif signature.result.signed:
        body = f'    {result} x = {call};\n    *({result} *)r = x;\n    *wide = x;\n'
    else:
        body = f'    *({result} *)r = {call};\n'
    return (f'static void caller_{k}(void (*fn)(void), void *const *v, void *r, long long *wide)\n'
            f'{{\n{body}}}\n')


def row(signature, k, types):
    args = 'NULL'
    text = ''
    if signature.args:
        args = f'args_{k}'
        entries = ', '.join(types.entry(arg) for arg in signature.args)
        text = f'static const struct type *const {args}[] = {{{entries}}};\n'
    fixed = -1 if signature.fixed is None else signature.fixed
    windows = int(signature.abi.family == 'windows')
    return text, (f'    {{{signature.seed}u, {signature.abi.name}, {windows}, {len(signature.args)}, '
                  f'{fixed}, {types.entry(signature.result)}, {args}, '
                  f'(void (*)(void))callee_{k}, caller_{k}}},\n')


def program(signatures):
    """One translation unit that tests all the signatures. The functions of a calling convention stand
    together: gcc sets up its registers anew, for milliseconds, whenever one follows another."""
    types = Types()
    callers, callees, tables, rows = [], defaultdict(list), [], []
    for k, signature in enumerate(signatures):
        callers.append(caller(signature, k, types))
        callees[signature.abi.attribute].append(callee(signature, k, types))
        table, line = row(signature, k, types)
        tables.append(table)
        rows.append(line)
    head = HEAD + describe.HEAD if types.made else HEAD
    made = ''.join(f'    describe_{name}();\n' for name in types.made)
    return ''.join([head, *types.declared, *types.described, *callers, *chain(*callees.values()),
                    *tables, 'const struct signature signatures[] = {\n', *rows, '};\n',
                    f'const unsigned signature_count = {len(signatures)};\n',
                    f'void describe_types(void)\n{{\n{made}}}\n'])


def prototype(signature):
    """A signature as C, for a reader."""
    types = Types()
    line = (f'{signature.abi.attribute} {types.c(signature.result)} '
            f'f({parameters(signature, types, names=False)});').lstrip()
    if signature.fixed is not None:
        rest = ', '.join(types.c(arg) for arg in signature.args[signature.fixed:])
        line += f'  /* called with ... = {rest or "nothing"} */'
    return ''.join(types.declared) + line
