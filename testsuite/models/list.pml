/* SPDX-License-Identifier: MIT
 *
 * list: the list of free trampolines that all threads share (rx_stock_push, rx_stock_pop and the mark, in
 * src/stock.c).
 *
 * Each thread makes up to STEPS operations: it takes one or two from the list or, if that is empty, one
 * from above the mark; or it gives back any one or two that it holds. So it may hold several at a time,
 * without which there is no ABA. Then it gives back all. Each access to what is shared is one step here,
 * and a compare-and-swap may also fail for no reason. A signal handler that interrupts its thread
 * is one more thread, of which fewer interleavings are possible.
 *
 * What is asserted: that a successful exchange does to the list what push and pop do to a stack, so
 * that it is the linearization point; that what is taken has no other owner, and only its owner
 * writes its link; and that at the end each index is on the list once, or above the mark.
 *
 *     THREADS, STEPS, INDICES   the bounds
 *     COUNT                     the count of changes is kept modulo this; 1 means: left out
 *
 * While a thread is between its load and its exchange, the others make at most 2 * STEPS * (THREADS
 * - 1) changes. With a COUNT above that the count does not go round.
 */
#define NONE 255

/* The head: the first index + 1 and the count, in one word, so they are loaded together. */
byte first;
byte count;
byte next[INDICES];
byte mark;

/* Not part of the algorithm: the stack that the list should be, and what is someone's. */
byte stack[INDICES];
byte depth;
bool owned[INDICES];
byte ended;

inline own(i)
{
    assert(!owned[i]);
    owned[i] = true
}

inline load_head()
{
    atomic {
        h = first;
        c = count
    }
}

/* What the exchange does to the stack. */
inline laid(x)
{
    assert(depth < INDICES);
    stack[depth] = x;
    depth++;
    owned[x] = false;
    mine[x] = false
}

inline lifted(x)
{
    assert(depth > 0 && stack[depth - 1] == x);
    depth--;
    stack[depth] = 0;
    own(x)
}

/* Gives back i and, above it, j, unless that is NONE. */
inline push()
{
    if
    :: j != NONE ->
        atomic {
            assert(owned[j]);
            next[j] = i + 1
        }
    :: else
    fi;
    load_head();
    do
    :: true ->
        atomic {
            assert(owned[i]);
            next[i] = h
        }
        atomic {
            if
            :: first == h && count == c ->
                first = (j == NONE -> i : j) + 1;
                count = (count + 1) % COUNT;
                laid(i);
                if
                :: j != NONE -> laid(j)
                :: else
                fi;
                break
            :: load_head()
            fi
        }
    od
}

/* Sets i and, if two are wanted and there are two, j; otherwise to NONE. */
inline pop(two)
{
    load_head();
    do
    :: h == 0 ->
        i = NONE;
        j = NONE;
        break
    :: else ->
        i = h - 1;
        j = NONE;
        n = next[i];
        if
        :: two && n != 0 ->
            j = n - 1;
            n = next[j]
        :: else
        fi;
        atomic {
            if
            :: first == h && count == c ->
                first = n;
                count = (count + 1) % COUNT;
                lifted(i);
                if
                :: j != NONE -> lifted(j)
                :: else
                fi;
                assert((depth == 0 && n == 0) || (depth > 0 && n == stack[depth - 1] + 1));
                break
            :: load_head()
            fi
        }
    od
}

/* Sets i, to NONE if all have been handed out. */
inline take_untouched()
{
    h = mark;
    do
    :: h == INDICES ->
        i = NONE;
        break
    :: else ->
        atomic {
            if
            :: mark == h ->
                mark = h + 1;
                i = h;
                own(i);
                break
            :: h = mark
            fi
        }
    od
}

/* Sets x to any one that this thread holds, but not i, or to NONE. */
inline choose(x)
{
    n = 0;
    do
    :: n < INDICES && mine[n] && n != i ->
        x = n;
        break
    :: n < INDICES -> n++
    :: n == INDICES ->
        x = NONE;
        break
    od;
    n = 0
}

/* What a step has left behind makes no different state. */
inline forget()
{
    d_step {
        h = 0;
        c = 0;
        n = 0;
        i = NONE;
        j = NONE
    }
}

inline check_end()
{
    assert(first == (depth == 0 -> 0 : stack[depth - 1] + 1));
    h = 0;
    do
    :: h < depth ->
        i = stack[h];
        assert(i < mark && !mine[i]);
        assert(next[i] == (h == 0 -> 0 : stack[h - 1] + 1));
        mine[i] = true;
        h++
    :: else -> break
    od;
    assert(depth == mark)
}

proctype thread()
{
    byte h, c, n, made, i = NONE, j = NONE;
    bool mine[INDICES];

    do
    :: made < STEPS ->
        made++;
        if
        :: true ->
            if
            :: pop(false)
            :: pop(true)
            fi;
            if
            :: i == NONE -> take_untouched()
            :: else
            fi;
            if
            :: i != NONE -> mine[i] = true
            :: else
            fi;
            if
            :: j != NONE -> mine[j] = true
            :: else
            fi
        :: true ->
            choose(i);
            choose(j);
            if
            :: i != NONE -> push()
            :: else
            fi
        fi;
        forget()
    :: else -> break
    od;
    i = 0;
    do
    :: i < INDICES ->
        if
        :: mine[i] -> push()
        :: else
        fi;
        i++
    :: else -> break
    od;
    forget();
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
