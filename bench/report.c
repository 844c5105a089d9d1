/* SPDX-License-Identifier: MIT
 *
 * Results as text for people, and as CSV for programs. Nothing here measures anything: a
 * struct result in, characters out.
 */
#include "bench.h"

#include <math.h>
#include <string.h>

enum { LABEL = 46, DIRECT = 9, RATIO = 8, NOISE = 8 };

static int width(const struct library *lib)
{
    int length = (int)strlen(lib->name);
    return (length < 8 ? 8 : length) + 2;
}

/* The processor's name, where /proc/cpuinfo knows it. */
static void processor(char *name, size_t room)
{
    char line[256];
    snprintf(name, room, "unknown processor");
    FILE *file = fopen("/proc/cpuinfo", "re");
    while (file && fgets(line, sizeof line, file))
        if (strncmp(line, "model name", 10) == 0 && strchr(line, ':')) {
            line[strcspn(line, "\n")] = '\0';
            snprintf(name, room, "%s", strchr(line, ':') + 2);
            break;
        }
    if (file)
        fclose(file);
}

static void print_libraries(const struct library *libs, size_t libraries)
{
    for (size_t i = 0; i < libraries; i++)
        printf("%-*s  %s\n", 16, libs[i].name, libs[i].path);
    putchar('\n');
}

void report_head(const struct library *libs, size_t libraries, const struct options *opt)
{
    char cpu[128];
    processor(cpu, sizeof cpu);
    print_libraries(libs, libraries);
    printf("%s. Nanoseconds for an operation, the best of %u rounds of %g ms.\n", cpu, opt->rounds,
           opt->round_ns / 1e6);
    if (libraries > 1)
        printf("ratio: %s / the library to its left; below 1, %s is the faster.\n", libs[0].name,
               libs[0].name);
    printf("noise: how far the median round lies above the best, with the worse library.\n");
}

void report_sweep_head(const struct library *libs, size_t libraries, size_t processors)
{
    char cpu[128];
    processor(cpu, sizeof cpu);
    print_libraries(libs, libraries);
    printf("%s, %zu processor%s. Each figure from several processes that did nothing else: the\n"
           "best, for the times with N alive; the median of all others. ratio, noise: as in the "
           "table.\n",
           cpu, processors, processors == 1 ? "" : "s");
}

static void print_heading(const char *group, const struct library *libs, size_t libraries)
{
    printf("\n%-*s%*s", LABEL, group, DIRECT, "direct");
    for (size_t i = 0; i < libraries; i++) {
        printf("%*s", width(&libs[i]), libs[i].name);
        if (i > 0)
            printf("%*s", RATIO, "ratio");
    }
    printf("%*s\n", NOISE, "noise");
}

/* A figure in its column; 0 stands for none. */
static void print_ns(int columns, double ns)
{
    if (ns > 0)
        printf("%*.*f", columns, ns < 1000 ? 1 : 0, ns);
    else
        printf("%*s", columns, "-");
}

static void print_ratio(int columns, double ratio)
{
    if (ratio > 0)
        printf("%*.*f", columns, ratio < 10 ? 2 : 1, ratio);
    else
        printf("%*s", columns, "-");
}

static double figure(const struct result *res, size_t side)
{
    return res->side[side].outcome == OK ? res->side[side].figure : 0;
}

static double noise(const struct result *res, size_t libraries)
{
    double most = 0;
    for (size_t s = 1; s <= libraries; s++)
        if (res->side[s].outcome == OK)
            most = fmax(most, res->side[s].median / res->side[s].best - 1);
    return most;
}

static void print_row(const struct result *res, const struct library *libs, size_t libraries)
{
    printf("  %-*s", LABEL - 2, res->row->name);
    print_ns(DIRECT, figure(res, 0));
    for (size_t i = 0; i < libraries; i++) {
        if (res->side[1 + i].outcome == FAILED)
            printf("%*s", width(&libs[i]), "failed");
        else
            print_ns(width(&libs[i]), figure(res, 1 + i));
        if (i > 0)
            print_ratio(RATIO, result_ratio(res, i));
    }
    printf("%*.0f %%\n", NOISE - 2, noise(res, libraries) * 100);
    for (size_t i = 0; i < libraries; i++)
        if (*res->side[1 + i].reason)
            printf("    %s: %s\n", libs[i].name, res->side[1 + i].reason);
}

/* Geometric mean over the rows of a group; 0 when some row has no figure, as the mean would
 * then be over other rows than its neighbour's. */
static double mean_ns(const struct result *res, size_t count, size_t side)
{
    double sum = 0;
    for (size_t r = 0; r < count; r++) {
        if (figure(&res[r], side) <= 0)
            return 0;
        sum += log(figure(&res[r], side));
    }
    return exp(sum / (double)count);
}

