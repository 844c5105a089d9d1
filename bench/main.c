/* SPDX-License-Identifier: MIT
 *
 * bench: how fast one libffi.so.8 is beside others, in one process and in one run.
 *
 *     bench [OPTION]... LIBRARY...
 *
 * Each LIBRARY is a path, or NAME=PATH; the first is the one that the others are compared
 * with. The table goes to standard output, a group as soon as it is measured; progress to
 * standard error when that is a terminal. See README.md for how to read it.
 *
 * Exit status: 0, or 1 when --not-slower was asked for and some row is slower, or 2 when a
 * library gave a wrong result or could not be loaded, or the command line is wrong.
 */
#include "bench.h"

#include <getopt.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char usage[] =
    "usage: bench [OPTION]... LIBRARY...\n"
    "Compare the speed of the first LIBRARY (a libffi.so.8, as PATH or NAME=PATH)\n"
    "with that of the others.\n"
    "\n"
    "  --quick                 short rounds, and few: a first look\n"
    "  --rows=REGEX            only rows that match, as \"GROUP: ROW\" (extended, any case)\n"
    "  --list                  show the names of all rows and end\n"
    "  --rounds=N              rounds of each row (default 25)\n"
    "  --live=N                closures alive in the row with many (default 10000)\n"
    "  --csv=FILE              also write all figures to FILE\n"
    "  --sweep                 in place of the table: 1 to 1,000,000 closures alive, and\n"
    "                          1 to 8 threads\n"
    "  --not-slower[=PERCENT]  exit with 1 when the first library is slower than any other\n"
    "                          in any row by more than PERCENT (default 3)\n"
    "  --help\n";

void die(const char *format, ...)
{
    va_list list;
    va_start(list, format);
    fputs("bench: ", stderr);
    vfprintf(stderr, format, list);
    fputc('\n', stderr);
    va_end(list);
    exit(2);
}

static double number(const char *option, const char *text, double least, double most)
{
    char *end;
    double value = strtod(text, &end);
    if (end == text || *end || !(value >= least && value <= most))
        die("--%s=%s: a number from %g to %g is wanted", option, text, least, most);
    return value;
}

static void read_options(int argc, char **argv, struct options *opt)
{
    static const struct option known[] = {
        {"quick", no_argument, NULL, 'q'},
        {"rows", required_argument, NULL, 'r'},
        {"list", no_argument, NULL, 'l'},
        {"rounds", required_argument, NULL, 'n'},
        {"live", required_argument, NULL, 'a'},
        {"csv", required_argument, NULL, 'c'},
        {"sweep", no_argument, NULL, 'w'},
        {"alone", required_argument, NULL, 'A'}, /* alone.c */
        {"not-slower", optional_argument, NULL, 's'},
        {"help", no_argument, NULL, 'h'},
        {NULL, 0, NULL, 0},
    };
    unsigned rounds = 0;
    int option;

    *opt = (struct options){.live = 10000, .tolerance = 0.03};
    while ((option = getopt_long(argc, argv, "", known, NULL)) != -1) {
        switch (option) {
        case 'q':
            opt->quick = true;
            break;
        case 'r':
            if (opt->choose_rows)
                die("--rows: one is enough, use A|B");
            if (regcomp(&opt->rows, optarg, REG_EXTENDED | REG_ICASE | REG_NOSUB) != 0)
                die("--rows=%s: not a regular expression", optarg);
            opt->choose_rows = true;
            break;
        case 'l':
            opt->list = true;
            break;
        case 'n':
            rounds = (unsigned)number("rounds", optarg, 1, MAX_ROUNDS);
            break;
        case 'a':
            opt->live = (size_t)number("live", optarg, 1, 1e7);
            break;
        case 'c':
            opt->csv = optarg;
            break;
        case 'w':
            opt->sweep = true;
            break;
        case 'A':
            opt->alone = optarg;
            break;
        case 's':
            opt->not_slower = true;
            if (optarg)
                opt->tolerance = number("not-slower", optarg, 0, 1000) / 100;
            break;
        case 'h':
            fputs(usage, stdout);
            exit(0);
        default:
            fputs(usage, stderr);
            exit(2);
        }
    }
    opt->rounds = rounds ? rounds : opt->quick ? 7 : 25;
    opt->round_ns = opt->quick ? 0.5e6 : 3e6;
    opt->ints = opt->quick ? 100000 : 1000000;
}

void progress(const char *group, const char *name, size_t done, size_t count)
{
    if (!isatty(STDERR_FILENO))
        return;
    if (group)
        fprintf(stderr, "\r\033[K[%zu/%zu] %.40s: %.28s", done + 1, count, group, name);
    else
        fputs("\r\033[K", stderr);
}

int main(int argc, char **argv)
{
    static struct library libs[MAX_LIBRARIES];
    static struct row rows[MAX_ROWS];
    struct options opt;
    read_options(argc, argv, &opt);

    size_t libraries = (size_t)(argc - optind);
    if (opt.list) {
        size_t count = rows_make(rows, libs, 0, &opt);
        for (size_t r = 0; r < count; r++)
            printf("%s: %s\n", rows[r].group, rows[r].name);
        return 0;
    }
    if (libraries == 0) {
        fputs(usage, stderr);
        return 2;
    }
    if (libraries > MAX_LIBRARIES)
        die("no more than %d libraries at once", MAX_LIBRARIES);
    if (opt.alone)
        return alone(opt.alone, argv[optind]);
    if (opt.sweep)
        return sweep(argv + optind, libraries, &opt);
    for (size_t i = 0; i < libraries; i++)
        library_open(&libs[i], argv[optind + (int)i]);
    libraries_distinct(libs, libraries);

    size_t count = rows_make(rows, libs, libraries, &opt);
    if (count == 0)
        die("no row matches; --list shows them all");
    struct result *results = calloc(count, sizeof *results);
    FILE *csv = opt.csv ? fopen(opt.csv, "we") : NULL;
    if (!results)
        die("no memory");
    if (opt.csv && !csv)
        die("%s: cannot be written", opt.csv);

    report_head(libs, libraries, &opt);
    size_t first = 0; /* of the group being measured */
    for (size_t r = 0; r < count; r++) {
        progress(rows[r].group, rows[r].name, r, count);
        measure_row(&results[r], &rows[r], libs, libraries, &opt);
        if (r + 1 == count || strcmp(rows[r + 1].group, rows[r].group) != 0) {
            progress(NULL, NULL, 0, 0);
            report_group(&results[first], r + 1 - first, libs, libraries);
            first = r + 1;
        }
    }
    if (csv && (report_csv(csv, results, count, libs, libraries) != 0 || fclose(csv) != 0))
        die("%s: cannot be written", opt.csv);

    int status = report_verdict(results, count, libs, libraries, &opt);
    free(results);
    return status;
}
