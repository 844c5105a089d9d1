/* SPDX-License-Identifier: MIT
 *
 * say: prints its arguments, its name with them, each in brackets; exit status 7.
 */
#include <stdio.h>

int main(int argc, char **argv)
{
    for (int i = 0; i < argc; i++)
        printf("[%s]", argv[i]);
    puts("");
    return 7;
}
