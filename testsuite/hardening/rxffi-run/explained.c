/* SPDX-License-Identifier: MIT
 *
 * explained: what rxffi-run --explain is to find. Made with one of these macros, it is a library:
 *
 *   LIBRARY_JAVA     looks like a Java machine, and maps writable and executable memory when loaded
 *   LIBRARY_TEXTREL  has a text relocation
 *   LIBRARY_WX       has a segment that is writable and executable
 *   LIBRARY_MARKED   defines LIBRARY_DEFINES and wants LIBRARY_WANTS from others, as far as these
 *                    are said
 *   LIBRARY_SEVEN    has a libffi's symbol; its SONAME is said when it is linked
 *
 * and with none a program, which does what its arguments say, one after the other, and ends with
 * status 7:
 *
 *   wx          map writable and executable memory
 *   alias       map a file twice, to execute and to write
 *   load PATH   load a library
 *   mdwe        ask for PR_SET_MDWE
 *   filter      install a seccomp filter that lets everything through
 *   fork        do the rest in a child, and wait for that
 *   thread      do the rest in another thread
 *   exec PATH   execute this program with the rest as arguments
 */
#include <dlfcn.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define SET_MDWE 65 /* PR_SET_MDWE, which old headers lack */

#if defined LIBRARY_JAVA
int JNI_CreateJavaVM(void);
int JNI_CreateJavaVM(void)
{
    return 0;
}

__attribute__((constructor)) static void map(void)
{
    mmap(NULL, 1, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

#elif defined LIBRARY_TEXTREL
__asm__(".text\n.quad getpid\n");

#elif defined LIBRARY_WX
__asm__(".section .both, \"awx\", %progbits\n.byte 0\n.previous\n");

#elif defined LIBRARY_MARKED
#if defined LIBRARY_DEFINES
int LIBRARY_DEFINES(void);
int LIBRARY_DEFINES(void)
{
    return 0;
}
#endif
#if defined LIBRARY_WANTS
extern char LIBRARY_WANTS[];
char *explained_user = LIBRARY_WANTS;
#endif

#elif defined LIBRARY_SEVEN
int ffi_call(void);
int ffi_call(void)
{
    return 0;
}

#else
static void map_wx(void)
{
    void *page =
        mmap(NULL, 1, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    puts(page == MAP_FAILED ? "no" : "yes");
    if (page != MAP_FAILED)
        munmap(page, 1);
}

static void map_twice(void)
{
    int fd = memfd_create("explained", 0);
    if (fd < 0 || ftruncate(fd, 1) != 0)
        exit(1);
    mmap(NULL, 1, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0);
    mmap(NULL, 1, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
}

static void install_filter(void)
{
    struct sock_filter code[] = {{BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW}};
    struct sock_fprog program = {sizeof code / sizeof *code, code};
    prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L);
    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0L, 0L);
}

static void *run(void *of)
{
    for (char **arguments = of; *arguments; arguments++) {
        if (strcmp(*arguments, "wx") == 0) {
            map_wx();
        } else if (strcmp(*arguments, "alias") == 0) {
            map_twice();
        } else if (strcmp(*arguments, "load") == 0) {
            if (!dlopen(*++arguments, RTLD_NOW))
                fprintf(stderr, "%s\n", dlerror());
        } else if (strcmp(*arguments, "mdwe") == 0) {
            prctl(SET_MDWE, 1L, 0L, 0L, 0L);
        } else if (strcmp(*arguments, "filter") == 0) {
            install_filter();
        } else if (strcmp(*arguments, "fork") == 0) {
            if (fork() > 0)
                return wait(NULL) < 0 ? of : NULL;
        } else if (strcmp(*arguments, "thread") == 0) {
            pthread_t thread;
            pthread_create(&thread, NULL, run, arguments + 1);
            pthread_join(thread, NULL);
            return NULL;
        } else if (strcmp(*arguments, "exec") == 0) {
            execv(arguments[1], arguments + 1);
        } else {
            exit(1);
        }
    }
    return NULL;
}

int main(int argc, char **argv)
{
    (void)argc;
    run(argv + 1);
    fflush(stdout);
    return 7;
}
#endif
