/* SPDX-License-Identifier: MIT
 *
 * keys: what it would cost to protect the library's records: two writes of the register of
 * protection keys around each write of a record, or a secret that every word there is mixed with.
 * SECURITY.md has the figures.
 *
 *     cc -O2 -o keys bench/keys.c && ./keys      (x86_64)
 *
 * It is no libffi: a table of a few words that is written and jumped through as the records are,
 * with and without. The figures are nanoseconds, the best of many short rounds, and to be added to the
 * library's own.
 */
#define _GNU_SOURCE
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

#define TIMES 1000

static uintptr_t *record, secret;
static int key;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1e9 + t.tv_nsec;
}

static void target(void)
{
    __asm__ volatile("" ::: "memory");
}

static inline void permit(unsigned rights)
{
    __asm__ volatile("wrpkru" ::"a"(rights), "c"(0), "d"(0) : "memory");
}

/* ---- A closure's life has three writes: when it is handed out, prepared and freed ---- */

static void write_plain(void)
{
    for (int i = 0; i < 3; i++)
        __atomic_store_n(record, (uintptr_t)target, __ATOMIC_RELEASE);
}

static void write_with_keys(void)
{
    for (int i = 0; i < 3; i++) {
        permit(0);
        __atomic_store_n(record, (uintptr_t)target, __ATOMIC_RELEASE);
        permit(2u << 2 * key); /* reading only */
    }
}

static void write_with_secret(void)
{
    for (int i = 0; i < 3; i++)
        __atomic_store_n(record, (uintptr_t)target ^ secret, __ATOMIC_RELEASE);
}

/* ---- A callback jumps once ---- */

static void jump_plain(void)
{
    __asm__ volatile("call *%0" ::"m"(*record)
                     : "memory", "rax", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11");
}

static void jump_with_secret(void)
{
    __asm__ volatile("mov %0, %%r11; xor %1, %%r11; call *%%r11" ::"m"(*record), "m"(secret)
                     : "memory", "rax", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11");
}

static double best(void (*work)(void))
{
    double least = 1e18;
    for (int round = 0; round < 5000; round++) {
        double start = now();
        for (int i = 0; i < TIMES; i++)
            work();
        double took = (now() - start) / TIMES;
        least = took < least ? took : least;
    }
    return least;
}

int main(void)
{
    record = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (record == MAP_FAILED)
        return 1;
    double plain = best(write_plain);
    printf("alloc + prep + free: a secret adds %.1f\n", best(write_with_secret) - plain);
    *record = (uintptr_t)target;
    plain = best(jump_plain);
    secret = (uintptr_t)rand() << 20;
    *record ^= secret;
    printf("callback: a secret adds %.1f\n", best(jump_with_secret) - plain);
    plain = best(write_plain);
    key = pkey_alloc(0, 0);
    if (key < 0 || pkey_mprotect(record, 4096, PROT_READ | PROT_WRITE, key) != 0) {
        puts("no protection keys here");
        return 0;
    }
    printf("alloc + prep + free: keys add %.1f\n", best(write_with_keys) - plain);
}
