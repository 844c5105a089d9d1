/* SPDX-License-Identifier: MIT
 *
 * ffi_rx.h: what run-times build on top of libffi, in the library itself.
 *
 * libffi hands out a callback and leaves the rest to its user. This header has the rest: a pool
 * whose capacity is known, closures that keep errno, run hooks, end after one call, change their
 * target or are shared, calls that are moved to the thread that owns a run-time, and types that
 * ffi_type cannot say. Who uses none of it pays nothing for it. ffi.h stays as it is, and its
 * functions and these may be mixed: a closure of the pool is an ffi_closure, a type an ffi_type.
 *
 * Is it there? A program that may also run on another libffi.so.8 asks before it uses any of it:
 *
 *     #pragma weak ffi_rx_version                      (or dlsym (RTLD_DEFAULT, "ffi_rx_version"))
 *     if (ffi_rx_version != NULL)
 *         ...
 *
 * Errors. Functions that can fail return 0 or a negative errno value, NULL, or an ffi_status; none
 * sets errno. Misuse that would corrupt memory ends the process with one line on stderr, as in
 * ffi.h.
 *
 * Structs that the caller fills begin with `size`, their sizeof, so that they can grow: a program
 * compiled with an older or newer header runs. What an older library does not know must be 0.
 *
 * Threads and signals. Any function may be called from any thread, unless it says who may. Those
 * that may be called in signal handlers and in a child of fork say so; the others may not.
 */
#ifndef FFI_RX_H
#define FFI_RX_H

#include "ffi.h"

