/* SPDX-License-Identifier: MIT
 *
 * retarget: a handler and its data that change together while they are read (rx_targets_set and
 * rx_targets_get, in src/retarget.c).
 *
 * Writers write pairs of two equal numbers, each as two steps; readers read a pair in two steps. A
 * signal handler that reads, or writes, where it has interrupted a writer is one more of them, of
 * which fewer interleavings are possible.
 *
 * What is asserted: that what is read is one pair, which was the latest at some moment between the
 * beginning and the end of the reading; that a writer never waits; and that a reader that nobody
 * disturbs is done at once, also when a writer has stopped in the middle.
 *
 *     WRITERS, WRITES    how many, and how many writes are tried by each of them
 *     READERS, READS     the same
 *     NO_SECOND_LOOK     the reader does not look whether the version is still the same
 *     NO_BUSY            the writer does not look whether somebody else is writing
 */
byte version; /* times two; odd while somebody writes */
byte fun[2];
byte data[2];

/* Not part of the algorithm: the number of the latest pair, and the next that nobody has. */
byte latest;
byte next = 1;

active [WRITERS] proctype writer()
{
    byte v, n, made;
    do
    :: made < WRITES ->
        made++;
        v = version - version % 2;
        atomic {
            if
#ifndef NO_BUSY
            :: version == v -> version = v + 1
            :: else -> goto busy
#else
            :: version = v + 1
#endif
            fi;
            n = next;
            next++
        }
        fun[(v / 2 + 1) % 2] = n;
        data[(v / 2 + 1) % 2] = n;
        atomic {
            version = v + 2;
            latest = n
        }
busy:
        skip
    :: else -> break
    od
}

active [READERS] proctype reader()
{
    byte now, before, f, d, made, oldest, tries;
    do
    :: made < READS ->
        made++;
        tries = 0;
        atomic {
            oldest = latest;
            now = version - version % 2
        }
        do
        :: true ->
            before = now;
            f = fun[before / 2 % 2];
            d = data[before / 2 % 2];
            now = version - version % 2;
#ifndef NO_SECOND_LOOK
            if
            :: now == before -> break
            :: else ->
                tries++;
                assert(tries <= latest) /* only a new version makes it try again */
            fi
#else
            break
#endif
        od;
        assert(f == d);
        assert(f >= oldest && f <= latest)
    :: else -> break
    od
}
