/* SPDX-License-Identifier: MIT
 *
 * replay: runs the target on files, without a fuzzer.
 *
 *     replay FILE...
 *
 * Says which library it is that is tested, the name of each file before it is run, and `end`.
 */
#include "fuzz.h"

#include <unistd.h>

extern const char __executable_start[], etext[];

static void replay(const char *name)
{
    printf("%s\n", name);
    fflush(stdout);
    FILE *file = fopen(name, "rb");
    CHECK(file != NULL);
    size_t room = 1 << 16;
    uint8_t *data = malloc(room);
    size_t size = fread(data, 1, room, file);
    fclose(file);
    /* Just as large as it is. */
    data = realloc(data, size + (size == 0));
    alarm(60);
    LLVMFuzzerTestOneInput(data, size);
    alarm(0);
    free(data);
}

int main(int argc, char **argv)
{
    uintptr_t address = (uintptr_t)ffi_prep_cif;
    bool here = address >= (uintptr_t)__executable_start && address < (uintptr_t)etext;
    printf("library %s\n", here ? "is linked in" : "is another one");
    for (int i = 1; i < argc; i++)
        replay(argv[i]);
    printf("end\n");
    return 0;
}
