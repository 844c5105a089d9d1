/* SPDX-License-Identifier: MIT
 *
 * The words that the benchmark is told in.
 *
 *   library   one libffi.so.8, opened by path; every function is reached through this struct
 *   signature one function type of the mix: its target, its closure handler, its calling loop
 *   work      a kind of operation: how to set it up and prove it right, how to repeat it
 *   row       a line of the table: a work applied to a signature
 *   side      a column: side 0 is the direct call (the floor), side 1 + i is library i
 *   job       one side of one row while it is being measured
 *   result    what has been measured for a row; the report and the CSV file are made from
 *             these and from nothing else
 *   sweep     a row for each point of a scale: closures alive, threads; each point of each
 *             library is measured alone, in a process of its own
 *
 * The program is linked against no libffi: <ffi_rx.h> is used for its types alone, and every
 * pointer type below is taken from the prototype there.
 */
#ifndef BENCH_H
#define BENCH_H

#include <ffi_rx.h>
#include <regex.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum {
    MAX_LIBRARIES = 6,
    MAX_SIDES = 1 + MAX_LIBRARIES,
    MAX_ARGUMENTS = 12,
    MAX_ROWS = 160,
    MAX_ROUNDS = 400,
};

/* Argument and result types of the mix. A library has an ffi_type of its own for each. */
enum type {
    T_VOID,
    T_UINT8,
    T_SINT8,
    T_UINT16,
    T_SINT16,
    T_SINT32,
    T_SINT64,
    T_FLOAT,
    T_DOUBLE,
    T_POINTER,
    T_SCALARS, /* the types before this are the library's own objects */
    T_2_DOUBLE = T_SCALARS,
    T_4_LONG,
    T_3_FLOAT,
    T_INT_FLOAT_LONG,
    T_COUNT,
    MAX_MEMBERS = 4,
};

/* ffi_call_plan is opaque to its users, and an older <ffi.h> does not know it. */
typedef void *call_plan_alloc_fn(ffi_cif *cif);
typedef void call_plan_invoke_fn(void *plan, void (*fn)(void), void *rvalue, void **avalue);
typedef void call_plan_free_fn(void *plan);

struct library {
    char name[48]; /* as the table shows it */
    char *path;    /* the real path of the file; the code was proved to come from it */
    void *handle;
    void *base; /* load address */

    __typeof__(ffi_prep_cif) *prep_cif;
    __typeof__(ffi_call) *call;
    __typeof__(ffi_closure_alloc) *closure_alloc;
    __typeof__(ffi_closure_free) *closure_free;
    __typeof__(ffi_prep_closure_loc) *prep_closure_loc;
    call_plan_alloc_fn *plan_alloc; /* these three are NULL where the library has no plans */
    call_plan_invoke_fn *plan_invoke;
    call_plan_free_fn *plan_free;
    /* The rest is NULL in all but rxffi. */
    __typeof__(ffi_rx_prep_closure) *rx_prep_closure;
    __typeof__(ffi_rx_call_errno) *rx_call_errno;
    __typeof__(ffi_rx_scope_new) *rx_scope_new;
    __typeof__(ffi_rx_scope_closure_alloc) *rx_scope_closure_alloc;
    __typeof__(ffi_rx_scope_free) *rx_scope_free;
    __typeof__(ffi_rx_queue_new) *rx_queue_new;
    __typeof__(ffi_rx_queue_run) *rx_queue_run;
    __typeof__(ffi_rx_queue_call) *rx_queue_call;
    __typeof__(ffi_rx_queue_free) *rx_queue_free;

    ffi_type *type[T_COUNT];
    ffi_type structs[T_COUNT - T_SCALARS];
    ffi_type *members[T_COUNT - T_SCALARS][MAX_MEMBERS + 1];
};

typedef void handler_fn(ffi_cif *cif, void *ret, void **args, void *user_data);

struct two_double {
    double a, b;
};
struct four_long {
    long a, b, c, d;
};
struct three_float {
    float a, b, c;
};
struct int_float_long {
    int a;
    float b;
    long c;
};

/* Room for any argument or result. A result narrower than ffi_arg is kept widened, in u or s. */
union value {
    ffi_arg u;
    ffi_sarg s;
    uint8_t u8;
    int8_t s8;
    uint16_t u16;
    int16_t s16;
    int i;
    long l;
    float f;
    double d;
    const int *p;
    struct two_double dd;
    struct four_long llll;
    struct three_float fff;
    struct int_float_long ifl;
};

struct signature {
    const char *name;
    enum type result;
    size_t result_size; /* bytes of `result` (below) that a call defines */
    unsigned nargs;
    enum type arg[MAX_ARGUMENTS];
    void (*target)(void); /* the C function to be called */
    handler_fn *handler;  /* computes the same from a closure's args */
    /* Calls fn n times, as compiled C code does; the same code once for each side. */
    void (*loop[MAX_SIDES])(void (*fn)(void), size_t n);
};

/* Every call of a row reads its arguments here and leaves its result here, whatever its side. */
extern union value argument[MAX_ARGUMENTS];
extern void *avalue[MAX_ARGUMENTS];
extern union value result;

extern const struct signature mix[];
extern const size_t mix_size;

const struct signature *signature_find(const char *name);
void signature_load(const struct signature *sig); /* sets argument[] and avalue[] */

enum outcome {
    OK,
    ABSENT, /* the library or the machine has no such thing: an empty place in the table */
    FAILED, /* wrong result or status: nothing was timed, `reason` says what happened */
};

struct live; /* closures.c */

