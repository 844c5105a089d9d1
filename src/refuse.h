/* SPDX-License-Identifier: MIT
 *
 * refuse: why this thread was refused something. It is kept for who asks (ffi_rx_last_error); errno
 * is left alone.
 */
#ifndef RX_REFUSE_H
#define RX_REFUSE_H

#include "rx.h"

/* Why the pool could not grow, when this thread tried last: FFI_RX_*. */
extern RX_HIDDEN RX_TLS int rx_why_not;

/* This is why what the thread asks for is not to be had. */
void rx_refuse(int why);

#endif
