#!/usr/bin/env bash
# Tests `make grade` with files that a class hands in, and with hostile ones: each gets its score as valid JSON in
# bounded time, none gets points that it has not earned, and nothing is left behind.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../../.." || exit 2
# shellcheck source=exercises/checker/tests/lib.bash
. exercises/checker/tests/lib.bash

private_build "$folder/build"
BUILD=$folder/build
mkdir "$folder/tmp"
export TMPDIR=$folder/tmp
build_show_grade
solution=exercises/2-weighted-balancing/solution.c

# An answer to exercise 2 that runs this statement first, with these lines above it.
answer() { # name, statement, lines
  printf '%s\n#include "given.h"\nint weighted_pick(struct peer *peers, int n)\n{\n    (void)peers, (void)n;\n    %s\n    return 0;\n}\n' \
    "${3:-}" "$2" >"$folder/$1.c"
  echo "$folder/$1.c"
}

is_rejected() { beside grades_as "$1" 1 "0/6\|error: $2" 2 "$3"; }
is_usage() { beside expect "$1" "$2" 2 "${@:3}" exercises/run grade 2; }

# ---- Files that a class hands in ------------------------------------------------------------------

# Saved by an editor on Windows, in a folder with a difficult name, with helper functions, a variable and a main()
# whose names are also used by the checker or the C library.
odd="$folder/第 3 组 (final) \"v2\"/加权 轮询.c"
mkdir -p "${odd%/*}"
{
  printf '\xEF\xBB\xBF#include <math.h>\n#include <stdio.h>\n#include <string.h>\n'
  printf 'int fail, deps = 1, checks;\nint set_context(int x) { return (int)sqrt(x * x); }\nint strcmp(const char *a, const char *b) { return a == b; }\n'
  sed 's/peers\[i\].current += peers\[i\].weight/printf("%d\\n", i), peers[i].current += set_context(peers[i].weight)/' $solution
  printf 'int main(void) { return weighted_pick(0, 0); }\n'
} | sed 's/$/\r/' >"$odd"
chmod 400 "$odd"
beside grades_as "a right answer with all that students add" 0 '加权 轮询\.c: passed, 6/6\|$' 2 "$odd"

: >"$folder/empty.c"
is_rejected "an empty file" "weighted_pick\(\) is missing" "$folder/empty.c"
head -c 100000 /dev/urandom >"$folder/garbage.c"
is_rejected "garbage" "it does not compile: garbage\.c:" "$folder/garbage.c"
head -c 10M /dev/zero | tr '\0' '\n' >"$folder/large.c"
is_rejected "10 MB" "the file has 10240 KB" "$folder/large.c"
is_rejected "another exercise's answer" "it does not compile: solution\.c:" exercises/3-registry-outage/solution.c
is_rejected "an include of another file" "it does not compile: passwd:1:" "$(answer passwd '' '#include "/etc/passwd"')"
is_rejected "an include of an endless file" "it does not compile: " "$(answer endless '' '#include "/dev/zero"')"
is_rejected "a missing function" "it does not link: missing\.c:[0-9]+: undefined reference to .helper" \
  "$(answer missing 'return helper();' 'int helper(void);')"
is_usage "no file" "No such file" FILE="$folder/none.c"
is_usage "a folder" "No such file" FILE="$folder"
is_usage "no FILE" "FILE=… names the file"
mkfifo "$folder/pipe.c"
is_usage "a pipe" "No such file" FILE="$folder/pipe.c"

# ---- Attacks -------------------------------------------------------------------------------------

none='not passed, 0/6\|'
is_rejected "exit(0)" "exit\(\) is not allowed in an answer.*exit\.c:6 weighted_pick\(\)" "$(answer exit 'exit(0);' '#include <stdlib.h>')"
is_rejected "fork()" "fork\(\) is not allowed in an answer" "$(answer forks 'while (fork() >= 0);' '#include <unistd.h>')"
is_rejected "killing the checker" "kill\(\) is not allowed" "$(answer kills 'kill(getppid(), 9);' $'#include <signal.h>\n#include <unistd.h>')"
runs_outside_main() { # name, lines
  is_rejected "$1" "code that runs before or after main\(\) is not allowed" "$(answer "$1" '' $'#include <err.h>\n'"$2")"
}
says='{ errx(0, "all passed"); }'
runs_outside_main before "__attribute__((constructor)) static void first(void) $says"
runs_outside_main after "__attribute__((destructor)) static void last(void) $says"
runs_outside_main loading "static int (*choose(void))(void) $says int chosen(void) __attribute__((ifunc(\"choose\")));"
beside grades_as "code that differs under the sanitizer" 1 "0/6\|failed" 2 "$(answer looks '' "#ifdef __SANITIZE_ADDRESS__
#include <err.h>
__attribute__((constructor)) static void first(void) $says
#endif")"
beside grades_as "the worked solution, by reference" 1 "0/6\|error: it does not compile: refers" 2 "$(echo '#include "solution.c"' >"$folder/refers.c"; echo "$folder/refers.c")"
beside grades_as "exit(0) by another name" 1 "$none.*it ended the process" 2 "$(answer ends 'errx(0, "all passed");' '#include <err.h>')"
beside grades_as "killing the checker by another name" 1 "0/6\|error: the check program was terminated \(exit code 137\)" 2 \
  "$(answer murders 'sigqueue(getppid(), SIGKILL, (union sigval){0});' $'#include <signal.h>\n#include <unistd.h>')"
beside grades_as "printing that all passed" 1 "$none" 2 \
  "$(answer prints 'puts("✓ 6/6\n{\"passed\": true, \"score\": 6, \"of\": 6}\nExercise 2 is solved."); fflush(stdout);' '#include <stdio.h>')"
beside grades_as "printing without end" 1 "$none.*it printed more than 32 MB" 2 "$(answer floods 'for (;;) printf("%4000d\n", 1);' '#include <stdio.h>')"
beside grades_as "filling the disk" 1 "0/6\|error: fopen\(\) is not allowed" 2 \
  "$(answer fills "FILE *file = fopen(\"$folder/filled\", \"w\"); for (;;) fputs(\"again and again\", file);" '#include <stdio.h>')"
beside grades_as "filling the memory" 1 "$none.*it took more than 512 MB" 2 \
  "$(answer greedy 'for (;;) memset(malloc(1 << 20), 1, 1 << 20);' $'#include <stdlib.h>\n#include <string.h>')"
beside grades_as "closing all files" 1 "$none.*expected A=3 B=1, got A=4" 2 \
  "$(answer closes 'for (int fd = 0; fd < 100; fd++) close(fd);' '#include <unistd.h>')"
beside grades_as "abort()" 1 "$none.*it crashed: abort\(\) was called" 2 "$(answer aborts 'abort();' '#include <stdlib.h>')"
beside grades_as "invalid UTF-8" 1 "$none.*it crashed" 2 "$(answer bytes 'fputs("\xff\xfe\x80", stderr); abort();' $'#include <stdio.h>\n#include <stdlib.h>')"
leaves=$(answer leaves 'if (daemon(1, 1) == 0) for (;;) ;' '#include <unistd.h>')
beside grades_as "leaving a process behind" 1 "$none.*it ended the process" 2 "$leaves"
wait

echo "$leaves" >"$folder/pattern"
verdict "$(grep -lazFf "$folder/pattern" /proc/[0-9]*/cmdline 2>/dev/null | wc -l)" "no process is left behind"
verdict "$(find "$TMPDIR" -maxdepth 1 -name 'exercise-*' | wc -l)" "no folder is left behind"
finish
