/* SPDX-License-Identifier: MIT
 *
 * fault: the end of a program that misuses closures or types. One line on stderr, then abort.
 */
#include "fault.h"
#include "pool.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ---- A line of text ---- */

struct line {
    size_t length;
    char text[400];
};

static void add(struct line *line, const char *text)
{
    size_t room = sizeof line->text - 1 - line->length; /* the last byte is the newline's */
    size_t n = strlen(text);
    n = n < room ? n : room;
    memcpy(line->text + line->length, text, n);
    line->length += n;
}

static void add_number(struct line *line, uintptr_t n, unsigned base)
{
    char digits[24];
    char *p = digits + sizeof digits;
    *--p = '\0';
    do
        *--p = "0123456789abcdef"[n % base];
    while ((n /= base) != 0);
    add(line, p);
}

static void add_address(struct line *line, const void *address)
{
    add(line, "0x");
    add_number(line, (uintptr_t)address, 16);
}

static void add_type(struct line *line, rx_class class)
{
    static const char names[][12] = {
        [FFI_TYPE_VOID] = "void",           [FFI_TYPE_FLOAT] = "float",
        [FFI_TYPE_DOUBLE] = "double",       [FFI_TYPE_LONGDOUBLE] = "long double",
        [FFI_TYPE_UINT8] = "uint8",         [FFI_TYPE_SINT8] = "sint8",
        [FFI_TYPE_UINT16] = "uint16",       [FFI_TYPE_SINT16] = "sint16",
        [FFI_TYPE_UINT32] = "uint32",       [FFI_TYPE_SINT32] = "sint32",
        [FFI_TYPE_UINT64] = "word", /* an integer of 64 bits or a pointer */
        [FFI_TYPE_UINT128] = "int128",      [FFI_TYPE_STRUCT] = "struct of ",
        [FFI_TYPE_COMPLEX] = "complex of ", [FFI_TYPE_VECTOR] = "vector of ",
    };
    unsigned kind = rx_class_kind(class);
    add(line, names[kind]);
    if (kind == FFI_TYPE_STRUCT || kind == FFI_TYPE_COMPLEX || kind == FFI_TYPE_VECTOR)
        add_number(line, rx_class_size(class), 10);
}

/* "; its signature was int (word, double)", if that is known. */
static void add_signature(struct line *line, uint32_t i)
{
    unsigned nargs;
    const rx_class *words = rx_plan_words(rx_record_of(i)->place, &nargs);
    if (words == NULL)
        return;
    add(line, "; its signature was ");
    add_type(line, words[1]);
    add(line, " (");
    for (unsigned arg = 0; arg < nargs; arg++) {
        add(line, arg == 0 ? "" : ", ");
        add_type(line, words[2 + arg]);
    }
    add(line, ")");
}

static void add_code(struct line *line, const void *code)
{
    add(line, " (code ");
    add_address(line, code);
    add(line, ")");
}

static struct line line_of(const char *what)
{
    struct line line = {.length = 0};
    add(&line, "rxffi: ");
    add(&line, what);
    return line;
}

static __attribute__((noreturn)) void end(struct line *line)
{
    line->text[line->length++] = '\n';
    ssize_t ignored = write(STDERR_FILENO, line->text, line->length);
    (void)ignored;
    abort();
}

/* ---- The faults ---- */

static __attribute__((noreturn)) void called(const char *what, void *cell)
{
    struct line line = line_of(what);
    add_address(&line, cell);
    int64_t i = rx_index_of_cell(cell);
    if (i >= 0) {
        add_code(&line, rx_code_of(i));
        add_signature(&line, i);
    }
    end(&line);
}

void rx_called_unprepared(void *cell)
{
    called("call of a closure before ffi_prep_closure_loc: closure ", cell);
}

void rx_called_freed(void *cell)
{
    called("call of a closure after ffi_closure_free: closure ", cell);
}

void rx_fault_free(enum rx_free_fault fault, const void *closure)
{
    static const char *const whats[] = {
        [RX_FREED_TWICE] = "ffi_closure_free of a closure that is not allocated (double free?): ",
        [RX_FREED_INSIDE] = "ffi_closure_free of an address inside a closure: ",
        [RX_FREED_FOREIGN] = "ffi_closure_free of an address that is no closure: ",
    };
    struct line line = line_of(whats[fault]);
    add_address(&line, closure);
    int64_t i = rx_index_of_cell(closure);
    if (fault == RX_FREED_TWICE && i >= 0)
        add_signature(&line, i);
    if (fault == RX_FREED_FOREIGN && rx_index_of_code(closure) >= 0)
        add(&line, " (it is the code of one)");
    end(&line);
}

void rx_fault_given_twice(const struct rx_record *record)
{
    uint32_t i = rx_index_of_record(record);
    struct line line = line_of("ffi_closure_free of a closure by two threads at once: closure ");
    add_address(&line, rx_cell_of(i));
    add_code(&line, rx_code_of(i));
    add_signature(&line, i);
    end(&line);
}

void rx_fault_prepared_after_free(const void *code)
{
    struct line line = line_of("ffi_prep_closure_loc of a closure that is not allocated: code ");
    add_address(&line, code);
    end(&line);
}

void rx_fault_scope(const void *scope)
{
    struct line line = line_of("use of a scope that is not there (freed before?): ");
    add_address(&line, scope);
    end(&line);
}

void rx_fault_free_type(const ffi_type *type)
{
    struct line line = line_of("ffi_rx_type_free of a type that ffi_rx.h has not made: ");
    add_address(&line, type);
    end(&line);
}

void rx_fault_java_aggregate(void)
{
    struct line line = line_of("Java has no struct, complex or vector arguments");
    end(&line);
}

void rx_fault_exception_in_wait(void)
{
    struct line line = line_of("a call through a queue was left by an exception while another one "
                               "waited for the end of the call that it had left");
    end(&line);
}
