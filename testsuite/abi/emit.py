# SPDX-License-Identifier: MIT
"""emit: signatures as C.

For each signature the C compiler is given a callee, which shows its arguments to the harness and returns
what the harness says, and a caller, which reads arguments from memory and calls a pointer. Everything
else is data: the types as libffi is told them, and their leaves, the scalars that are compared.
"""

from kinds import Scalar, Struct, structs_of

HEAD = '#include "harness.h"\n\n'


class Types:
    """The C names of types, and their declarations as they are needed."""

    def __init__(self):
        self.names = {}
        self.declared = []  # what C must know
        self.described = []  # what the harness must know

    def c(self, type):
        if type is None:
            return 'void'
        if not isinstance(type, Struct):
            return type.c
        if type not in self.names:
            for inner in structs_of(type):
                if inner not in self.names:
                    self.names[inner] = f't{len(self.names)}'
                    self.declared.append(self.declaration(inner))
                    self.described.append(self.description(inner))
        return 'struct ' + self.names[type]

    def entry(self, type):
        """The address of its struct type."""
        self.c(type)
        if type is None:
            return 'NULL'
        return '&type_' + (self.names[type] if isinstance(type, Struct) else type.name)

    def declaration(self, struct):
        lines = []
        for n, member in enumerate(struct.members):
            align = f'_Alignas({member.align}) ' if member.align else ''
            count = f'[{member.count}]' if member.count else ''
            lines.append(f'    {align}{self.c(member.type)} m{n}{count};\n')
        attribute = f'__attribute__((aligned({struct.align_as}))) ' if struct.align_as else ''
        text = f'struct {attribute}{self.names[struct]} {{\n{"".join(lines)}}};\n'
        if struct.pack:
            text = f'#pragma pack(push, {struct.pack})\n{text}#pragma pack(pop)\n'
        return text

    def ffi(self, type):
        return 'ffi_' + self.names[type] if isinstance(type, Struct) else 'ffi_type_' + type.ffi

    def element(self, type, align):
        """An ffi_type for a member; with a copy of its own if it is more aligned than its type."""
        if not align or align <= type.align:
            return '&' + self.ffi(type)
        if isinstance(type, Struct):
            return (f'&(ffi_type){{{type.size}, {align}, FFI_TYPE_STRUCT, '
                    f'elements_{self.names[type]}}}')
        if isinstance(type, Scalar):
            return f'&(ffi_type){{{type.size}, {align}, FFI_TYPE_{type.ffi.upper()}, NULL}}'
        return (f'&(ffi_type){{{type.size}, {align}, FFI_TYPE_COMPLEX, '
                f'(ffi_type *[]){{&ffi_type_{type.part.ffi}, NULL}}}}')

    def description(self, struct):
        name, c = self.names[struct], self.c(struct)
        elements, offsets = [], []
        for n, member in enumerate(struct.members):
            for i in range(member.repeats):
                elements.append(self.element(member.type, 0 if i else member.align))
                offsets.append(f'offsetof({c}, m{n}{f"[{i}]" if member.count else ""})')
        leaves = []
        for path, meaning in struct.leaves():
            place = f'offsetof({c}, {path.rstrip("@")})'
            if path.endswith('@'):
                place += f' + {16 if meaning == 10 else meaning}'
            leaves.append(f'{{{place}, {meaning}}}')
        said = '0, 0' if struct.laid_out else f'sizeof({c}), _Alignof({c})'
        return (
            f'_Static_assert(sizeof({c}) == {struct.size} && _Alignof({c}) == {struct.align}, "");\n'
            f'static ffi_type *elements_{name}[] = {{{", ".join(elements)}, NULL}};\n'
            f'static ffi_type ffi_{name} = {{{said}, FFI_TYPE_STRUCT, elements_{name}}};\n'
            f'static const struct leaf leaves_{name}[] = {{{", ".join(leaves)}}};\n'
            f'static const size_t offsets_{name}[] = {{{", ".join(offsets)}}};\n'
            f'static const struct type type_{name} = {{&ffi_{name}, sizeof({c}), _Alignof({c}), '
            f'leaves_{name}, {len(leaves)}, 0, '
            f'{f"offsets_{name}" if struct.laid_out else "NULL"}, {len(elements)}}};\n')


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
    """One translation unit that tests all the signatures."""
    types = Types()
    code, tables, rows = [], [], []
    for k, signature in enumerate(signatures):
        code.append(callee(signature, k, types) + caller(signature, k, types))
        table, line = row(signature, k, types)
        tables.append(table)
        rows.append(line)
    return ''.join([HEAD, *types.declared, *types.described, *code, *tables,
                    'const struct signature signatures[] = {\n', *rows, '};\n',
                    f'const unsigned signature_count = {len(signatures)};\n'])


def prototype(signature):
    """A signature as C, for a reader."""
    types = Types()
    line = (f'{signature.abi.attribute} {types.c(signature.result)} '
            f'f({parameters(signature, types, names=False)});').lstrip()
    if signature.fixed is not None:
        rest = ', '.join(types.c(arg) for arg in signature.args[signature.fixed:])
        line += f'  /* called with ... = {rest or "nothing"} */'
    return ''.join(types.declared) + line
