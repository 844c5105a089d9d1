/* SPDX-License-Identifier: MIT
 *
 * chunk: how a chunk is made and found (rx_chunk_have in src/chunk.c, rx_chunk_of in src/chunk.h,
 * rx_stock_untouched in src/stock.c).
 *
 * Each thread takes TAKES times one or two untouched indices, and looks for a chunk by its address
 * whenever an index of it has been handed out to anyone. Making a chunk may fail, the kernel gives
 * any address that is free at the time, and one that was dropped may be given again, for another
 * chunk. Addresses are tags here, 1 to TAGS, two of which begin at the same slot of the table.
 *
 * What is asserted: that no index is handed out twice, and none is left out; that who looks for a
 * chunk finds it, and its own number; that the table never says anything that is not so, or twice;
 * that at the end each address that was made is a chunk's, and no chunk's was dropped.
 *
 *     THREADS, TAKES, CHUNKS, SIZE, TAGS, SLOTS   the bounds; SIZE indices are in a chunk
 *     NO_HELP      who finds a chunk that is there does not see to the table
 *     EARLY_ENTRY  a chunk is in the table before it is known whether it will be used
 *
 * With each of the last two there is a counterexample.
 */
#define FREE 0
#define MAPPED 1
#define A_CHUNK 2

byte offset[CHUNKS];    /* of chunk 1, 2...: its tag, 0 if it is not there; offset[0] is not used */
byte slot_tag[SLOTS];   /* 0: free */
byte slot_chunk[SLOTS];
byte mark;

/* Not part of the algorithm. */
byte address[TAGS + 1];
bool handed_out[CHUNKS * SIZE];
byte ended;

/* Puts the pair into the table. */
inline enter(tag, n)
{
    probe = tag / 2 % SLOTS;
    do
    :: atomic {
            if
            :: slot_tag[probe] == 0 ->
#ifndef EARLY_ENTRY
                assert(offset[n] == tag);
#endif
                slot_tag[probe] = tag;
                slot_chunk[probe] = n;
                break
            :: slot_tag[probe] == tag && slot_chunk[probe] == n -> break
            :: else ->
                assert(slot_tag[probe] != tag);
                probe = (probe + 1) % SLOTS
            fi
        }
    od
}

/* Sets answer: is chunk n there? */
inline is_there(n)
{
    if
    :: n == 0 -> answer = true
    :: else ->
        seen = offset[n];
        answer = (seen != 0);
#ifndef NO_HELP
        if
        :: seen != 0 -> enter(seen, n)
        :: else
        fi
#endif
    fi
}

/* Sets made to an address, to 0 if it cannot be. */
inline grow()
{
    atomic {
        made = 0;
        tag = 1;
        do
        :: tag <= TAGS && address[tag] == FREE ->
            address[tag] = MAPPED;
            made = tag;
            break
        :: tag <= TAGS -> tag++
        :: else -> break
        od;
        tag = 0
    }
}

/* Sets answer: is chunk n there now? */
inline have(n)
{
    is_there(n);
    if
    :: answer
    :: else ->
        grow();
        if
        :: made == 0
        :: else ->
#ifdef EARLY_ENTRY
            enter(made, n);
#endif
            atomic {
                if
                :: offset[n] == 0 ->
                    offset[n] = made;
                    address[made] = A_CHUNK;
                    lost = false
                :: else -> lost = true
                fi
            }
            if
            :: lost ->
                atomic {
                    assert(address[made] == MAPPED);
                    address[made] = FREE
                }
            :: else
#ifdef NO_HELP
                -> enter(made, n)
#endif
            fi;
            is_there(n)
        fi;
        made = 0
    fi
}

/* Takes up to `want` indices. */
inline take_untouched()
{
    start = mark;
    do
    :: start == CHUNKS * SIZE -> break
    :: else ->
        have(start / SIZE);
        if
        :: !answer -> break
        :: else
        fi;
        got = SIZE - start % SIZE;
        got = (got < want -> got : want);
        atomic {
            if
            :: mark == start ->
                mark = start + got;
                do
                :: got > 0 ->
                    got--;
                    assert(!handed_out[start + got]);
                    handed_out[start + got] = true
                :: else -> break
                od;
                break
            :: start = mark
            fi
        }
    od
}

/* Looks for chunk n, of which an index has been handed out. */
inline find(n)
{
    tag = offset[n];
    assert(tag != 0);
    probe = tag / 2 % SLOTS;
    do
    :: atomic {
            assert(slot_tag[probe] != 0);
            if
            :: slot_tag[probe] == tag ->
                assert(slot_chunk[probe] == n);
                break
            :: else -> probe = (probe + 1) % SLOTS
            fi
        }
    od
}

inline forget()
{
    d_step {
        start = 0;
        got = 0;
        want = 0;
        probe = 0;
        seen = 0;
        tag = 0;
        answer = false;
        lost = false
    }
}

inline check_end()
{
    start = 0;
    do
    :: start < CHUNKS * SIZE ->
        assert(handed_out[start] == (start < mark));
        start++
    :: else -> break
    od;
    tag = 1;
    do
    :: tag <= TAGS ->
        assert(address[tag] != MAPPED);
        seen = 1;
        do
        :: seen < CHUNKS && offset[seen] != tag -> seen++
        :: else -> break
        od;
        assert((address[tag] == A_CHUNK) == (seen < CHUNKS));
        tag++
    :: else -> break
    od
}

proctype thread()
{
    byte start, got, want, probe, seen, tag, made, takes;
    bool answer, lost;

    do
    :: takes < TAKES ->
        takes++;
        if
        :: want = 1
        :: want = 2
        fi;
        take_untouched();
        forget();
        /* Those of any thread: an index may be passed on. */
        seen = 1;
        do
        :: seen < CHUNKS && mark > seen * SIZE -> break
        :: seen < CHUNKS -> seen++
        :: else -> break
        od;
        if
        :: seen < CHUNKS && mark > seen * SIZE -> find(seen)
        :: else
        fi;
        forget()
    :: else -> break
    od;
    atomic {
        ended++;
        if
        :: ended == THREADS -> check_end()
        :: else
        fi
    }
}

init
{
    byte started;
    atomic {
        do
        :: started < THREADS ->
            run thread();
            started++
        :: else -> break
        od
    }
}
