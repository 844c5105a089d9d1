/* SPDX-License-Identifier: MIT
 *
 * twice: a closure that two threads free at the same moment (rx_pass_on in src/pool.h, and its callers in
 * src/pool.c and src/alloc.c).
 *
 * It is one trampoline, of which two threads believe that it is theirs; others look on. Each of the two frees
 * it, as a read of its record and a write. When that is over, all make STEPS operations: a thread takes it
 * from its ring, or out of the list into its ring, gives it from its ring to the list, or frees it, as far as
 * it is there. In the end they take whatever is in rings and list. A fault ends the process.
 *
 * What is asserted: that two threads never have it, and that the process does end.
 *
 *     THREADS, STEPS     the bounds
 *     NOBODYS            who takes it looks whether it is nobody's, not whether it is where it was found
 *     NO_RING            the two are in signal handlers and cannot use their rings: what they free goes to the list
 *     NO_DELAY           it may be taken when one of the two has freed it and the other has only read
 *
 * The last two are what SECURITY.md does not promise.
 */
#define FREE 0
#define LIVE 1
#define RING_OF(thread) (2 + thread)

byte state = LIVE;
byte in_ring[THREADS];
byte in_list;
byte freed;
bool ended;

/* Not part of the algorithm. */
bool owned;
byte done;

#define MINE RING_OF(self)

#ifdef NOBODYS
#define IS_AT(place) (seen != LIVE)
#else
#define IS_AT(place) (seen == place)
#endif

inline take()
{
    in_ring[self]--;
    seen = state;
    if
    :: IS_AT(MINE) ->
        atomic {
            state = LIVE;
            assert(!owned);
            owned = true;
            mine = true
        }
    :: else -> ended = true
    fi
}

inline give_to_list()
{
    in_ring[self]--;
    seen = state;
    if
    :: IS_AT(MINE) ->
        state = FREE;
        in_list++
    :: else -> ended = true
    fi
}

inline take_from_list()
{
    atomic {
        if
        :: in_list > 0 ->
            in_list--;
            seen = LIVE
        :: else -> seen = FREE
        fi
    }
    if
    :: seen == LIVE ->
        seen = state;
        if
        :: IS_AT(FREE) ->
            state = MINE;
            in_ring[self]++
        :: else -> ended = true
        fi
    :: else
    fi
}

inline free()
{
    atomic {
        if
        :: mine ->
            mine = false;
            owned = false
        :: else
        fi;
        seen = state
    }
    if
    :: seen == LIVE ->
        state = MINE;
        in_ring[self]++
    :: else -> ended = true
    fi
}

inline free_at_once()
{
#ifdef NO_RING
    seen = state;
    if
    :: seen == LIVE ->
        state = FREE;
        in_list++
    :: else -> ended = true
    fi
#else
    free()
#endif
    ;
    freed++
}

proctype thread(byte self)
{
    byte made, seen;
    bool mine;

    if
    :: self < 2 -> free_at_once()
    :: else
    fi;
#ifndef NO_DELAY
    freed == 2;
#endif
    do
    :: ended || made == STEPS -> break
    :: else ->
        made++;
        if
        :: in_ring[self] > 0 -> take()
        :: in_ring[self] > 0 -> give_to_list()
        :: in_list > 0 -> take_from_list()
        :: mine -> free()
        :: true
        fi;
        seen = 0
    od;
    do
    :: !ended && in_ring[self] > 0 -> take()
    :: !ended && in_ring[self] == 0 && in_list > 0 -> take_from_list()
    :: else -> break
    od;
    atomic {
        done++;
        assert(done < THREADS || ended)
    }
}

init
{
    byte started;
    atomic {
        do
        :: started < THREADS ->
            run thread(started);
            started++
        :: else -> break
        od
    }
}
