/* SPDX-License-Identifier: MIT
 *
 * filter: from now on this process gets no mapping, and changes none. Returns 0, or -1 and errno.
 */
int forbid_mappings(void);
