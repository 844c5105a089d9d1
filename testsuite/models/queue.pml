/* SPDX-License-Identifier: MIT
 *
 * queue: how a call is handed over, and how those who wait sleep (src/handover.c, src/owner.c).
 *
 * CALLERS threads make CALLS calls each through the queue of owner 0, who runs it, and frees it at
 * any moment, also inside a call; with NESTED a call may run the queue, too. With RING there is owner
 * 1 as well: it calls owner 0 in the first call of each run. Owner 0 begins with a call of its own
 * through the queue of owner 1. Each serves its queue while it waits, and the callers choose between
 * the two. With INTERRUPTED the last of the callers is a signal handler: it makes one call at most,
 * while a caller is about to wake an owner, and that caller goes on when it is over. Each access to
 * what is shared is one step; what the owner does to nodes that nobody else can reach is part of the
 * step before. A sleep may end for no reason SPURIOUS times.
 *
 * What is asserted: that a call is begun once at most, and in the order of arrival; that whoever goes
 * on was told so, of a call that was made or of one that never will be; that no node is touched when
 * its caller has gone on. A caller that sleeps for ever is an invalid end state, which spin finds. An
 * owner with nothing to do may sleep for ever.
 *
 *     CALLERS, CALLS, SPURIOUS   the bounds
 *     EARLY_DOWN   who raises the count takes the bit down that says asleep, in place of who slept
 *     LATE_LOOK    who waits looks at the count after it has found nothing, in place of before
 *     LATE_END     the queue ends when those who waited were told
 *     LATE_NEXT    the next node is read out of one whose caller was told
 *     WRONG_PLACE  an owner that waits is woken at its node, where only other callers sleep
 *
 * With each of the last five there is a counterexample, to EARLY_DOWN with INTERRUPTED.
 */
#define NONE 255
#define ENDED 254

#define A CALLERS       /* the node of owner 0, */
#define B (CALLERS + 1) /* and of owner 1 */
#define NODES (CALLERS + 2)

#ifdef INTERRUPTED
#define THREADS (CALLERS - 1)
#else
#define THREADS CALLERS
#endif

#define WAITS 0
#define SLEEPS 1
#define DONE 2
#define CANCELED 3

byte inbox[2] = NONE;
byte oldest[2] = NONE;
byte happened[2]; /* the count, times two, and the bit that says asleep */
byte next[NODES];
byte state[NODES];

/* The kernel's: who sleeps. */
bool sleeps_there[2];
bool sleeps_at_node[NODES];
byte spurious = SPURIOUS;
mtype = { NOT_YET, RUNS, OVER };
mtype handler = NOT_YET; /* the signal's, that stops its thread */

/* Not part of the algorithm. */
bool there[NODES]; /* the frame */
byte begun[NODES];
byte ticket[NODES];
byte arrived[2], admitted[2];

/* ---- Sleeping, and being told ---- */

#ifdef EARLY_DOWN
#define RAISED(count) ((count | 1) + 1)
#else
#define RAISED(count) (count + 2)
#endif

inline tell(o)
{
    atomic {
        w = happened[o];
        happened[o] = RAISED(w)
    }
    if
    :: true
    :: atomic { may_be_stopped && handler == NOT_YET -> handler = RUNS }
        handler == OVER
    fi;
    if
    :: w & 1 -> sleeps_there[o] = false
    :: else
    fi;
    w = 0
}

inline look(o)
{
    seen = happened[o] & 254
}

inline owner_sleep(o)
{
#ifdef LATE_LOOK
    look(o);
#endif
    atomic {
        w = (happened[o] == seen || happened[o] == (seen | 1));
        if
        :: w -> happened[o] = seen | 1
        :: else
        fi
    }
    if
    :: w -> atomic {
            if
            :: happened[o] == (seen | 1) -> sleeps_there[o] = true
            :: else
            fi
        }
    :: else
    fi;
    w = 0
}

inline wake_owner_up(o)
{
    wake_up(sleeps_there[o]);
#ifndef EARLY_DOWN
    happened[o] = happened[o] & 254
#endif
}

inline wake_up(sleeps)
{
    if
    :: !sleeps
    :: atomic { sleeps && spurious > 0 -> spurious--; sleeps = false }
    fi
}

/* ---- A node, there and back ---- */

inline push(n, q)
{
    atomic {
        there[n] = true;
        begun[n] = 0;
        state[n] = WAITS;
        h = inbox[q]
    }
    do
    :: h == ENDED ->
        state[n] = CANCELED;
        break
    :: else ->
        next[n] = h;
        atomic {
            if
            :: inbox[q] == h ->
                inbox[q] = n;
                ticket[n] = arrived[q];
                arrived[q]++;
                h = 0;
                break
            :: else -> h = inbox[q]
            fi
        }
    od;
    if
    :: h != ENDED -> tell(q)
    :: else
    fi;
    h = 0
}

inline has_gone_on(n)
{
    atomic {
        assert(begun[n] == (state[n] == DONE));
        there[n] = false;
        state[n] = WAITS;
        next[n] = 0;
        begun[n] = 0;
        ticket[n] = 0
    }
}

inline finish(n, how)
{
    atomic {
        assert(there[n]);
        w = state[n];
        assert(w < DONE);
        state[n] = how
    }
#ifdef WRONG_PLACE
    if
    :: n < NODES -> sleeps_at_node[n] = false
    fi;
#else
    if
    :: n == A -> tell(0)
    :: n == B -> tell(1)
    :: n < CALLERS && w == SLEEPS -> sleeps_at_node[n] = false
    :: else
    fi;
#endif
    w = 0
}

