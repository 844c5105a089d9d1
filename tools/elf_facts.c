/* SPDX-License-Identifier: MIT
 *
 * elf_facts: reads the few facts of an ELF file that decide whether a library can be preloaded
 * into it, whether it can be preloaded itself, and which libffi it loads. See elf(5). The file is
 * read in small pieces at the offsets that it names; one that cannot be read makes it ELF_DAMAGED.
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

/* What an entry of the dynamic section says. `strings` is where its strings are in the file. */
static bool read_entry(int fd, const Elf64_Dyn *entry, uint64_t strings, struct elf_facts *facts)
{
    uint64_t at = strings + entry->d_un.d_val;
    char name[sizeof facts->libffi];

    switch (entry->d_tag) {
    case DT_SONAME:
        return read_string(fd, facts->soname, sizeof facts->soname, at);
    case DT_NEEDED:
        if (read_string(fd, name, sizeof name, at) && strncmp(name, "libffi", 6) == 0)
            strcpy(facts->libffi, name);
        return true;
    case DT_RPATH: /* which the loader ignores beside a DT_RUNPATH */
        if (facts->search[0])
            return true;
        facts->search_is_rpath = read_string(fd, facts->search, sizeof facts->search, at);
        return true;
    case DT_RUNPATH:
        facts->search_is_rpath = false;
        read_string(fd, facts->search, sizeof facts->search, at);
        return true;
    case DT_TEXTREL:
        facts->text_relocations = true;
        return true;
    case DT_FLAGS:
        if (entry->d_un.d_val & DF_TEXTREL)
            facts->text_relocations = true;
        return true;
    default:
        return true;
    }
}

/* The strings may be said behind what needs them. */
static bool read_dynamic(int fd, const Elf64_Ehdr *header, const Elf64_Phdr *dynamic,
                         struct elf_facts *facts)
{
    uint64_t count = dynamic->p_filesz / sizeof(Elf64_Dyn), strings = 0;
    Elf64_Dyn entry;

    for (uint64_t i = 0; i < count && !strings; i++) {
        if (!read_at(fd, &entry, sizeof entry, dynamic->p_offset + i * sizeof entry))
            return false;
        if (entry.d_tag == DT_STRTAB && !file_offset_of(fd, header, entry.d_un.d_ptr, &strings))
            return false;
        if (entry.d_tag == DT_NULL)
            break;
    }
    for (uint64_t i = 0; i < count && strings; i++) {
        if (!read_at(fd, &entry, sizeof entry, dynamic->p_offset + i * sizeof entry))
            return false;
        if (entry.d_tag == DT_NULL)
            break;
        if (!read_entry(fd, &entry, strings, facts))
            return false;
    }
    return true;
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
                facts->executable_stack = true;
            break;
        case PT_INTERP:
            if (!read_string(fd, facts->interpreter, sizeof facts->interpreter, segment.p_offset))
                return false;
            break;
        case PT_DYNAMIC:
            if (!read_dynamic(fd, header, &segment, facts))
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
