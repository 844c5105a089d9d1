/* SPDX-License-Identifier: MIT
 *
 * refused: what the functions of ffi_rx.h refuse when there is no more of something, and which
 * reason they give (src/refuse.c): no view of the trampolines, no key, no memory, no hooks, no
 * number for one more reference. What is refused because it makes no sense is tried beside what
 * does.
 */
#include "attributed.h"
#include "attributes.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

static void do_nothing(ffi_cif *cif, void *result, void **args, void *user_data)
{
    (void)cif;
    (void)result;
    (void)args;
    (void)user_data;
}

static ffi_cif *void_of_nothing(void)
{
    static ffi_cif cif;
    cif = signature(&ffi_type_void, NO_TYPES);
    return &cif;
}

/* ---- Views of the trampolines ---- */

#define NO_SUCH_FILTER 77
#define ALL_WAS_SAID 42

/* By neither way. */
static void forbid_views(void)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mremap, 1, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EACCES),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {LENGTH(code), code};
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
        _exit(NO_SUCH_FILTER);
}

static void ask_for_more(void *unused)
{
    (void)unused;
    void *code;
    forbid_views();
    if (ffi_rx_pool_reserve(RX_POOL_SIZE) != 0 || ffi_rx_pool_reserve(RX_POOL_SIZE + 1) != -EPERM)
        _exit(1);
    for (int i = 0; i < RX_POOL_SIZE; i++)
        if (ffi_closure_alloc(sizeof(ffi_closure), &code) == NULL)
            _exit(2);
    if (ffi_closure_alloc(sizeof(ffi_closure), &code) != NULL)
        _exit(3);
    _exit(ffi_rx_last_error() == FFI_RX_NO_VIEW ? ALL_WAS_SAID : 4);
}

Test(refused, what_the_kernel_does_not_show)
{
    SKIP_UNDER_EMULATOR("a filter would be the emulator's");
    struct ending ending = ending_of(ask_for_more, NULL);
    if (ending.status == NO_SUCH_FILTER)
        cr_skip("there are no filters here");
    cr_expect(eq(int, ending.status, ALL_WAS_SAID), "signal %d: %s", ending.signal, ending.text);
}

/* ---- Keys ---- */

static void take_all_keys(void)
{
    pthread_key_t key;
    while (pthread_key_create(&key, NULL) == 0)
        ;
}

static void ends(void *hook_data)
{
    (void)hook_data;
}

static void expect_no_attributes(const ffi_rx_closure_attr *attr, int why)
{
    void *code;
    ffi_closure *closure = ffi_closure_alloc(sizeof *closure, &code);
    int before = in_use();
    ffi_status status =
        ffi_rx_prep_closure(closure, void_of_nothing(), do_nothing, NULL, code, attr);
    cr_expect(eq(int, status, FFI_BAD_ARGTYPE));
    cr_expect(eq(int, ffi_rx_last_error(), why));
    cr_expect(eq(int, in_use(), before));
    ffi_closure_free(closure);
}

Test(refused, thread_exit_without_a_key)
{
    ffi_rx_closure_attr attr = ATTR(0);
    void *code;
    ffi_closure_alloc(sizeof(ffi_closure), &code); /* the pool's own key is there */
    take_all_keys();
    attr.thread_exit = ends;
    expect_no_attributes(&attr, FFI_RX_NO_MEMORY);
    attr.thread_exit = NULL;
    attr.leave = ends;
    attributed(void_of_nothing(), do_nothing, NULL, &code, &attr);
}

Test(refused, a_queue_without_a_key)
{
    take_all_keys();
    errno = EDOM;
    cr_expect(eq(ptr, ffi_rx_queue_new(), NULL));
    cr_expect(eq(int, errno, EDOM));
    cr_expect(eq(int, ffi_rx_last_error(), FFI_RX_NO_MEMORY));
}

/* ---- Memory ---- */

static struct rlimit unlimited;

static void *volatile got; /* so that no compiler leaves malloc out */

