/* SPDX-License-Identifier: MIT
 *
 * machine: all that rxffi-run has to know about the architecture it is built for. A new
 * architecture adds a branch here and nothing anywhere else in this folder.
 *
 *   MACHINE_NAME          as uname -m says it
 *   MACHINE_ELF           e_machine of its ELF files; they are 64-bit, least significant byte first
 *   MACHINE_AUDIT         what seccomp calls its table of system calls
 *   MACHINE_FOREIGN_CALL  the first call number that belongs to another table which seccomp gives
 *                         the same name, or 0: x32 calls are x86_64 calls with this bit set
 */
#ifndef RXFFI_MACHINE_H
#define RXFFI_MACHINE_H

#include <elf.h>
#include <linux/audit.h>

#if defined __x86_64__ && defined __LP64__
#define MACHINE_NAME "x86_64"
#define MACHINE_ELF EM_X86_64
#define MACHINE_AUDIT AUDIT_ARCH_X86_64
#define MACHINE_FOREIGN_CALL 0x40000000u
#elif defined __aarch64__ && defined __LP64__
#define MACHINE_NAME "aarch64"
#define MACHINE_ELF EM_AARCH64
#define MACHINE_AUDIT AUDIT_ARCH_AARCH64
#define MACHINE_FOREIGN_CALL 0u
#else
#error "rxffi-run has not been taught this architecture: see tools/machine.h"
#endif

/* policy.c reads the low half of a system call's argument at the argument's own address, and
 * elf_facts.c reads ELF headers as they lie in the file. */
_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "a little-endian machine");

#endif
