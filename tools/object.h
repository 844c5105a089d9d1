/* SPDX-License-Identifier: MIT
 *
 * object: a file that a program has mapped to execute: the program itself, or a library.
 */
#ifndef RXFFI_OBJECT_H
#define RXFFI_OBJECT_H

#include "elf_facts.h"
#include "maps.h"

/* Symbols that say what an object is, as bits of `defines` and `imports`. */
enum symbol {
    SYMBOL_CALL,         /* ffi_call */
    SYMBOL_ALLOC,        /* ffi_closure_alloc */
    SYMBOL_PREPARE,      /* ffi_prep_closure */
    SYMBOL_PREPARE_LOC,  /* ffi_prep_closure_loc */
    SYMBOL_RXFFI,        /* ffi_rx_version */
    SYMBOL_JAVA,         /* JNI_CreateJavaVM */
    SYMBOL_SPIDERMONKEY, /* JS::detail::InitWithFailureDiagnostic */
    SYMBOL_PYPY,         /* rpython_startup_code */
    SYMBOL_ADJUSTOR,     /* createAdjustor, of GHC's run-time */
    SYMBOL_GUILE,        /* scm_init_guile */
    SYMBOL_ECL,          /* cl_boot */
    SYMBOL_COUNT
};

struct object {
    struct object *next;
    uint64_t inode;
    unsigned major, minor;
    const char *path;
    struct elf_facts facts; /* ELF_NONE if the file could not be read, or is another one by now */
    unsigned long defines, imports;
};

/* The object that a mapping of this process shows; NULL if the mapping is of no file, or there is
 * no memory. Objects are kept. */
struct object *object_of(pid_t pid, const struct mapping *m);

bool object_defines(const struct object *object, enum symbol symbol);
bool object_imports(const struct object *object, enum symbol symbol);

/* Whether it is a libffi, whatever its number: its SONAME says so. */
bool object_is_libffi(const struct object *object);

/* Whether a copy of libffi was linked into it, as far as its symbols tell. */
bool object_has_copy(const struct object *object);

#endif