/* Also what malloc has kept, of each size by itself. */
static void take_all_memory(void)
{
    getrlimit(RLIMIT_AS, &unlimited);
    struct rlimit none = {0, unlimited.rlim_max};
    cr_assert(eq(int, setrlimit(RLIMIT_AS, &none), 0));
    for (size_t size = 1 << 20; size > 0; size -= size > 1024 ? size / 2 : 16)
        while ((got = malloc(size)) != NULL)
            ;
}

static void give_memory_back(void)
{
    setrlimit(RLIMIT_AS, &unlimited);
}

Test(refused, queues_and_types_without_memory)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    cr_skip("a sanitizer's run-time has the memory");
#endif
    SKIP_UNDER_EMULATOR("the memory is the emulator's");
    ffi_rx_queue *first = ffi_rx_queue_new();
    ffi_rx_member member = {&ffi_type_sint, 0, 0};
    take_all_memory();
    errno = EDOM;
    ffi_rx_queue *queue = ffi_rx_queue_new();
    int reasons[4] = {ffi_rx_last_error()};
    ffi_type *types[] = {ffi_rx_union_new(TYPES(&ffi_type_sint)), NULL, NULL};
    reasons[1] = ffi_rx_last_error();
    types[1] = ffi_rx_array_new(&ffi_type_sint, 2);
    reasons[2] = ffi_rx_last_error();
    types[2] = ffi_rx_struct_new(&member, 1, 0, 0);
    reasons[3] = ffi_rx_last_error();
    int error = errno;
    give_memory_back();
    cr_expect(eq(int, error, EDOM));
    cr_expect(eq(ptr, queue, NULL));
    for (size_t i = 0; i < LENGTH(types); i++)
        cr_expect(eq(ptr, types[i], NULL), "%zu", i);
    for (size_t i = 0; i < LENGTH(reasons); i++)
        cr_expect(eq(int, reasons[i], FFI_RX_NO_MEMORY), "%zu", i);
    cr_expect(eq(int, ffi_rx_queue_free(first), 0));
}

/* ---- Hooks, and references ---- */

Test(refused, more_hooks_than_there_are_places)
{
    static char data[257];
    ffi_rx_closure_attr attr = ATTR(0);
    void *code;
    attr.leave = ends;
    for (int i = 0; i < 256; i++) {
        attr.hook_data = &data[i];
        ffi_closure_free(attributed(void_of_nothing(), do_nothing, NULL, &code, &attr));
    }
    attr.hook_data = &data[256];
    expect_no_attributes(&attr, FFI_RX_FULL);
}

Test(refused, attributes_that_are_not_known)
{
    expect_no_attributes(&ATTR(0x20000000), FFI_RX_BAD_ARGUMENT);
}

static struct rx_attributes *attributes_of(ffi_closure *closure)
{
    return rx_attributes_of(rx_record_of(rx_index_of_closure(closure)));
}

Test(refused, more_references_than_can_be_counted)
{
    void *code;
    ffi_closure *closure = attributed(void_of_nothing(), do_nothing, NULL, &code, &ATTR(0));
    struct rx_attributes *attributes = attributes_of(closure);
    attributes->life = UINT32_MAX - 1;
    cr_expect(eq(ptr, ffi_rx_closure_retain(closure), closure));
    cr_expect(eq(ptr, ffi_rx_closure_retain(closure), NULL));
    cr_expect(eq(u64, attributes->life, UINT32_MAX));
}

/* ---- One change at a time ---- */

Test(refused, a_target_while_another_is_being_written)
{
    void *code;
    ffi_closure *closure =
        attributed(void_of_nothing(), do_nothing, NULL, &code, &ATTR(FFI_RX_RETARGETABLE));
    attributes_of(closure)->targets.version |= 1; /* as in a child of fork, it stays so */
    cr_expect(eq(int, ffi_rx_closure_retarget(closure, do_nothing, &code), -EBUSY));
    cr_expect(eq(ptr, closure->user_data, NULL));
    ffi_rx_prep_closure(closure, void_of_nothing(), do_nothing, NULL, code,
                        &ATTR(FFI_RX_RETARGETABLE));
    cr_expect(eq(int, ffi_rx_closure_retarget(closure, do_nothing, &code), 0));
    cr_expect(eq(ptr, closure->user_data, &code));
}
