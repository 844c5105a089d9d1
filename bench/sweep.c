/* SPDX-License-Identifier: MIT
 *
 * Sweeps: how things go from one closure to a million, and from one thread to eight.
 *
 * Each point of each library is measured in a process of its own (alone.c), a few times, the
 * libraries in turn. This process opens none of them: it starts the others, reads their figures
 * and makes rows of them, one for each point, in a group for each quantity.
 *
 * A library that has no more than so many closures is measured up to that number, which becomes
 * a point of the sweep, for the others too; beyond it its places are empty.
 */
#include "bench.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MAX_POINTS = 24, MAX_QUANTITIES = 4, MAX_FIGURES = 8, MOST = 1000000, THREADS = 8 };

/* What one process said. */
struct answer {
    size_t figures;
    char key[MAX_FIGURES][16];
    double value[MAX_FIGURES];
    char name[48], path[4096];
};

struct quantity {
    const char *group, *key, *unit;
    bool by_median;
};

struct scale {
    const char *work; /* alone.c */
    size_t quantities;
    struct quantity quantity[MAX_QUANTITIES];
    size_t points;
    size_t point[MAX_POINTS];
    size_t end[MAX_LIBRARIES]; /* the last that this library has */
    char why[MAX_LIBRARIES][80];
};

static struct library libs[MAX_LIBRARIES];

static double value(const struct answer *answer, const char *key)
{
    for (size_t i = 0; i < answer->figures; i++)
        if (strcmp(answer->key[i], key) == 0)
            return answer->value[i];
    return 0;
}

static void read_answer(FILE *from, struct answer *answer)
{
    char line[sizeof answer->path + 16];
    memset(answer, 0, sizeof *answer);
    while (fgets(line, sizeof line, from)) {
        line[strcspn(line, "\n")] = '\0';
        size_t key = strcspn(line, " ");
        const char *text = line + key + (line[key] == ' ');
        if (strncmp(line, "name ", 5) == 0) {
            snprintf(answer->name, sizeof answer->name, "%.47s", text);
        } else if (strncmp(line, "path ", 5) == 0) {
            snprintf(answer->path, sizeof answer->path, "%.4095s", text);
        } else if (answer->figures < MAX_FIGURES) {
            snprintf(answer->key[answer->figures], sizeof *answer->key, "%.*s",
                     key > 15 ? 15 : (int)key, line);
            answer->value[answer->figures++] = strtod(text, NULL);
        }
    }
}

/* Runs this program once more, for work WORK:N on the library; false when it did not end well.
 * What it has to say about that stands on standard error. */
