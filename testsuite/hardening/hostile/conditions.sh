# SPDX-License-Identifier: MIT
#
# conditions: closures under each condition that a machine can be in, which sets in at three moments: before
# the program starts, after the library is loaded, and after the first closure (under.c).
#
# Where a dynamic program cannot start at all under the condition, a static one is started.
#
# Sourced by `run.sh`, which with the suite's `run` has the words that are used here.
# shellcheck shell=bash disable=SC2034,SC2154

section "hostile: conditions"

# A title in words; the condition; the scene; how many closures; the moments: Before, before for a Static
# program, Loaded, First; options for the observer.
conditions() {
    cat << 'EOF'
nothing denied: no system call|none|closures|1000|BSLF|--no-calls
nothing denied: no system call until the built-in pool is used up|none|use-up|pool|BSLF|--no-calls
nothing denied, past the pool|none|closures|past|BSLF
PR_SET_MDWE|mdwe|closures|1000|BSLF
PR_SET_MDWE, past the pool|mdwe|closures|past|BSLF
systemd's filter, no memfd_create|systemd|closures|1000|BSLF
systemd's filter, no memfd_create, past the pool|systemd|closures|past|BSLF
PaX MPROTECT|pax|closures|1000|BSLF
PaX MPROTECT, past the pool|pax|closures|past|BSLF
no mmap or mprotect with PROT_EXEC|no-exec|closures|1000|SLF
no mmap or mprotect with PROT_EXEC, past the pool|no-exec|closures|past|SLF
no mmap, mprotect or mremap: the whole pool, then NULL|no-mapping|all|pool|SLF
no /proc|no-proc|closures|1000|BSLF
no /proc, past the pool|no-proc|closures|past|BSLF
chroot into an empty folder|chroot|closures|1000|SLF
chroot into an empty folder, past the pool|chroot|closures|past|SLF
a PID namespace|pid-namespace|closures|1000|BSLF
a PID namespace, past the pool|pid-namespace|closures|past|BSLF
no free descriptor|no-descriptor|closures|1000|SLF
no free descriptor, past the pool|no-descriptor|closures|past|SLF
no free descriptor, PR_SET_MDWE, past the pool|mdwe/no-descriptor|closures|past|SLF
open denied|no-open|closures|1000|SLF
open denied, past the pool|no-open|closures|past|SLF
Landlock without access|landlock|closures|1000|SLF
Landlock without access, past the pool|landlock|closures|past|SLF
a daemon: its own files at all descriptors|daemon|closures|1000|BSLF
a daemon: its own files at all descriptors, past the pool|daemon|closures|past|BSLF
a daemon under PR_SET_MDWE, past the pool|mdwe/daemon|closures|past|BSLF
the library's file deleted|deleted|closures|1000|SLF
the library's file deleted, past the pool|deleted|closures|past|SLF
the library's file replaced|replaced|closures|1000|SLF
the library's file replaced, past the pool|replaced|closures|past|SLF
noexec and read-only mounts, RLIMIT_FSIZE 0|read-only|closures|1000|BSLF
noexec and read-only mounts, RLIMIT_FSIZE 0, past the pool|read-only|closures|past|BSLF
noexec and read-only mounts, RLIMIT_FSIZE 0, systemd's filter, past the pool|systemd/read-only|closures|past|LF
a passing cause, RLIMIT_NOFILE, past the pool|few-descriptors|recover|past|SLF
a passing cause, RLIMIT_NOFILE, PR_SET_MDWE, past the pool|mdwe/few-descriptors|recover|past|SLF
a passing cause, RLIMIT_AS, past the pool|address-space|recover|far|BSLF
RLIMIT_AS: NULL when nothing is left|address-space|exhaust|pool|BSLF
vm.max_map_count nearly used up: NULL when nothing is left|mappings|exhaust|pool|LF
fork, the same cells remade in parent and child|none|fork|1000|BLF
fork, the same cells remade, past the pool|none|fork|past|BLF
fork, the same cells remade, PR_SET_MDWE|mdwe|fork|1000|BLF
fork, the same cells remade, PR_SET_MDWE, past the pool|mdwe|fork|past|BLF
vfork|none|vfork|1000|BLF
vfork, past the pool|none|vfork|past|BLF
fork while other threads allocate|none|fork-beside-threads|1000|BLF
fork while other threads allocate, past the pool|none|fork-beside-threads|past|BLF
8 threads surge, 1,500 each|none|surge|12000|BLF
8 threads surge, past the pool|none|surge|far|BLF
8 threads in a storm|none|storm|12000|BLF
8 threads in a storm, past the pool|none|storm|far|BLF
8 threads exchange closures|none|exchange|12000|BLF
8 threads exchange closures, past the pool|none|exchange|far|BLF
a signal handler calls and allocates inside alloc|none|signals|1000|BLF
a signal handler calls and allocates inside alloc, where the pool ends|none|signals|pool|BLF
1,000,000 live closures: under 250 mappings|none|live|1000000|BLF|--mappings=250
1,000,000 live closures on a kernel before 6.13|no-guards|live|1000000|BLF|--mappings=250
1,000,000 live closures under systemd's filter|systemd|live|1000000|BLF|--mappings=250
mseal of the library's mappings: the code is covered|sealed|closures|1000|LF
mseal of the library's mappings, past the pool|sealed|closures|past|LF|--may-open-library
mseal, the library's file deleted: the pool, and then right or NULL|sealed/deleted|exhaust|pool|LF|--may-open-library
mseal, the library's file replaced: the pool, and then right or NULL|sealed/replaced|exhaust|pool|LF|--may-open-library
EOF
}

# HOSTILE_ROWS=PATTERN: only the rows whose title matches.
while IFS='|' read -r title condition scene n moments options; do
    [[ $title =~ ${HOSTILE_ROWS-} ]] || continue
    # shellcheck disable=SC2086
    play_row "$title" "$condition" "$scene" "$n" "$moments" "$PWD/under" "$lib/libffi.so.8" $options
done < <(conditions)