#ifdef __cplusplus
extern "C" {
#endif

/* The version of rxffi that this header is of. */
#define FFI_RX_VERSION "0.1.0"

/* That of the library that runs, a static string: "0.1.0". Callable anywhere. */
FFI_API const char *ffi_rx_version(void);

/* ---- The pool ------------------------------------------------------------------------------- */

/* What is in the pool, in closures. The caller sets size to the sizeof of this; what a later
 * library adds, an older one leaves as it was. */
typedef struct {
    size_t size;
    size_t builtin;     /* part of the library */
    size_t capacity;    /* that there is room for without growing; builtin at first */
    size_t live;        /* allocated and not freed */
    size_t peak;        /* the most that were in use at once: see below */
    size_t quarantined; /* freed, and not handed out again yet */
    size_t chunks;      /* times that the pool has grown, by builtin each time */
    size_t limit;       /* of ffi_rx_pool_set_limit; 0 for none */
    size_t allocations; /* so far */
    size_t refusals;    /* allocations that failed so far */
} ffi_rx_pool_info;

/* Writes how the pool stands to *info. It looks at every closure that was ever allocated, so it
 * takes some time where there are many, and while other threads allocate and free it may miss what
 * they do meanwhile.
 *
 * Each thread keeps up to 32 free closures to itself. In peak, these count as in use, so it may be
 * too large by that for each thread, and it is exact while the pool has a limit. In allocations,
 * what other threads have freed is missing until they next use the shared part of the pool.
 * Callable in signal handlers and in a child of fork. Returns 0; -EINVAL if info is NULL or
 * info->size is too small. */
FFI_API int ffi_rx_pool_query(ffi_rx_pool_info *info);

/* Sees to it that n more closures, beside those that are in use now, can be allocated without a
 * system call of the library's: for a program that is about to lock itself down. They are there for
 * all threads, not put aside for the calling one. Their memory is taken as it is used. A closure
 * with attributes takes the room of two. Callable in signal handlers and in a child
 * of fork. Returns 0; -ENOMEM without memory, address space or mappings; -EPERM if the kernel does
 * not show the trampolines a second time; -ENOSPC if n is more than the pool can ever have (67
 * million, less with --with-pool). */
FFI_API int ffi_rx_pool_reserve(size_t n);

/* Lets no more than n closures be in use at once, 0 for any number: ffi_closure_alloc returns NULL
 * beyond that. If more are in use already, they stay. While there is a limit, each allocation and
 * each free is counted, which makes them slower. What other threads keep to themselves counts as in
 * use until they next use the shared part of the pool; so do, in a child of fork, the closures that
 * the other threads of the parent had kept. At no time are there more than n that were allocated
 * under it. Callable in signal handlers and in a child of fork. Returns 0. */
FFI_API int ffi_rx_pool_set_limit(size_t n);

/* Why something was refused. */
enum {
    FFI_RX_NO_ERROR,    /* nothing was */
    FFI_RX_AT_LIMIT,    /* ffi_rx_pool_set_limit says no more */
    FFI_RX_NO_MEMORY,   /* no memory, no address space, too many mappings */
    FFI_RX_NO_VIEW,     /* the kernel does not show the trampolines a second time */
    FFI_RX_FULL,        /* the pool is as large as it can be, or there are 256 different hooks */
    FFI_RX_BAD_ARGUMENT /* an argument is not valid */
};

/* Why this thread was refused a closure, or an object of this header, when that happened last: one
 * of the above. What succeeds does not change it. Callable in signal handlers and in a child of
 * fork. */
FFI_API int ffi_rx_last_error(void);

/* The same in words: a static string, also for a number that is none of the above. Callable
 * anywhere. */
FFI_API const char *ffi_rx_strerror(int error);

/* ---- Closures ------------------------------------------------------------------------------- */

/* The closure that C calls by code, as ffi_closure_alloc returned it; NULL if code is not the code
 * of a closure that is allocated at present. Callable in signal handlers and in a child of fork. */
FFI_API ffi_closure *ffi_rx_closure_of(const void *code);

/* The code that ffi_closure_alloc gave with closure; NULL if it is not allocated at present. For a
 * closure of more than 128 bytes all that are allocated are looked at. Callable in signal handlers
 * and in a child of fork. */
FFI_API void *ffi_rx_code_of(const ffi_closure *closure);

/* ---- Owner threads --------------------------------------------------------------------------- */

/* A queue takes calls to the thread that made it, its owner: the thread of a run-time, of an event
 * loop or of a toolkit, where alone some code may run. Another thread that calls through the queue
 * sleeps until the owner has made the call for it.
 *
 * What comes when. Each call is made once, and a queue's are begun in the order of arrival. The
 * owner makes them in ffi_rx_queue_run, and while it sleeps itself in a call that it has handed to
 * another queue: so A that calls B that calls A gets on, as does any longer ring. Nothing is made
 * while the owner does something else, or waits by other means; a callback that has to wait for
 * others who may need this thread runs the queue meanwhile. A callback may do anything, also call,
 * run and free the queue.
 *
 * What a call sees. It runs on the owner's stack with the owner's errno and thread-local data, on
 * the very arguments of the caller, whose errno stays as it is. Nothing is copied or allocated.
 *
 * Exceptions. A C++ exception, pthread_exit or cancellation that leaves a call does not reach the
 * caller, who gets a result of zeros. It goes on in the owner: out of ffi_rx_queue_run, or out of
 * the call that the owner was asleep in, when that is over. What waits stays, for the next run.
 * longjmp must not leave a call that was handed over, neither on the owner's side nor, from a
 * signal handler, on the caller's; nor may a thread be cancelled asynchronously in there.
 *
 * The end. From the end of a queue on nothing runs: whoever waits wakes with a result of zeros, and
 * whoever calls later gets the same at once; what the owner is in the middle of gets done. A queue
 * ends when it is freed, and when its owner's thread ends, by a destructor of a pthread key (so not
 * when main returns, which ends the process). Thread-local data that is destroyed later cannot call
 * through it any more.
 *
 * Signals and fork. Calls through a queue may be made in signal handlers, also by the owner, where
 * they run at once, and ffi_rx_queue_run may be used there. In a child of fork (not of _Fork, nor
 * of a bare system call, which nobody is told of) the parent's queues are like ones that have
 * ended: calls give zeros, and ffi_rx_queue_run -ECANCELED. But the thread that owned a queue, if
 * that is who forked, still makes its own calls at once; it may free the queue, and make others. It
 * may also return from the call in which it forked, for which nobody waits there. */
typedef struct ffi_rx_queue ffi_rx_queue;

/* Makes a queue that the calling thread owns; ffi_rx_queue_free takes it back. A thread may have
 * several. Returns NULL when there is no memory, or the first time in a process, no pthread key:
 * FFI_RX_NO_MEMORY for ffi_rx_last_error. Not for signal handlers. */
FFI_API ffi_rx_queue *ffi_rx_queue_new(void);

/* The descriptor of an eventfd that can be read while calls wait: for poll, epoll or an event loop,
 * which then calls ffi_rx_queue_run (queue, 0). Now and then it is readable although nothing waits;
 * the next run takes that back. It is the library's: to be polled, and nothing else. It is made
 * when it is first asked for, close-on-exec, and closed when the queue ends. For the owner alone.
 * Returns a descriptor; -EPERM in another thread; -ECANCELED when the queue has ended; -EMFILE,
 * -ENFILE or whatever else eventfd says when there is none to be had. Then the queue works without,
 * and may be asked again. Not for signal handlers. */
FFI_API int ffi_rx_queue_fd(const ffi_rx_queue *queue);

/* Makes the calls that wait, and returns how many; those that come in meanwhile are left for the
 * next time. When none waits: with timeout_ms 0 returns 0 at once; above 0 waits for the first
 * call, but no longer than so many milliseconds (of CLOCK_MONOTONIC); below 0 waits until there is
 * one. Signals do not end it, and it is no cancellation point. To wake it, another thread calls
 * something through the queue. For the owner alone; may be used inside a call that a run has made.
 * Returns -EPERM in another thread; -ECANCELED when the queue has ended. */
FFI_API int ffi_rx_queue_run(ffi_rx_queue *queue, int timeout_ms);

/* ffi_call (cif, fn, rvalue, avalue), made by the owner; by the caller itself when that is the
 * owner. For any thread, and in signal handlers.
 * Returns 0, or -ECANCELED when the queue has ended, or the call was left by an exception: then the
 * result is all zeros. The queue must not have been freed before. */
FFI_API int ffi_rx_queue_call(ffi_rx_queue *queue, ffi_cif *cif, void (*fn)(void), void *rvalue,
                              void **avalue);

/* Ends the queue, and gives it back; the memory stays for the closures that name it. Inside a call
 * that a run has made too. For the owner; when the owner's thread has ended, for any thread; in a
 * child of fork, for any.
 * Returns 0; -EPERM, having done nothing, in another thread. Not for signal handlers. */
FFI_API int ffi_rx_queue_free(ffi_rx_queue *queue);

/* ---- Closures with attributes --------------------------------------------------------------- */

/* A closure with attributes is a closure of ffi_closure_alloc that is prepared by
 * ffi_rx_prep_closure in place of ffi_prep_closure_loc. It takes the room of two in the pool. Its
 * calls go through an entry of their own and cost more than those of others, by what is asked for
 * (bench/README.md has figures).
 *
 * How long it lives. ffi_closure_free of a closure with attributes waits for nobody, and takes
 * nothing away from calls that are inside: the closure can be called no more, and its memory goes
 * back to the pool when the last call has left it, whichever thread that is in. So C code may be
 * calling it in one thread while another frees it, as long as no new call begins. A call that ends
 * in an exception, or in the unwinding of pthread_exit or of a cancellation, has left, too.
 *
 * With a queue, the handler runs in the thread that owns it, and what is said of errno is about
 * that thread's. The closure keeps the queue's memory: after the end of the queue its calls give
 * zeros, as long as the closure lives. (Whoever frees the last closure of a queue that was freed
 * frees that memory, and should not do so in a signal handler.) */

/* The flags of a closure. */

/* errno is, for the C code that called the closure, what it was before. The handler begins with
 * that value, too. */
#define FFI_RX_KEEP_ERRNO 0x1

/* It frees itself with its first call: the handler need not, and may not. Its memory goes back to
 * the pool when that call has left. A second call, also from inside the first, is a call of a freed
 * closure, which ends the process. If it was retained, it stays allocated until it is released as
 * often, but can be called no more. One that was never called is freed by ffi_closure_free. */
#define FFI_RX_ONE_SHOT 0x2

/* ffi_rx_closure_retarget is possible. The handler and its data are then the closure's attributes:
 * who writes to `fun` and `user_data` himself changes nothing. A call has those that are there when
 * the hook `enter` has returned. */
#define FFI_RX_RETARGETABLE 0x4

/* Calls that are inside are not counted, which saves two locked instructions for each call. Then
 * the closure goes back to the pool when it is freed, as one without attributes: its owner sees to
 * it that no other thread is inside. (The handler itself may free its closure, as always.) The one
 * call of FFI_RX_ONE_SHOT is counted all the same. */
#define FFI_RX_UNCOUNTED 0x8

/* A call that longjmp leaves has left, too: `leave` is called, errno restored, the call no longer
 * inside. Only glibc can tell, in a static program perhaps not even that; where nothing can, the
 * flag is refused. longjmp calls these on the stack of the call, before it leaves that, and goes by the
 * addresses of frames: so it must not leave a handler for another stack, nor may coroutines
 * interleave calls of such closures in one thread. */
#define FFI_RX_LONGJMP 0x10

/* Hooks. enter (hook_data, first) is called before the handler, and leave (hook_data) after it, in
 * the thread that the handler runs in; `first` is 1 in the first call of that thread. leave is also
 * called when an exception passes, or the unwinding of pthread_exit or a cancellation, in which
 * other unwinders than those that keep _Unwind_GetGR to themselves (gcc -static-libgcc) are known;
 * and when longjmp leaves, with FFI_RX_LONGJMP. If enter itself ends in an exception, neither the
 * handler nor leave is called. leave and thread_exit must return.
 *
 * thread_exit (hook_data) is called when a thread ends that has had a first call: by a pthread key,
 * so among the destructors of other keys, and not in a thread that ends with the process (by
 * returning from main, exit or _exit). Closures that it calls are no first calls. If closures are
 * called after it, by other destructors, the first of these is a first call again and thread_exit
 * comes again, PTHREAD_DESTRUCTOR_ITERATIONS times at most. In a child of fork, the thread that is
 * left has had the first calls that it had in the parent; those of the other threads are gone
 * without thread_exit. Where the C library has no memory for the key in a thread, thread_exit is
 * not called for it.
 *
 * All closures with the same three functions and the same hook_data are taken together, for `first`
 * and thread_exit; hook_data must stay as long as any thread that has called. There are 256
 * different hooks for the process, which are never given back, and take the room of a closure each.
 */

/* What a closure is to have. The caller sets size to the sizeof of this, and what is not asked for
 * to 0. Nothing keeps a pointer to it. */
typedef struct {
    size_t size;
    unsigned flags;                            /* FFI_RX_*, or'ed */
    void (*enter)(void *hook_data, int first); /* hooks: NULL for none */
    void (*leave)(void *hook_data);
    void (*thread_exit)(void *hook_data);
    void *hook_data;
    ffi_rx_queue *queue; /* whose owner makes the calls; NULL: whoever calls makes them */
} ffi_rx_closure_attr;

/* Prepares a closure with attributes. The first five arguments are those of ffi_prep_closure_loc,
 * but that code must be a code address of ffi_closure_alloc. attr may be NULL: that is
 * ffi_prep_closure_loc. A closure may be prepared again, while no call is inside; references to it
 * stay as they are. ffi_prep_closure_loc takes the attributes away again, but not the counting of
 * calls.
 *
 * Callable in a child of fork, and in signal handlers if thread_exit is NULL. Returns FFI_OK;
 * FFI_BAD_TYPEDEF if closure, cif, fun or code is NULL; FFI_BAD_ABI if that of the cif is not one
 * of ffi_abi; FFI_BAD_ARGTYPE if attr has what this library does not know, if code is not of the
 * pool, or if the pool has no room for the attributes, or there are too many hooks. Then the
 * closure is as it was. Ends the process if the closure was freed before. */
FFI_API ffi_status ffi_rx_prep_closure(ffi_closure *closure, ffi_cif *cif,
                                       void (*fun)(ffi_cif *cif, void *rvalue, void **avalue,
                                                   void *user_data),
                                       void *user_data, void *code,
                                       const ffi_rx_closure_attr *attr);

/* Adds a reference to a closure, so that it can be shared: it lives until each reference is given
 * up, and the call that is inside has left. Who calls this holds a reference himself, for as long
 * as the call takes; the first is that of ffi_closure_alloc. closure is what ffi_closure_alloc
 * returned, also where the prepared ffi_closure lies elsewhere. A closure without attributes gets
 * some, of which nothing is noticed but that it takes the room of two and its calls are counted
 * from now on; those that are inside already are not known, nor waited for.
 *
 * Callable in signal handlers and in a child of fork (where each process has closures and
 * references of its own). Returns closure; NULL if it is NULL or is not an allocated closure of the
 * pool, if the pool has no room for its attributes, or if it has 2^32 - 1 references. */
FFI_API ffi_closure *ffi_rx_closure_retain(ffi_closure *closure);

/* Gives a reference up. ffi_closure_free does the same (but of a closure of a scope, see there):
 * whoever is last ends the closure. closure may be NULL. Who gives up more references than there
 * are ends the process, if that is noticed: as with ffi_closure_free, a closure that is gone may be
 * somebody else's. Callable in signal handlers (if the closure was allocated with no more than 128
 * bytes) and in a child of fork. */
FFI_API void ffi_rx_closure_release(ffi_closure *closure);

/* Gives a closure another handler and user data, which change together: a call has both of before
 * or both of afterwards, also while other threads call and while a signal handler calls that has
 * interrupted this. closure is what ffi_closure_alloc returned. Its fun and user_data show the
 * latest. Calls that are inside go on as they began: what they use is to be kept until they have
 * left. Nothing waits. Callable in signal handlers and in a child of fork. Returns 0; -EINVAL if
 * closure or fun is NULL, or closure was not prepared with FFI_RX_RETARGETABLE; -EBUSY if another
 * thread, or the code that a signal handler has interrupted, is doing the same at this moment, and
 * in a child of fork for good if it was when the process forked, until the closure is prepared
 * again. */
FFI_API int ffi_rx_closure_retarget(ffi_closure *closure,
                                    void (*fun)(ffi_cif *cif, void *rvalue, void **avalue,
                                                void *user_data),
                                    void *user_data);

/* ---- Scopes --------------------------------------------------------------------------------- */

/* A scope has closures that end together, as what was handed to C for the time of a call, a request
 * or a document. Scopes lie in scopes, and end with them.
 *
 * A closure of a scope is one as any other: it may be prepared with or without attributes, and
 * shared. Its first reference is the scope's, to give up at its end, until one of these does so
 * earlier: ffi_closure_free of the closure, which takes it out of its scope, or its call, if it is
 * FFI_RX_ONE_SHOT. Other references are their owners' to give up by ffi_rx_closure_release; they
 * keep the closure beyond the scope, as do calls that are inside if they are counted. The calls of
 * one that was prepared by ffi_prep_closure_loc, and never retained, are not counted.
 *
 * A closure of a scope takes the room of two in the pool, a scope that of one. Of a closure that
 * has ended before its scope, one of the two comes back when the scope allocates or ends.
 *
 * A scope, with all scopes that it lies in or that lie in it, is for one thread at a time: who
 * hands them on to another thread sees to that. Its closures may be called, retained, released and
 * freed in any thread at any time; none may be freed by ffi_closure_free when its scope is. */
typedef struct ffi_rx_scope ffi_rx_scope;

/* Makes a scope inside of parent, or of none if that is NULL. It lasts until ffi_rx_scope_free of
 * it, or of one that it lies in. Callable in a child of fork, and in signal handlers if parent is
 * NULL or the handler's own. Returns NULL if the pool has no room: ffi_rx_last_error tells why.
 * Ends the process if parent is no scope. */
FFI_API ffi_rx_scope *ffi_rx_scope_new(ffi_rx_scope *parent);

/* ffi_closure_alloc (size, code), of a closure that the scope frees: size is in bytes, and *code is
 * set to the address that C calls. Callable in a child of fork, and in signal handlers for a scope
 * of the handler's own, if size is not above 128. Returns NULL, having changed nothing, if code is
 * NULL, if there is no room, or at the limit of ffi_rx_pool_set_limit, to which it is one closure:
 * ffi_rx_last_error tells why. Ends the process if scope is none. */
FFI_API void *ffi_rx_scope_closure_alloc(ffi_rx_scope *scope, size_t size, void **code);

/* Frees a scope with its closures and the scopes that lie in it: an inner scope before an outer
 * one, the latest first, and of each its latest closure first. NULL is harmless. Nothing waits, and
 * no code of the client's is called. Callable where ffi_closure_free of each closure is. Ends the
 * process if scope is none, as when it was freed before, if that is noticed: the address may be
 * another's by then. */
FFI_API void ffi_rx_scope_free(ffi_rx_scope *scope);

/* ---- Calls ---------------------------------------------------------------------------------- */

/* ffi_call with an errno of its own: *err is in errno when fn starts, and what fn leaves there is
 * in *err afterwards. The errno of the calling thread is untouched. Both are so also when fn is
 * left by an exception, or by the unwinding of pthread_exit or a cancellation, as far as the
 * unwinder is known (see the hooks above). longjmp that leaves fn is not noticed: errno is then
 * what fn left, and *err what it was. The first four arguments are those of ffi_call; err must not
 * be NULL. Callable where ffi_call is. */
FFI_API void ffi_rx_call_errno(ffi_cif *cif, void (*fn)(void), void *rvalue, void **avalue,
                               int *err);

/* ---- Types that ffi_type cannot say --------------------------------------------------------- */

/* Unions, arrays, and structs with bit-fields, packed or over-aligned. They are passed and returned
 * as C compilers do it, by every calling convention of ffi.h, in calls and in closures; they may be
 * members of each other and of structs that ffi.h describes.
 *
 * Each function below that ends in _new makes a type, which is the caller's until he gives it to
 * ffi_rx_type_free. It points to its members' types: these are his too, must not change, and live
 * as long as it does. Its `type` is none of ffi.h's codes, its size and alignment are final, and
 * `elements` lists the types of its members, of an array that of its element once; all of it may be
 * read and none written. A copy of the ffi_type stands for it while it lives.
 *
 * They return NULL, of which ffi_rx_last_error tells the reason, if there is no memory
 * (FFI_RX_NO_MEMORY; they call calloc), and if C has no such type (FFI_RX_BAD_ARGUMENT): a member
 * is NULL, void, malformed as ffi_prep_cif understands it, or of no size; there is no member; types
 * of this kind are nested more than 256 deep; the size would be more than SIZE_MAX / 64. A struct
 * of ffi.h's among the members whose size is 0 is laid out, as ffi_prep_cif does it. */

/* The union of the members, a list that ends in NULL and is not looked at again. */
FFI_API ffi_type *ffi_rx_union_new(ffi_type *const *members);

/* The array of count elements, for members: C passes no array, and ffi_prep_cif refuses it as an
 * argument and as a result. Returns NULL also when count is 0, as in a flexible last member, or the
 * size of element is no multiple of its alignment. */
FFI_API ffi_type *ffi_rx_array_new(ffi_type *element, size_t count);

/* ffi_rx_member.flags */
#define FFI_RX_BIT_FIELD 0x1 /* a bit-field; not needed unless bits is 0 */
#define FFI_RX_UNNAMED 0x2   /* a bit-field without a name, which is padding */

/* A member of a struct. bits is the width of a bit-field; 0 in what is none, and in one of no
 * width, which ends the unit before it and never has a name. */
typedef struct {
    ffi_type *type;
    unsigned bits;
    unsigned flags;
} ffi_rx_member;

/* The struct of members[0..n-1], which are not looked at again. pack is 0, or as in #pragma pack 1,
 * 2, 4, 8 or 16: no member is more aligned than that, and bit-fields follow each other without
 * regard to the units of their types. align is 0, or a power of two up to 32768 to which the whole
 * is aligned at least, as by gcc's attribute.
 *
 * Returns NULL also when pack or align is something else, flags are unknown, a bit-field is wider
 * than its type or that is no integer, FFI_RX_UNNAMED is said of what is no bit-field, or no member
 * has a name. */
FFI_API ffi_type *ffi_rx_struct_new(const ffi_rx_member *members, size_t n, unsigned pack,
                                    unsigned align);

/* Where the members lie: writes to bit_offsets[i] the offset in bits of type->elements[i], unnamed
 * bit-fields too. bit_offsets has room for as many as there are; NULL only asks.
 * Returns 0, or -EINVAL if type is none of the above (or a copy of one). Callable anywhere. */
FFI_API int ffi_rx_struct_layout(const ffi_type *type, size_t *bit_offsets);

/* Takes back a type that the above have made. Prepared cifs that have it must not be used from then
 * on. NULL is harmless. Any other address ends the process with one line on stderr. */
FFI_API void ffi_rx_type_free(ffi_type *type);

#ifdef __cplusplus
}
#endif
#endif
