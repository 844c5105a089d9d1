/* SPDX-License-Identifier: MIT
 *
 * cif: prepares signatures. Checks what was given, and leaves the rest to the plan.
 */
#include "plan.h"

static ffi_status prepare(ffi_cif *cif, ffi_abi abi, unsigned nfixed, unsigned nargs,
                          ffi_type *rtype, ffi_type **arg_types)
{
    if (cif == NULL || rtype == NULL || (arg_types == NULL && nargs != 0))
        return FFI_BAD_TYPEDEF;
    if (!rx_is_abi(abi))
        return FFI_BAD_ABI;
    cif->abi = abi;
    cif->nargs = nargs;
    cif->arg_types = arg_types;
    cif->rtype = rtype;
    return rx_plan_intern(cif, nfixed);
}

ffi_status ffi_prep_cif(ffi_cif *cif, ffi_abi abi, unsigned int nargs, ffi_type *rtype,
                        ffi_type **arg_types)
{
    return prepare(cif, abi, RX_NOT_VARIADIC, nargs, rtype, arg_types);
}

/* The default argument promotions, ISO C 6.5.2.2: what no variadic argument can be. */
static bool is_promoted(const ffi_type *type)
{
    switch (type->type) {
    case FFI_TYPE_FLOAT:
    case FFI_TYPE_UINT8:
    case FFI_TYPE_SINT8:
    case FFI_TYPE_UINT16:
    case FFI_TYPE_SINT16:
        return true;
    default:
        return false;
    }
}

ffi_status ffi_prep_cif_var(ffi_cif *cif, ffi_abi abi, unsigned int nfixedargs,
                            unsigned int ntotalargs, ffi_type *rtype, ffi_type **arg_types)
{
    if (nfixedargs > ntotalargs)
        return FFI_BAD_TYPEDEF;
    /* No plan tells apart more than that many. */
    unsigned nfixed = nfixedargs < RX_NOT_VARIADIC ? nfixedargs : RX_NOT_VARIADIC - 1;
    ffi_status status = prepare(cif, abi, nfixed, ntotalargs, rtype, arg_types);
    if (status != FFI_OK)
        return status;
    for (unsigned i = nfixedargs; i < ntotalargs; i++)
        if (is_promoted(arg_types[i]))
            return FFI_BAD_ARGTYPE;
    return FFI_OK;
}
