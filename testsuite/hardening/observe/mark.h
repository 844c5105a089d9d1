/* SPDX-License-Identifier: MIT
 *
 * mark: how a program tells its observer where it is. A mark is a system call that no kernel has:
 * it needs no descriptor, no memory and no /proc, and gets through every filter that these tests
 * set up. The observer sees it by ptrace; without one it does nothing.
 */
#ifndef HARDENING_MARK_H
#define HARDENING_MARK_H

#define MARK_CALL 0x7278

enum mark {
    MARK_BEGIN = 1, /* from here on no rule may be broken, in this process and its descendants */
    MARK_END,       /* up to here */
    MARK_LIBRARY,   /* an address in the libffi that is used */
    MARK_CODE,      /* an address that ffi_closure_alloc gave as code */
    MARK_WRONG,     /* a text: what went wrong */
    MARK_SKIP,      /* a text: why the condition cannot be had on this machine */
    MARK_FIGURE,    /* a text: what was measured */
    MARK_MEMORY,    /* a number of closures that live now, and did not at the last such mark of 0 */
};

#endif
