# SPDX-License-Identifier: MIT
"""describe: as C, how types are made by the functions of ffi_rx.h, and where their bits are.

These types exist only once the program runs, which calls `describe_types` before it does anything else.
Where a bit-field is and which bits it has, the program finds out by setting it: C has no offsetof for it.
"""

from aggregates import Union

HEAD = '#include <ffi_rx.h>\n#include <string.h>\n'


def set_to_ones(names):
    return ' '.join(f'v.{name} = -1;' for name in names)


def mask(type, c, name):
    """Text that fills mask_NAME: the bits of an object that belong to bit-fields."""
    return (f'    {{ {c} v; memset(&v, 0, sizeof v); {set_to_ones(type.bit_fields())} '
            f'memcpy(mask_{name}, &v, sizeof v); }}\n')


def places(type, c, name):
    """Text that fills places_NAME: where each member begins, in bits. Of padding nobody can know."""
    for n, member in enumerate(type.members):
        if member.is_padding:
            yield f'    places_{name}[{n}] = UNKNOWN_PLACE;\n'
        elif member.bits is None:
            yield f'    places_{name}[{n}] = 8 * offsetof({c}, m{n});\n'
        else:
            yield (f'    {{ {c} v; memset(&v, 0, sizeof v); v.m{n} = -1; '
                   f'places_{name}[{n}] = first_bit(&v, sizeof v); }}\n')


def is_array(member):
    """Of the library's. An array that is more aligned than its elements is said as a struct of them."""
    return member.count and not member.align


def element(types, member):
    if not member.count or is_array(member):
        return types.element(member.type, member.align)
    elements = f'&{types.ffi(member.type)}, ' * member.count
    return (f'&(ffi_type){{{member.type.size * member.count}, {max(member.align, member.type.align)}, '
            f'FFI_TYPE_STRUCT, (ffi_type *[]){{{elements}NULL}}}}')


def elements(types, type, name):
    """Its members' types, which outlive it."""
    texts = ', '.join(element(types, member) for member in type.members)
    return f'static ffi_type *const elements_{name}[] = {{{texts}}};\n'


def member_type(member, n, name):
    element = f'elements_{name}[{n}]'
    return f'ffi_rx_array_new({element}, {member.count})' if is_array(member) else element


def member_entry(member, n, name):
    flags = '0'
    if member.bits == 0:
        flags = 'FFI_RX_BIT_FIELD'
    elif member.is_padding:
        flags = 'FFI_RX_UNNAMED'
    return f'{{{member_type(member, n, name)}, {member.bits or 0}, {flags}}}'


def made(type, name):
    """The call that makes it."""
    entry = member_type if isinstance(type, Union) else member_entry
    members = ', '.join(entry(member, n, name) for n, member in enumerate(type.members))
    if isinstance(type, Union):
        return f'ffi_rx_union_new((ffi_type *[]){{{members}, NULL}})'
    return (f'ffi_rx_struct_new((ffi_rx_member[]){{{members}}}, {len(type.members)}, '
            f'{type.pack}, {type.align_as})')


def function(types, type, name):
    """The function that describe_types calls for an aggregate, whose record stands in front of it; '' if there
    is nothing to do."""
    c, text, head = types.c(type), '', ''
    if type.described:
        head = elements(types, type, name)
        text += (f'    described(&type_{name}, &ffi_{name}, {made(type, name)});\n' +
                 ''.join(places(type, c, name)))
    if any(type.bit_fields()):
        text += mask(type, c, name)
    return f'{head}static void describe_{name}(void)\n{{\n{text}}}\n' if text else ''
