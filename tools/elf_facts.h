/* SPDX-License-Identifier: MIT
 *
 * elf_facts: what rxffi-run wants to know about an ELF file before it is executed or loaded.
 */
#ifndef RXFFI_ELF_FACTS_H
#define RXFFI_ELF_FACTS_H

#include <limits.h>
#include <stdbool.h>

enum elf_kind {
    ELF_NONE,    /* not an ELF file */
    ELF_FOREIGN, /* for another machine, or 32-bit: nothing else about it is known */
    ELF_DAMAGED, /* its headers point outside the file */
    ELF_NATIVE,
};

struct elf_facts {
    enum elf_kind kind;
    unsigned bits;              /* 32 or 64 */
    unsigned machine;           /* e_machine */
    bool shared;                /* ET_DYN: a shared object, or a position-independent program */
    bool executable_stack;      /* asks for one */
    bool writable_code;         /* has a segment that is W+X */
    bool text_relocations;      /* the loader writes to its code, which is W+X for that time */
    bool search_is_rpath;       /* `search` is DT_RPATH and not DT_RUNPATH */
    char interpreter[PATH_MAX]; /* PT_INTERP, empty if there is none: a static program */
    char soname[NAME_MAX + 1];  /* DT_SONAME, empty if there is none */
    char libffi[NAME_MAX + 1];  /* the DT_NEEDED that begins with "libffi", likewise */
    char search[PATH_MAX];      /* where the libraries that it needs are looked for, likewise */
};

/* Trusts no byte of the file, and leaves the position of `fd` as it is. */
void elf_read_facts(int fd, struct elf_facts *facts);

#endif
