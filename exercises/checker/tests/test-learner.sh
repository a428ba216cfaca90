#!/usr/bin/env bash
# Tests `make exercise` as a learner uses it, in a clone whose path has blanks and Chinese characters: the learner's
# file is created once and never overwritten, whether by parallel runs, hints, resets, watching or Ctrl-C.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../../.." || exit 2
# The clone has a build folder of its own, whatever BUILD this make got: the last definition counts.
build=build
export MAKEFLAGS="${MAKEFLAGS:-} BUILD=build"
# shellcheck source=exercises/checker/tests/lib.bash
. exercises/checker/tests/lib.bash

# The clone links to what is built already; the exercises and their results are its own.
clone="$folder/a clone 克隆"
mkdir "$clone"
for part in * .ci; do
  case $part in
  exercises) cp -a exercises "$clone" ;;
  build) ;;
  *) ln -s "$PWD/$part" "$clone/$part" ;;
  esac
done
find "$clone"/exercises/[1-9]-* -maxdepth 1 -name '*.c*' ! -name solution.c ! -name starter.c -delete
export CONSUL_HOME=${CONSUL_HOME:-$BUILD/consul}
CONSUL_HOME=$(realpath -m "$CONSUL_HOME")
private_build "$clone/$build"
cd "$clone" || exit 2
export BUILD=$build
unset BUILD_DIR N FILE HINT WATCH RESET SOLUTION NO_COLOR
own=exercises/2-weighted-balancing/weighted.c
starter=exercises/2-weighted-balancing/starter.c
solution=exercises/2-weighted-balancing/solution.c

same() { # what, file, file
  cmp -s "$2" "$3"
  verdict $? "$1: $2 differs from $3"
}

# ---- The first run ---------------------------------------------------------------------------------

first=$(LC_ALL=C make exercise N=2 2>&1 </dev/null)
verdict $((! $?)) "make exercise fails if a check does" "$first"
same "the learner's file is the starter" $own $starter
for said in "Your file is $own" "✗ 1/6 4 requests: expected A=3 B=1, got A=4 B=0 (A A A A)" "Edit weighted.c:11 weighted_pick()"; do
  verdict "$(grep -qF "$said" <<<"$first"; echo $?)" "make exercise says: $said" "$first"
done
verdict "$(($(grep -c '\*\*\*' <<<"$first") != 1))" "make adds one line of its own" "$first"
expect "the second run" "^✗ 1/6" 1 exercises/run check 2
expect "no such exercise" "There is no exercise 7" 2 make exercise N=7
expect "no exercise named" "There is no exercise" 2 make exercise
expect "no such hint" "HINT is 1, 2 or 3" 2 make exercise N=2 HINT=4
expect "no such file" "No such file" 2 make exercise N=2 FILE=none.c
expect "progress" "N=2 .*: begun" 0 make exercises

# ---- Hints ---------------------------------------------------------------------------------------

exercises=(exercises/[1-9]-*/README.md)
for n in "${exercises[@]//[!0-9]/}"; do
  for language in en zh; do
    for k in 1 2 3; do env LC_ALL=$language exercises/run hint "$n" $k >"$folder/hint-$n-$language-$k" 2>/dev/null; done
  done
done
verdict "$(($(sort -u <(cksum "$folder"/hint-* | cut -d' ' -f1,2) | wc -l) != ${#exercises[@]} * 6))" "all hints differ"
verdict "$(find "$folder" -name 'hint-*' -size -40c | wc -l)" "each hint has text"
verdict "$(LC_ALL=C grep -LP '[\xe4-\xe9][\x80-\xbf]{2}' "$folder"/hint-*-zh-* | wc -l)" "the Chinese ones are Chinese"

# ---- Typical mistakes ----------------------------------------------------------------------------

learner_has() { sed "$2" $solution >$own && expect "$1" "$3" "${4:-1}" exercises/run check 2; }

learner_has "a mistake in line 33, from Windows, with a BOM" '1s/^/\xEF\xBB\xBF/; s/return best;/return bst;/; s/$/\r/' \
  "^✗ it does not compile: weighted\.c:33: error: 'bst' undeclared"
