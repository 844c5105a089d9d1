/* SPDX-License-Identifier: MIT
 *
 * elf_facts: reads the few facts of an ELF file that decide whether a library can be preloaded
 * into it, and whether it can be preloaded itself. See elf(5). The file is read in small pieces
 * at the offsets that it names; one that cannot be read makes it ELF_DAMAGED.
 */
#include "elf_facts.h"

#include <elf.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include "machine.h"

static bool read_at(int fd, void *to, size_t size, uint64_t offset)
{
    return offset <= INT64_MAX && pread(fd, to, size, (off_t)offset) == (ssize_t)size;
}

/* Reads a string that ends within `size` bytes; the file may end behind it. */
static bool read_string(int fd, char *to, size_t size, uint64_t offset)
{
    if (offset > INT64_MAX)
        return false;
    ssize_t got = pread(fd, to, size, (off_t)offset);
    if (got > 0 && memchr(to, '\0', (size_t)got))
        return true;
    to[0] = '\0';
    return false;
}

static bool read_segment(int fd, const Elf64_Ehdr *header, unsigned i, Elf64_Phdr *segment)
{
    return read_at(fd, segment, sizeof *segment, header->e_phoff + i * sizeof *segment);
}

/* Where in the file the byte at this address comes from. */
static bool file_offset_of(int fd, const Elf64_Ehdr *header, uint64_t address, uint64_t *offset)
{
    Elf64_Phdr segment;
    for (unsigned i = 0; i < header->e_phnum; i++) {
        if (!read_segment(fd, header, i, &segment))
            return false;
        if (segment.p_type == PT_LOAD && address >= segment.p_vaddr &&
            address - segment.p_vaddr < segment.p_filesz) {
            *offset = segment.p_offset + (address - segment.p_vaddr);
            return true;
        }
    }
    return false;
}

static bool read_soname(int fd, const Elf64_Ehdr *header, const Elf64_Phdr *dynamic, char *soname,
                        size_t size)
{
    uint64_t strings = 0, name = 0;
    bool named = false;

    for (uint64_t at = 0; at + sizeof(Elf64_Dyn) <= dynamic->p_filesz; at += sizeof(Elf64_Dyn)) {
        Elf64_Dyn entry;
        if (!read_at(fd, &entry, sizeof entry, dynamic->p_offset + at))
            return false;
        if (entry.d_tag == DT_NULL)
            break;
        if (entry.d_tag == DT_STRTAB)
            strings = entry.d_un.d_ptr;
        if (entry.d_tag == DT_SONAME) {
            name = entry.d_un.d_val;
            named = true;
        }
    }
    uint64_t offset;
    return !named || (file_offset_of(fd, header, strings + name, &offset) &&
                      read_string(fd, soname, size, offset));
}

static bool read_native(int fd, const Elf64_Ehdr *header, struct elf_facts *facts)
{
    const uint32_t write_and_execute = PF_W | PF_X;

    if (header->e_phnum && header->e_phentsize != sizeof(Elf64_Phdr))
        return false;
    for (unsigned i = 0; i < header->e_phnum; i++) {
        Elf64_Phdr segment;
        if (!read_segment(fd, header, i, &segment))
            return false;
        switch (segment.p_type) {
        case PT_LOAD:
            if ((segment.p_flags & write_and_execute) == write_and_execute)
                facts->writable_code = true;
            break;
        case PT_GNU_STACK:
            if (segment.p_flags & PF_X)
                facts->writable_code = true;
            break;
        case PT_INTERP:
            if (!read_string(fd, facts->interpreter, sizeof facts->interpreter, segment.p_offset))
                return false;
            break;
        case PT_DYNAMIC:
            if (!read_soname(fd, header, &segment, facts->soname, sizeof facts->soname))
                return false;
            break;
        default:
            break;
        }
    }
    return true;
}

void elf_read_facts(int fd, struct elf_facts *facts)
{
    unsigned char ident[EI_NIDENT];
    Elf64_Half type_and_machine[2];
    Elf64_Ehdr header;

    memset(facts, 0, sizeof *facts);
    if (!read_at(fd, ident, sizeof ident, 0) || memcmp(ident, ELFMAG, SELFMAG) != 0)
        return;
    /* The type and the machine follow e_ident in both classes. */
    facts->kind = ELF_DAMAGED;
    if (!read_at(fd, type_and_machine, sizeof type_and_machine, sizeof ident))
        return;
    facts->bits = ident[EI_CLASS] == ELFCLASS64 ? 64 : 32;
    facts->machine = type_and_machine[1];
    if (ident[EI_CLASS] != ELFCLASS64 || ident[EI_DATA] != ELFDATA2LSB ||
        facts->machine != MACHINE_ELF) {
        facts->kind = ELF_FOREIGN;
        return;
    }
    facts->shared = type_and_machine[0] == ET_DYN;
    if (read_at(fd, &header, sizeof header, 0) && read_native(fd, &header, facts))
        facts->kind = ELF_NATIVE;
}
