/* SPDX-License-Identifier: MIT
 *
 * A program for LLVM's interpreter, which calls what it does not contain through libffi. It knows
 * no structs there.
 */
int puts(const char *);
unsigned long strlen(const char *);
int strcmp(const char *, const char *);
int atoi(const char *);
double atof(const char *);
double pow(double, double);
float sqrtf(float);
double ldexp(double, int);
long labs(long);
int toupper(int);
char *strchr(const char *, int);
void *malloc(unsigned long);
void *memset(void *, int, unsigned long);
void free(void *);
void exit(int);
float half(float);
double twelve(double, int, double, int, double, int, double, int, double, int, double, int);
const char *greet(const char *);

static int passed, ran;
static char number[20];

static const char *digits(int n)
{
    char *p = number + sizeof number - 1;
    do
        *--p = (char)('0' + n % 10);
    while (n /= 10);
    return p;
}

static void test(int ok, const char *if_ok, const char *if_not)
{
    ran++;
    passed += ok;
    puts(ok ? if_ok : if_not);
}
#define TEST(name, ok) test(ok, "ok " name, "fail " name)

static int called(void)
{
    int sum = 0;
    for (int i = 0; i < 20000; i++)
        sum += toupper('a') - 'A' + 1;
    return sum;
}

int main(void)
{
    TEST("strings", strlen("twelve chars") == 12 && strcmp("a", "b") < 0);
    TEST("strings from C", strcmp(greet("lli"), "hello, lli") == 0);
    TEST("pointers", *strchr("abcd", 'c') == 'c');
    TEST("integers", atoi("-42") == -42 && labs(-5000000000) == 5000000000);
    TEST("doubles", pow(2, 10) == 1024 && atof("1.5") == 1.5);
    TEST("floats", sqrtf(6.25f) == 2.5f && half(2.5f) == 1.25f);
    TEST("doubles and integers", ldexp(1.5, 4) == 24);
    TEST("arguments on the stack", twelve(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12) == 650);
    char *memory = malloc(1000);
    memset(memory, 7, 1000);
    TEST("memory", memory[999] == 7);
    free(memory);
    TEST("20000 calls", called() == 20000);

    char line[60], *p = line;
    for (const char *d = digits(passed); *d; d++)
        *p++ = *d;
    *p++ = ' ', *p++ = 'o', *p++ = 'f', *p++ = ' ';
    for (const char *d = digits(ran); *d; d++)
        *p++ = *d;
    *p = 0;
    puts(line);
    exit(passed != ran);
}
