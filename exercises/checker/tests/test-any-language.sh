#!/usr/bin/env bash
# Tests `make check-client`: the hardened client passes, and a program that crashes, prints nonsense, hangs or cannot
# run gets a message that says what is wrong.
# shellcheck disable=SC2016 # the programs' own shells expand their commands
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../../.." || exit 2
# shellcheck source=exercises/checker/tests/lib.bash
. exercises/checker/tests/lib.bash
private_build "$folder/build"
BUILD=$folder/build
examples=exercises/any-language

caller() { beside checked "$1" 1 "$2" 2 CMD="$3" "${@:4}"; }
user='echo "{\"id\":\"$id\"}"'

# ---- What is asked for -----------------------------------------------------------------------------

expect "no CMD" 'CMD names the program' 2 make check-client
expect "an empty CMD" 'CMD names the program' 2 make check-client CMD=' '
expect "no such N" 'N=4: want 1' 2 make check-client N=4 CMD=true
expect "in Chinese" '请用 CMD 指定' 2 LC_ALL=zh_CN.UTF-8 make check-client

# ---- The longest first -------------------------------------------------------------------------------

! type -P python3 >/dev/null ||
  beside checked "the hardened client" 0 '13 of 13 checks passed' '' \
    CMD="python3 $examples/hardened_client.py"

# ---- Programs that break the rule: one line for each id ------------------------------------------------

caller "a program that does not exist" \
  '✗ 1/3 cannot run CMD="no-such-program": .*\| +\| .*no-such-program.*not found\|0 of 3' no-such-program
caller "in Chinese" '✗ 1/3 无法运行 CMD="no-such-program"' no-such-program LC_ALL=zh_CN.UTF-8
caller "a file that is not executable" '✗ 1/3 cannot run CMD="./README.md": .*exit code 126' ./README.md
caller "a crash" '✗ 1/3 .*the program ended \(Segmentation fault\): it must read ids until' 'read id; kill -SEGV $$'
caller "an exception" '✗ 1/3 .*the program ended \(exit code 3\).*your code printed:\| +\| Traceback' \
  'read id; echo Traceback >&2; exit 3'
caller "an end after one id" '✗ 1/3 .*the program ended \(exit code 0\)' "read id; $user"
caller "buffered output" '✗ 1/3 .*for id 1 the client printed its line only after its input had ended' \
  "sed 's/.*/{\"id\":&}/'"
caller "an endless line" '✗ 1/3 .*printed 16 KB without a newline' "tr '\\0' x </dev/zero"
caller "garbage" '✗ 1/3 .*for id 1 the client printed `starting …`: expected one line, \{"id":"1", …\}' \
  'echo starting …; cat'
caller "control characters" '✗ 1/3 .*for id 1 the client printed `\?\[31mred`' "printf '\\033[31mred\\n'; cat"
caller "bytes that are not text" '✗ 1/3 .*for id 1 the client printed' 'head -c 1000 /dev/urandom; echo; cat'
caller "another user" '✗ 1/3 .*for id 2 the client printed `\{"id":1\}`' 'while read id; do echo "{\"id\":1}"; done'
caller "two lines for one id" '✗ 1/3 .*for id 2 the client printed `\{"id":"1"\}`' \
  "while read id; do $user; $user; done"
caller "a line too many at the end" '✗ 1/3 the client printed `bye` after the line of the last id' \
  "python3 $examples/hardened_client.py; echo bye"
caller "an empty line" '✗ 1/3 .*for id 1 the client printed `\(an empty line\)`' 'while read id; do echo; done'
caller "a path that is wrong" '✗ 1/3 .*\(exit code 2\).*Paths in CMD start at the project.s folder.*No such file' \
  'cat no-such-file; exit 2'
caller "an error" '✗ 1/3 .*a call failed \(no idea\.\)\. Consul is at CONSUL_HTTP_ADDR=http://127' \
  'while read id; do echo "error: no idea."; done'
caller "users that no instance was asked for" '✗ 1/3 the client answered 5 ids, but the instance got 0 calls' \
  "while read id; do $user; done"

# ---- Services that break the rule -----------------------------------------------------------------------

beside checked "a service that ends" 1 '✗ 1/6 .*the program ended \(exit code 1\): it must listen' 1 CMD=false
beside checked "a service that listens elsewhere" 1 '✗ 1/6 .*/health cannot be reached: listen on 127\.0\.0\.1' 1 \
  CMD='sleep 1000'

# ---- The examples ---------------------------------------------------------------------------------------

if ! type -P python3 >/dev/null; then
  echo "python3 is not installed: the examples are not tested"
  finish
  exit
fi
beside checked "the lesson's client" 1 '✓ 2/3 .*✗ 3/3 weights 3 and 1.*2 of 3 checks passed' 2 CMD="python3 $examples/lesson_client.py"
if type -P node >/dev/null; then
  beside checked "the smallest caller" 1 '✓ 1/3 .*✗ 2/3 .*A=60 B=0 C=0' 2 CMD="node $examples/first_client.mjs"
fi
{ cat $examples/hardened_client.py && echo 'time.sleep(1000)'; } >"$folder/endless.py"
caller "a client that never ends" '✗ 1/3 the client did not end within 10 s after the end of its input' \
  "python3 $folder/endless.py"
wait

# ---- Ctrl-C and kill -9 leave nothing -------------------------------------------------------------------

printf '%s\n' "$folder/client.py" "$folder/build" >"$folder/pattern"
running() { grep -lazFf "$folder/pattern" /proc/[0-9]*/cmdline 2>/dev/null; }
for_30_s() { # command...
  for _ in $(seq 300); do
    "$@" && return
    sleep 0.1
  done
  return 1
}
none_runs() { [ -z "$(running)" ]; }
begun() { grep -q '✓ 1/13' "$folder/shown"; }
cp $examples/hardened_client.py "$folder/client.py"
for signal in INT KILL; do
  LC_ALL=C CMD="tail -f $folder/client.py >/dev/null & python3 $folder/client.py" setsid env --default-signal=INT exercises/run client >"$folder/shown" 2>&1 </dev/null &
  checker=$!
  for_30_s begun
  verdict "$([ -n "$(running)" ]; echo $?)" "SIG$signal: a check runs" "$(cat "$folder/shown")"
  if [ $signal = INT ]; then kill -INT -$checker; else kill -KILL $checker; fi
  wait $checker 2>/dev/null
  verdict $((! $?)) "SIG$signal ends it with a failure"
  for_30_s none_runs
  verdict $? "SIG$signal: no process is left" "$(running | xargs -r -n1 sh -c 'tr "\0" " " <"$0"')"
done
finish
