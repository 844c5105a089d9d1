/* SPDX-License-Identifier: MIT
 *
 * patterns: programs that need executable memory which they can write to, whatever the libffi, and
 * such as take a closure's code for its memory. They are recognised by what their files are marked
 * with and which symbols they have, since a name says little about a version or a build.
 */
#include "patterns.h"

#include <fnmatch.h>
#include <stddef.h>

#define S(name) (1ul << SYMBOL_##name)

static bool wants_stack(const struct object *object)
{
    return object->facts.executable_stack;
}

static bool has_writable_code(const struct object *object)
{
    return object->facts.writable_code;
}

static bool has_text_relocations(const struct object *object)
{
    return object->facts.text_relocations;
}

#define NO_LIBRARY_HELPS "no libffi can help here: run it without a W^X policy"

/* What is more special comes first. */
static const struct pattern patterns[] = {
    {.also = wants_stack,
     .what = "asks for an executable stack",
     .next = "if that file needs none, clear its mark: patchelf --clear-execstack"},
    {.also = has_writable_code,
     .what = "has a segment that is writable and executable",
     .next = "link it again, with separate code: ld -z separate-code, and no -N"},
    {.also = has_text_relocations,
     .what = "has text relocations: the loader writes to its code",
     .next = "compile it again as position-independent code, -fPIC"},
    {.soname = "libHSrts*-ghc8.*",
     .what = "GHC's run-time before 9.0: writes code of its own into closures",
     .without_policy = true,
     .next = "use GHC 9 or later, or the system's libffi: --lib=none"},
    {.soname = "libcjs.so.*",
     .what = "cjs: reads a closure by the address of its code",
     .without_policy = true,
     .next = "use the system's libffi for it: --lib=none"},
    {.defines = S(ECL),
     .imports = S(PREPARE_LOC),
     .what = "ECL: calls a closure's memory instead of its code",
     .without_policy = true,
     .next = "use the system's libffi for it: --lib=none"},
    {.defines = S(JAVA),
     .what = "a Java machine: maps memory for its compiler when it starts",
     .next = NO_LIBRARY_HELPS},
    {.defines = S(SPIDERMONKEY),
     .what = "SpiderMonkey, a JavaScript engine: maps memory for its compiler when it starts",
     .next = NO_LIBRARY_HELPS},
    {.defines = S(PYPY),
     .what = "PyPy: its compiler writes code at run time",
     .next = "switch its compiler off: pypy3 --jit off"},
    {.defines = S(GUILE),
     .what = "Guile: its compiler writes code at run time",
     .next = "switch its compiler off: GUILE_JIT_THRESHOLD=-1"},
    {.defines = S(ADJUSTOR),
     .what = "GHC's run-time: makes callbacks in pages of its own",
     .next = "no libffi can help here: use no \"wrapper\" imports, or no W^X policy"},
    {.imports = S(PREPARE),
     .lacks = S(ALLOC),
     .what = "makes callbacks in pages of its own (ffi_prep_closure without ffi_closure_alloc)",
     .next = "use what needs no such callback (with cffi, extern \"Python\"), or no W^X policy"},
    {.imports = S(PREPARE_LOC),
     .lacks = S(ALLOC),
     .what = "makes callbacks in pages of its own (ffi_prep_closure_loc without ffi_closure_alloc)",
     .next = "no libffi can help here: it has to be changed to use ffi_closure_alloc"},
};

static bool matches(const struct pattern *p, const struct object *object)
{
    return (!p->soname || fnmatch(p->soname, object->facts.soname, 0) == 0) &&
           (object->defines & p->defines) == p->defines &&
           (object->imports & p->imports) == p->imports && !(object->imports & p->lacks) &&
           (!p->also || p->also(object));
}

const struct pattern *pattern_of(const struct object *object)
{
    for (size_t i = 0; i < sizeof patterns / sizeof *patterns; i++)
        if (matches(&patterns[i], object))
            return &patterns[i];
    return NULL;
}