grep -q 'weighted.c' "$build/exercise-2/compile.txt"
verdict $? "a file has the full output of the compiler"
learner_has "a name misspelt" 's/peers\[best\]/pears[best]/' "does not compile: weighted\.c:2[0-9]: error: 'pears' undeclared"
learner_has "a warning" '20s/^/#include <stdio.h>\n/; s/return best;/char unused; return 0;/' '^    weighted\.c:[0-9]+: warning: unused variable'
learner_has "a function that moved, and an old one in a comment" \
  '20s/^/\/*\nint weighted_pick(struct peer *peers, int n)\n*\/\n#if 0\nint weighted_pick(struct peer *peers, int n)\n#endif\n/; s/return best;/return 0;/' \
  'Edit weighted\.c:26 weighted_pick'
learner_has "printf" '20s/^/#include <stdio.h>\n/; s/return best;/printf("best is %d\\n", best); return 0;/' '^    \| best is 0'
learner_has "a function of the starter's left out" 's/^int weighted_pick/int weigthed_pick/' 'weighted_pick\(\) is missing, or static'
is_coloured() { [[ $("$@" </dev/null) == *$'\e'* ]]; }
is_coloured exercises/run check 2
verdict $((! $?)) "no colours without a terminal"
is_coloured script -qec "TERM=xterm exercises/run check 2" /dev/null
verdict $? "colours on a terminal"
is_coloured script -qec "TERM=dumb exercises/run check 2" /dev/null
verdict $((! $?)) "no colours on a dumb terminal"

# ---- The learner's file is never overwritten -------------------------------------------------------

echo '// mine' >$own
cp $own "$folder/mine"
expect "SOLUTION=1" "is solved" 0 make exercise N=2 SOLUTION=1
same "SOLUTION=1 leaves it alone" $own "$folder/mine"
expect "RESET=1" "Your file is kept as $own" 0 make exercise N=2 RESET=1
same "RESET=1 brings the starter" $own $starter
echo '// mine, later' >$own
expect "RESET=1 again" "Your file is kept as $own" 0 exercises/run reset 2
verdict "$(($(cat $own.* | grep -c '// mine') != 2))" "each copy is kept" "$(ls exercises/2-*)"

expect "two at once (a)" "^✗ 1/6 4 requests" 1 exercises/run check 2 &
expect "two at once (b)" "^✗ 1/6 4 requests" 1 exercises/run check 2 &
wait

# ---- Watching ------------------------------------------------------------------------------------

watched=$folder/watched
seen() { # text, times
  for _ in $(seq 600); do
    [ "$(grep -cF "$1" "$watched")" -ge "$2" ] && break
    sleep 0.1
  done
  verdict "$(($(grep -cF "$1" "$watched") < $2))" "watching shows: $1" "$(cat "$watched")"
}
LC_ALL=C setsid env --default-signal=INT exercises/run watch 2 >"$watched" 2>&1 </dev/null &
watcher=$!
seen "got A=4 B=0" 1
rm $own # as some editors do when they save
sleep 1
sed 's/return 0;/return n - 1;/' $starter >"$folder/saved" && mv "$folder/saved" $own
seen "got A=0 B=4" 1
sed 's/return 0;/for (;;) ;/' $starter >"$folder/saved" && cp "$folder/saved" $own
seen "did not return within 10 s" 1
same "watching writes nothing" $own "$folder/saved"
kill -INT -$watcher
wait $watcher
verdict $? "Ctrl-C ends watching with exit code 0"

# ---- Ctrl-C during a check -----------------------------------------------------------------------

echo "$clone/$build" >"$folder/pattern"
running() { grep -lazFf "$folder/pattern" /proc/[0-9]*/cmdline 2>/dev/null; }
cp $solution $own
LC_ALL=C setsid env --default-signal=INT make exercise N=2 >"$watched" 2>&1 </dev/null &
watcher=$!
seen "✓ 5/6" 1
for _ in $(seq 300); do
  [ -z "$(running)" ] || break
  sleep 0.1
done
verdict "$([ -n "$(running)" ]; echo $?)" "servers run" "$(cat "$watched")"
kill -INT -$watcher
wait $watcher
verdict $((! $?)) "Ctrl-C ends a check"
for _ in $(seq 100); do
  [ -n "$(running)" ] || break
  sleep 0.1
done
verdict "$(running | wc -l)" "no process is left" "$(running | xargs -r -n1 sh -c 'tr "\0" " " <"$0"')"
expect "the same again, to its end" "is solved" 0 exercises/run check 2
expect "progress at the end" "N=2 .*: solved" 0 exercises/run progress
finish