/* The ratio's mean is over the rows that both libraries have. */
static double mean_ratio(const struct result *res, size_t count, size_t library)
{
    double sum = 0;
    size_t n = 0;
    for (size_t r = 0; r < count; r++)
        if (result_ratio(&res[r], library) > 0) {
            sum += log(result_ratio(&res[r], library));
            n++;
        }
    return n ? exp(sum / (double)n) : 0;
}

static void print_means(const struct result *res, size_t count, const struct library *libs,
                        size_t libraries)
{
    double direct = mean_ns(res, count, 0);
    if (count > 1) {
        printf("  %-*s", LABEL - 2, "geometric mean");
        print_ns(DIRECT, direct);
        for (size_t i = 0; i < libraries; i++) {
            print_ns(width(&libs[i]), mean_ns(res, count, 1 + i));
            if (i > 0)
                print_ratio(RATIO, mean_ratio(res, count, i));
        }
        putchar('\n');
    }
    if (direct <= 0)
        return;
    printf("  %-*s", LABEL - 2, "times the direct call");
    print_ratio(DIRECT, 1);
    for (size_t i = 0; i < libraries; i++) {
        print_ratio(width(&libs[i]), mean_ns(res, count, 1 + i) / direct);
        if (i > 0)
            printf("%*s", RATIO, "");
    }
    putchar('\n');
}

void report_group(const struct result *res, size_t count, const struct library *libs,
                  size_t libraries)
{
    print_heading(res->row->group, libs, libraries);
    for (size_t r = 0; r < count; r++)
        print_row(&res[r], libs, libraries);
    if (res->row->work) /* what a sweep's points have in common is no mean */
        print_means(res, count, libs, libraries);
    fflush(stdout);
}

/* 0, or 1 where the first library is slower and that matters, or 2 where something failed. */
int report_verdict(const struct result *res, size_t count, const struct library *libs,
                   size_t libraries, const struct options *opt)
{
    size_t slower = 0, failed = 0, compared = 0;
    putchar('\n');
    for (size_t r = 0; r < count; r++) {
        for (size_t i = 0; i <= libraries; i++)
            if (res[r].side[i].outcome == FAILED) {
                printf("failed: %s: %s (%s)\n", res[r].row->group, res[r].row->name,
                       i ? libs[i - 1].name : "direct call");
                failed++;
            }
        for (size_t i = 1; i < libraries; i++) {
            double ratio = result_ratio(&res[r], i);
            compared += ratio > 0;
            if (ratio <= 1 + opt->tolerance)
                continue;
            printf("slower than %s: %s: %s (%.2f)\n", libs[i].name, res[r].row->group,
                   res[r].row->name, ratio);
            slower++;
        }
    }
    if (compared > 0 && slower == 0 && failed == 0)
        printf("%s is not slower in any of %zu comparisons (tolerance %g %%).\n", libs[0].name,
               compared, opt->tolerance * 100);
    if (failed > 0)
        return 2;
    return slower > 0 && opt->not_slower ? 1 : 0;
}

/* A CSV field in double quotes, which names with commas need. */
static void csv_text(FILE *file, const char *text)
{
    putc('"', file);
    for (; *text; text++) {
        if (*text == '"')
            putc('"', file);
        putc(*text, file);
    }
    putc('"', file);
}

/* A line for each side of each row: `library` 0 is the direct call, 1 the first library. */
int report_csv(FILE *file, const struct result *res, size_t count, const struct library *libs,
               size_t libraries)
{
    static const char *const outcome[] = {[OK] = "ok", [ABSENT] = "absent", [FAILED] = "failed"};
    fputs("group,row,library,name,outcome,figure,unit,best,median,rounds,operations\n", file);
    for (size_t r = 0; r < count; r++)
        for (size_t s = 0; s <= libraries; s++) {
            const struct measure *m = &res[r].side[s];
            const char *unit = res[r].row->unit ? res[r].row->unit : "ns";
            csv_text(file, res[r].row->group);
            putc(',', file);
            csv_text(file, res[r].row->name);
            fprintf(file, ",%zu,", s);
            csv_text(file, s ? libs[s - 1].name : "direct");
            fprintf(file, ",%s,", outcome[m->outcome]);
            if (m->outcome == OK)
                fprintf(file, "%.4f,%s,%.4f,%.4f,%u,%zu\n", m->figure, unit, m->best, m->median,
                        m->rounds, m->operations);
            else
                fprintf(file, ",%s,,,,\n", unit);
        }
    return ferror(file) ? -1 : 0;
}