/* Puts all of the inbox behind what is in the list. */
inline turn_round(q)
{
    last = NONE;
    do
    :: h != NONE ->
        assert(there[h]);
        w = next[h];
        next[h] = last;
        last = h;
        h = w
    :: else -> break
    od;
    if
    :: oldest[q] == NONE -> oldest[q] = last
    :: else ->
        h = oldest[q];
        do
        :: next[h] != NONE -> h = next[h]
        :: else -> break
        od;
        next[h] = last
    fi;
    h = 0;
    w = 0;
    last = 0
}

/* Sets c to the next call, NONE if there is none. */
inline take(q, open)
{
    if
    :: oldest[q] == NONE && open -> atomic {
            if
            :: inbox[q] != NONE && inbox[q] != ENDED ->
                h = inbox[q];
                inbox[q] = NONE;
                turn_round(q);
                open = false
            :: else
            fi
        }
    :: else
    fi;
    atomic {
        c = oldest[q];
        if
        :: c != NONE ->
            assert(there[c] && begun[c] == 0 && ticket[c] == admitted[q]);
            admitted[q]++;
            oldest[q] = next[c]
        :: else
        fi
    }
}

inline begin(n)
{
    atomic {
        assert(there[n]);
        begun[n]++
    }
}

inline end(q)
{
    atomic {
        h = inbox[q];
#ifdef LATE_END
        inbox[q] = NONE;
#else
        inbox[q] = ENDED;
#endif
        if
        :: h != ENDED -> turn_round(q)
        :: else -> h = 0
        fi;
        c = oldest[q];
        oldest[q] = NONE
    }
    do
    :: c != NONE ->
#ifdef LATE_NEXT
        finish(c, CANCELED);
        assert(there[c]);
        c = next[c]
#else
        last = next[c];
        finish(c, CANCELED);
        c = last;
        last = 0
#endif
    :: else -> break
    od;
#ifdef LATE_END
    inbox[q] = ENDED;
#endif
    c = 0
}

/* Makes one call, if one waits; nothing is called in it but for an end. Sets c to NONE if none did. */
inline serve_one(q)
{
    open = true;
    take(q, open);
    open = false;
    if
    :: c != NONE ->
        inner = c;
        begin(inner);
        if
        :: true
        :: inbox[q] != ENDED -> end(q)
        fi;
        finish(inner, DONE);
        inner = 0;
        c = 0
    :: else
    fi
}

/* What an owner does while its own node is out. */
inline serve_until_over(n, o)
{
    do
    :: true ->
        look(o);
        if
        :: state[n] >= DONE -> break
        :: else
        fi;
        serve_one(o);
        if
        :: c == NONE ->
            owner_sleep(o);
            wake_owner_up(o)
        :: else
        fi;
        c = 0
    od;
    seen = 0;
    c = 0
}

/* ---- The threads ---- */

inline call_through(n)
{
    q = 0;
#ifdef RING
    if
    :: true
    :: q = 1
    fi;
#endif
    push(n, q);
    atomic {
        if
        :: state[n] == WAITS -> state[n] = SLEEPS
        :: else
        fi
    }
    do
    :: state[n] >= DONE -> break
    :: else ->
        atomic {
            if
            :: state[n] == SLEEPS -> sleeps_at_node[n] = true
            :: else
            fi
        }
        wake_up(sleeps_at_node[n])
    od;
    has_gone_on(n)
}

proctype caller(byte n)
{
    byte h, w, q, calls;
#ifdef INTERRUPTED
    bool may_be_stopped = true;
#else
    bool may_be_stopped = false;
#endif
    do
    :: calls < CALLS ->
        calls++;
        call_through(n)
    :: else -> break
    od
}

proctype handler_of_signal(byte n)
{
    byte h, w, q;
    bool may_be_stopped = false;
end_without_signal:
    handler == RUNS;
    call_through(n);
    handler = OVER
}

/* Runs the queue until it has ended; in its calls it may do what is asked of it. */
proctype owner(byte o)
{
    byte h, w, c, last, seen, outer, inner, done;
    bool open, wide, may_be_stopped = false;

#ifdef RING
    if
    :: o == 0 ->
        push(A, 1);
        serve_until_over(A, 0);
        has_gone_on(A)
    :: else
    fi;
#endif
    do
    :: inbox[o] == ENDED -> break
    :: inbox[o] != ENDED ->
        end(o);
        break
    :: inbox[o] != ENDED ->
        look(o);
        wide = true;
        done = 0;
        do
        :: true ->
            take(o, wide);
            if
            :: c == NONE -> break
            :: else
            fi;
            outer = c;
            c = 0;
            begin(outer);
#ifdef RING
            if
            :: o == 1 && done == 0 ->
                push(B, 0);
                serve_until_over(B, 1);
                has_gone_on(B)
            :: else
            fi;
#endif
            if
            :: true
            :: inbox[o] != ENDED -> end(o)
#ifdef NESTED
            :: true ->
                do
                :: true ->
                    serve_one(o);
                    if
                    :: c == NONE -> break
                    :: true -> break
                    :: c != NONE
                    fi
                od
#endif
            fi;
            finish(outer, DONE);
            outer = 0;
            c = 0;
            done = 1
        od;
        c = 0;
        wide = false;
        if
        :: done == 0 && inbox[o] != ENDED ->
            owner_sleep(o);
end_of_work:
            wake_owner_up(o)
        :: else
        fi;
        done = 0;
        seen = 0
    od
}

init
{
    byte n;
    atomic {
        run owner(0);
#ifdef RING
        run owner(1);
#endif
        do
        :: n < THREADS ->
            run caller(n);
            n++
        :: else -> break
        od;
#ifdef INTERRUPTED
        run handler_of_signal(n)
#endif
    }
}