static bool ask(const char *work, size_t n, const char *word, struct answer *answer)
{
    char option[64];
    int end[2];
    snprintf(option, sizeof option, "--alone=%s:%zu", work, n);
    fflush(stdout);
    if (pipe(end) != 0)
        die("no pipe");
    pid_t child = fork();
    if (child < 0)
        die("no second process");
    if (child == 0) {
        dup2(end[1], STDOUT_FILENO);
        close(end[0]), close(end[1]);
        execl("/proc/self/exe", "bench", option, word, (char *)NULL);
        _exit(2);
    }
    close(end[1]);
    FILE *from = fdopen(end[0], "r");
    if (!from)
        die("no memory");
    read_answer(from, answer);
    fclose(from);
    int status;
    return waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void add_point(struct scale *scale, size_t n)
{
    size_t at = 0;
    while (at < scale->points && scale->point[at] < n)
        at++;
    if (scale->points == MAX_POINTS || (at < scale->points && scale->point[at] == n))
        return;
    memmove(&scale->point[at + 1], &scale->point[at], (scale->points - at) * sizeof *scale->point);
    scale->point[at] = n;
    scale->points++;
}

/* How far does each library go? The answer also says what it is called. */
static void find_ends(struct scale *scale, char **words, size_t libraries)
{
    static struct answer answer;
    char number[32];
    size_t most = scale->point[scale->points - 1];
    for (size_t i = 0; i < libraries; i++) {
        progress("how many closures", words[i], i, libraries);
        if (!ask(scale->work, most, words[i], &answer))
            die("%s: no answer", words[i]);
        snprintf(libs[i].name, sizeof libs[i].name, "%s", answer.name);
        libs[i].path = strdup(answer.path);
        scale->end[i] = (size_t)value(&answer, "made");
        if (scale->end[i] == most)
            continue;
        if (value(&answer, "stopped") > 0)
            snprintf(scale->why[i], sizeof *scale->why, "no more than %s made in 20 s",
                     grouped(scale->end[i], number));
        else
            snprintf(scale->why[i], sizeof *scale->why, "no more than %s alive",
                     grouped(scale->end[i], number));
        if (scale->end[i] > 0)
            add_point(scale, scale->end[i]);
    }
    progress(NULL, NULL, 0, 0);
}

/* One point, of all libraries, in turn. res[] is of the first quantity; those of the next lie
 * scale->points further on. */
static void measure_point(const struct scale *scale, size_t p, char **words, size_t libraries,
                          struct result *res, unsigned rounds)
{
    static struct answer answer;
    for (unsigned r = 0; r < rounds; r++)
        for (size_t i = 0; i < libraries; i++) {
            if (scale->point[p] > scale->end[i])
                continue;
            bool good = ask(scale->work, scale->point[p], words[i], &answer);
            for (size_t q = 0; q < scale->quantities; q++) {
                struct measure *m = &res[q * scale->points].side[1 + i];
                double figure = value(&answer, scale->quantity[q].key);
                if (!good || !(figure > 0)) {
                    m->outcome = FAILED;
                    snprintf(m->reason, sizeof m->reason, "its process gave no figure");
                } else if (value(&answer, "disturbed") == 0) {
                    measure_add(m, figure);
                } else if (m->rounds == 0 && r + 1 == rounds) {
                    measure_add(m, figure);
                    snprintf(m->reason, sizeof m->reason,
                             "other work took a processor away, in every round");
                }
            }
        }
}

static void measure_scale(const struct scale *scale, char **words, size_t libraries,
                          struct result *res, struct row *rows, unsigned rounds)
{
    char number[32];
    for (size_t q = 0; q < scale->quantities; q++)
        for (size_t p = 0; p < scale->points; p++) {
            size_t at = q * scale->points + p;
            rows[at].group = scale->quantity[q].group;
            rows[at].unit = scale->quantity[q].unit;
            rows[at].count = scale->point[p];
            snprintf(rows[at].name, sizeof rows[at].name, "%s", grouped(scale->point[p], number));
            res[at].row = &rows[at];
            res[at].side[0].outcome = ABSENT;
            for (size_t i = 0; i < libraries; i++)
                if (scale->point[p] > scale->end[i])
                    res[at].side[1 + i].outcome = ABSENT;
        }
    for (size_t p = 0; p < scale->points; p++) {
        progress(scale->work, rows[p].name, p, scale->points);
        measure_point(scale, p, words, libraries, res + p, rounds);
    }
    progress(NULL, NULL, 0, 0);

    for (size_t q = 0; q < scale->quantities; q++) {
        struct result *group = res + q * scale->points;
        for (size_t p = 0; p < scale->points; p++)
            for (size_t i = 0; i < libraries; i++) {
                struct measure *m = &group[p].side[1 + i];
                measure_settle(m, scale->quantity[q].by_median);
                if (m->outcome == ABSENT && (p ? scale->point[p - 1] : 0) == scale->end[i])
                    memcpy(m->reason, scale->why[i], sizeof *scale->why);
            }
        report_group(group, scale->points, libs, libraries);
    }
}

/* The plot has to know it: no more than so many threads work at a time. */
static void add_processors(struct result *res, struct row *row)
{
    row->group = "machine";
    row->unit = "processors";
    snprintf(row->name, sizeof row->name, "processors");
    res->row = row;
    measure_add(&res->side[0], (double)processors());
    measure_settle(&res->side[0], false);
    for (size_t s = 1; s < MAX_SIDES; s++)
        res->side[s].outcome = ABSENT;
}

static struct scale live = {
    .work = "live",
    .quantities = 4,
    .quantity = {{"N alive: alloc + prep + free of one more", "one", NULL, false},
                 {"N alive: all of them made and freed, each", "all", NULL, false},
                 {"N alive: resident bytes, each", "bytes", "bytes", true},
                 {"N alive: mappings of the process", "mappings", "mappings", true}},
};
static struct scale team[] = {
    {.work = "closures",
     .quantities = 2,
     .quantity = {{"N threads: alloc + prep + free, together", "together", NULL, true},
                  {"N threads: alloc + prep + free, CPU time", "each", NULL, true}}},
    {.work = "calls",
     .quantities = 2,
     .quantity = {{"N threads: prep_cif + call, together", "together", NULL, true},
                  {"N threads: prep_cif + call, CPU time", "each", NULL, true}}},
};

int sweep(char **words, size_t libraries, const struct options *opt)
{
    enum { ROOM = MAX_POINTS * MAX_QUANTITIES };
    static struct row rows[3 * ROOM + 1];
    struct result *results = calloc(3 * ROOM + 1, sizeof *results);
    FILE *csv = opt->csv ? fopen(opt->csv, "we") : NULL;
    if (!results)
        die("no memory");
    if (opt->csv && !csv)
        die("%s: cannot be written", opt->csv);

    for (size_t n = 1; n <= (opt->quick ? MOST / 10 : MOST); n *= 10)
        add_point(&live, n);
    find_ends(&live, words, libraries);
    libraries_distinct(libs, libraries);
    report_sweep_head(libs, libraries, processors());

    size_t count = live.quantities * live.points;
    unsigned rounds = opt->quick ? 3 : 5;
    measure_scale(&live, words, libraries, results, rows, rounds);
    for (size_t t = 0; t < sizeof team / sizeof *team; t++) {
        for (size_t n = 1; n <= THREADS; n++)
            if (!opt->quick || (n & (n - 1)) == 0)
                add_point(&team[t], n);
        for (size_t i = 0; i < libraries; i++)
            team[t].end[i] = THREADS;
        measure_scale(&team[t], words, libraries, results + count, rows + count, rounds);
        count += team[t].quantities * team[t].points;
    }
    add_processors(&results[count], &rows[count]);
    count++;

    bool failed = false;
    for (size_t r = 0; r < count; r++)
        for (size_t s = 0; s <= libraries; s++)
            failed |= results[r].side[s].outcome == FAILED;
    if (csv && (report_csv(csv, results, count, libs, libraries) != 0 || fclose(csv) != 0))
        die("%s: cannot be written", opt->csv);
    free(results);
    return failed ? 2 : 0;
}
