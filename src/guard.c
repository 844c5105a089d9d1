/* SPDX-License-Identifier: MIT
 *
 * guard: what the unwinder does when it comes to the frame of rx_guarded.
 *
 * The guard lies at a fixed place in that frame, which the unwinder can say: _Unwind_GetGR. The
 * library is linked with no unwinder, and a process may have several, each with a context of its
 * own form. So only that of the object that called the personality routine will do. It is looked
 * for among what the dynamic linker bound when the library was loaded, and then in that object. A
 * program that is linked statically has one unwinder, and no dynamic linker to ask.
 *
 * An unwinder that keeps _Unwind_GetGR to itself (gcc -static-libgcc hides it) passes by: the call
 * is not cleaned up.
 */
#include "guard.h"
#include "area.h"

#include <dlfcn.h>
#include <unwind.h>

/* All of these may be missing. */
#pragma weak _Unwind_GetGR
#pragma weak dladdr
#pragma weak dlsym
#pragma weak dlclose

typedef _Unwind_Word register_reader(struct _Unwind_Context *, int);

static register_reader *if_it_is_of(const Dl_info *unwinder, register_reader *read)
{
    Dl_info its;
    bool same =
        read != NULL && dladdr((void *)read, &its) != 0 && its.dli_fbase == unwinder->dli_fbase;
    return same ? read : NULL;
}

/* dlopen is not named where the static linker could see it: it warns of that, and a program that is
 * linked statically needs none of this. */
typedef void *opener(const char *, int);

static opener *find_opener(void)
{
    bool have = dladdr != NULL && dlsym != NULL && dlclose != NULL;
    return have ? (opener *)dlsym(RTLD_DEFAULT, "dlopen") : NULL;
}

static register_reader *exported_by(const Dl_info *unwinder, opener *open)
{
    void *object = open(unwinder->dli_fname, RTLD_LAZY | RTLD_NOLOAD);
    if (object == NULL)
        return NULL;
    register_reader *read = (register_reader *)dlsym(object, "_Unwind_GetGR");
    dlclose(object); /* which goes on: it is running */
    return if_it_is_of(unwinder, read);
}

static register_reader *reader_of(void *unwinders_code)
{
    Dl_info unwinder;
    opener *open = find_opener();
    if (open == NULL)
        return _Unwind_GetGR;
    if (dladdr(unwinders_code, &unwinder) == 0)
        return NULL;
    register_reader *bound = if_it_is_of(&unwinder, _Unwind_GetGR);
    return bound != NULL ? bound : exported_by(&unwinder, open);
}

static struct rx_guard *guard_of(struct _Unwind_Context *context, register_reader *read)
{
    char *frame = (char *)(uintptr_t)read(context, RX_GUARD_REGISTER);
    return *(struct rx_guard **)(frame + RX_GUARD_PLACE);
}

/* Itanium C++ ABI, Exception Handling, 1.6.3. In the first phase nothing is done, and no handler is
 * found; in the second one, the frame is cleaned up and left. */
RX_HIDDEN _Unwind_Reason_Code rx_guard_personality(int version, _Unwind_Action actions,
                                                   _Unwind_Exception_Class exception_class,
                                                   struct _Unwind_Exception *exception,
                                                   struct _Unwind_Context *context)
{
    (void)exception_class;
    (void)exception;
    if (version == 1 && (actions & _UA_CLEANUP_PHASE)) {
        void *unwinders_code = __builtin_extract_return_addr(__builtin_return_address(0));
        register_reader *read = reader_of(unwinders_code);
        if (read != NULL) {
            struct rx_guard *guard = guard_of(context, read);
            guard->cleanup(guard);
        }
    }
    return _URC_CONTINUE_UNWIND;
}