struct job {
    _Alignas(64) ffi_cif cif;
    ffi_type *types[MAX_ARGUMENTS];
    const struct library *library; /* NULL on side 0 */
    unsigned side;
    const struct row *row;
    void (*run)(struct job *job, size_t n); /* n operations; chosen by setup */
    void *code;
    ffi_closure *closure;
    void *plan;
    struct live *live;
    uint64_t own_ns; /* set by a run that takes its own time, else 0 */
    bool disturbed;  /* set by a run that knows that its time is worth nothing */
    char reason[160];
};

struct work {
    /* Makes the job ready to run, and runs it once to prove it right. */
    enum outcome (*setup)(struct job *job);
    void (*reset)(struct job *job);    /* before each round, not timed; may be NULL */
    void (*teardown)(struct job *job); /* also after a failed setup; may be NULL */
    bool has_direct;                   /* side 0 has a meaning */
    bool one_at_a_time;                /* n is always 1, and one run is row->count operations */
    bool by_median;                    /* a disturbed round may be a faster one: take the median */
};

struct row {
    const char *group;
    char name[64];
    const char *unit; /* of its figures; NULL: ns */
    const struct work *work;
    const struct signature *sig;
    size_t count; /* live closures, threads or ints, as the work has it */
};

struct measure {
    enum outcome outcome;
    size_t operations; /* in a round */
    unsigned rounds;
    double ns[MAX_ROUNDS]; /* per operation, in the order of time */
    double best, median;
    double figure; /* what the row is judged by: the best, or the median (work->by_median) */
    char reason[160];
};

struct result {
    const struct row *row;
    struct measure side[MAX_SIDES];
};

struct options {
    bool quick;
    bool list;
    bool not_slower;
    bool sweep;
    const char *alone; /* the work to be done in this process, for a sweep or for footprint */
    double tolerance;  /* 0.03: three per cent */
    size_t live;
    size_t ints;
    unsigned rounds;
    double round_ns;
    const char *csv;
    regex_t rows;
    bool choose_rows;
};

/* library.c: opens the library and proves that its functions come from the file asked for.
 * Ends the program with a line on stderr when they do not. */
void library_open(struct library *lib, const char *word);
/* Ends the program when two are the same file, and numbers those of one name. */
void libraries_distinct(struct library *libs, size_t count);

/* calls.c, closures.c, sorting.c, attributes.c, queues.c */
extern const struct work work_call, work_plan, work_call_or_plan, work_prep_call, work_prep;
extern const struct work work_closure, work_alloc, work_alloc_live, work_alloc_threads;
extern const struct work work_qsort;
/* What a closure has: the count of a row of work_attributed and work_alloc_attributed. Those
 * between the first and the last are uncounted. */
enum bench_attributes {
    ATTR_COUNTED,
    ATTR_UNCOUNTED,
    ATTR_ERRNO,
    ATTR_RETARGETABLE,
    ATTR_HOOKS,
    ATTR_LONGJMP,
    ATTR_ONE_SHOT,
};
extern const struct work work_attributed, work_alloc_attributed, work_one_shot, work_scope;
extern const struct work work_call_errno;
extern const struct work work_queue_here, work_queue_or_condition, work_queue_or_pipe;

/* closures.c: one is made (NULL when that fails, job->reason says how); n come and go. */
ffi_closure *job_new_closure(struct job *job, handler_fn *handler, void *user_data, void **code);
void job_run_alloc(struct job *job, size_t n);
/* int(int): the argument plus what user_data says. */
handler_fn handler_number;

size_t processors(void); /* that this program may use */

/* Prepares job->cif for its row's signature. */
enum outcome job_prep_cif(struct job *job);
/* Runs the job once and compares the result with a direct call's. */
enum outcome job_verify(struct job *job);
void job_run_direct(struct job *job, size_t n);
enum outcome job_fail(struct job *job, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* rows.c: the table's rows in order, groups together; returns how many. */
size_t rows_make(struct row *rows, const struct library *libs, size_t libraries,
                 const struct options *opt);
/* "10,000": the number as a reader wants it. */
const char *grouped(size_t number, char out[32]);

/* measure.c */
double now(void); /* ns */
void measure_row(struct result *res, const struct row *row, const struct library *libs,
                 size_t libraries, const struct options *opt);
/* Adds a round's figure; when all are there, settles best, median and figure. */
void measure_add(struct measure *m, double ns);
void measure_settle(struct measure *m, bool by_median);
/* First library's figure over another's, or 0 when one of them has no figure. */
double result_ratio(const struct result *res, size_t library);
/* True when the first library is slower than some other by more than the tolerance. */
bool result_slower(const struct result *res, size_t libraries, double tolerance);

/* sweep.c: the sweeps over `words`, the libraries as the command line names them; an exit status.
 */
int sweep(char **words, size_t libraries, const struct options *opt);

/* alone.c: what a process does that was started for one piece of work; an exit status. */
int alone(const char *work, const char *word);
void alone_live(struct job *job, size_t count);                /* live.c */
void alone_threads(struct job *job, bool calls, size_t count); /* threads.c */

/* memory.c: what the kernel says of this process; nothing is allocated for it. */
struct memory {
    double pss, private_clean, private_dirty; /* bytes */
};
void memory_read(struct memory *memory);
size_t memory_mappings(void);

/* report.c */
void report_head(const struct library *libs, size_t libraries, const struct options *opt);
void report_sweep_head(const struct library *libs, size_t libraries, size_t processors);
void report_group(const struct result *res, size_t count, const struct library *libs,
                  size_t libraries);
int report_verdict(const struct result *res, size_t count, const struct library *libs,
                   size_t libraries, const struct options *opt);
int report_csv(FILE *file, const struct result *res, size_t count, const struct library *libs,
               size_t libraries);

/* main.c: what is being measured, on a terminal; NULL takes it away. */
void progress(const char *group, const char *name, size_t done, size_t count);
_Noreturn void die(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
