/* SPDX-License-Identifier: MIT
 *
 * hostile: what the programs of this folder share.
 *
 * A condition is what the machine denies to a process; a scene is what the process does with
 * closures. under.c puts them together. A program runs below `observe`, to which it speaks by
 * marks.
 */
#ifndef HARDENING_HOSTILE_H
#define HARDENING_HOSTILE_H

#include <ffi.h>
#include <stdbool.h>
#include <stddef.h>

#include "../observe/mark.h"

/* ---- marks.c ---- */

void mark(enum mark, const void *value);
/* Tells the observer, and ends the process. */
void wrong(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));
void skip(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));
void figure(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Seconds for what takes none, and hangs if it takes so long: HOSTILE_PATIENCE, or 20. */
unsigned patience(void);

/* ---- callbacks.c: the libffi that is used, and closures with right results ---- */

struct api {
    void *(*alloc)(size_t, void **);
    void (*free)(void *);
    ffi_status (*prep_closure)(ffi_closure *, ffi_cif *,
                               void (*)(ffi_cif *, void *, void **, void *), void *, void *);
    ffi_status (*prep_cif)(ffi_cif *, ffi_abi, unsigned, ffi_type *, ffi_type **);
    ffi_type *type_int, *type_short, *type_float;
    void *library; /* an address in it */
};

extern struct api api;
/* Shows the library to the observer, and prepares the signature that all callbacks have. */
void api_use(struct api);

/* A callback that gives number plus something of its arguments. */
struct callback {
    ffi_closure *closure;
    void *code;
    int number;
};

bool callback_make(struct callback *, int number); /* false when there is none to be had */
void callback_must_make(struct callback *, int number);
void callback_prepare(struct callback *, int number); /* again */
bool callback_is_right(const struct callback *);
void callback_free(struct callback *);

/* n of them: made, called, half of them freed and made again, called, freed. */
void callbacks_use(int n);

/* ---- Conditions ---- */

struct condition {
    const char *name;
    void (*enter)(void);
    /* Whether it bites: tried when it has been entered. NULL: entering has shown it. */
    bool (*bites)(void);
    /* To be called when the scene is over; may be NULL. */
    void (*leave)(void);
};

extern const struct condition policy_conditions[], file_conditions[], place_conditions[],
    limit_conditions[], library_conditions[];

/* ---- Scenes ---- */

struct scene {
    const char *name;
    void (*play)(int n);
};

extern const struct scene scenes[];

void scene_fork_beside_threads(int n);
void scene_surge(int n);
void scene_storm(int n);
void scene_exchange(int n);
void scene_signals(int n);
void scene_live(int n);

#endif
