/* SPDX-License-Identifier: MIT
 *
 * elf_symbols: which symbols an ELF file defines and which it wants from others. See elf(5).
 *
 * Both tables are read, as far as they are there: that of the dynamic linker, and the other one,
 * which has also what a program was linked with, until it is stripped. They are found by the
 * section headers, which hardly any file lacks.
 */
#include "elf_symbols.h"

#include <elf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

struct file {
    const char *bytes;
    size_t size;
};

/* What lies at this offset, or NULL if it is not all in the file. */
static const void *within(const struct file *file, uint64_t offset, uint64_t size)
{
    return offset <= file->size && size <= file->size - offset ? file->bytes + offset : NULL;
}

static void look_at(const char *name, bool is_import, const char *const names[],
                    unsigned long *defines, unsigned long *imports)
{
    for (unsigned i = 0; names[i]; i++)
        if (strcmp(name, names[i]) == 0)
            *(is_import ? imports : defines) |= 1ul << i;
}

static void look_at_table(const struct file *file, const Elf64_Shdr *table,
                          const Elf64_Shdr *strings, const char *const names[],
                          unsigned long *defines, unsigned long *imports)
{
    const char *symbols = within(file, table->sh_offset, table->sh_size);
    const char *text = within(file, strings->sh_offset, strings->sh_size);
    if (!symbols || !text || !strings->sh_size || text[strings->sh_size - 1])
        return;
    for (size_t at = 0; at + sizeof(Elf64_Sym) <= table->sh_size; at += sizeof(Elf64_Sym)) {
        Elf64_Sym symbol;
        memcpy(&symbol, symbols + at, sizeof symbol);
        if (symbol.st_name < strings->sh_size)
            look_at(text + symbol.st_name, symbol.st_shndx == SHN_UNDEF, names, defines, imports);
    }
}

static bool section(const struct file *file, const Elf64_Ehdr *header, unsigned i, Elf64_Shdr *to)
{
    const void *at =
        i < header->e_shnum ? within(file, header->e_shoff + i * sizeof *to, sizeof *to) : NULL;
    if (at)
        memcpy(to, at, sizeof *to);
    return at != NULL;
}

static void look_at_tables(const struct file *file, const char *const names[],
                           unsigned long *defines, unsigned long *imports)
{
    Elf64_Ehdr header;
    if (file->size < sizeof header)
        return;
    memcpy(&header, file->bytes, sizeof header);
    if (header.e_shentsize != sizeof(Elf64_Shdr) || header.e_shoff > file->size)
        return;
    Elf64_Shdr table, strings;
    for (unsigned i = 0; section(file, &header, i, &table); i++)
        if ((table.sh_type == SHT_DYNSYM || table.sh_type == SHT_SYMTAB) &&
            section(file, &header, table.sh_link, &strings))
            look_at_table(file, &table, &strings, names, defines, imports);
}

void elf_find_symbols(int fd, const char *const names[], unsigned long *defines,
                      unsigned long *imports)
{
    struct stat st;
    *defines = *imports = 0;
    if (fstat(fd, &st) != 0 || st.st_size <= 0)
        return;
    struct file file = {.size = (size_t)st.st_size};
    void *bytes = mmap(NULL, file.size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (bytes == MAP_FAILED)
        return;
    file.bytes = bytes;
    look_at_tables(&file, names, defines, imports);
    munmap(bytes, file.size);
}
