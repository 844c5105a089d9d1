/* SPDX-License-Identifier: MIT
 *
 * elf_symbols: which symbols an ELF file defines and which it wants from others.
 */
#ifndef RXFFI_ELF_SYMBOLS_H
#define RXFFI_ELF_SYMBOLS_H

/* Sets bit i of *defines if the file has names[i], and of *imports if it wants it from another.
 * names ends in NULL, and has as many as a long has bits at most. Trusts no byte of the file; what
 * cannot be read has no symbols. */
void elf_find_symbols(int fd, const char *const names[], unsigned long *defines,
                      unsigned long *imports);

#endif
