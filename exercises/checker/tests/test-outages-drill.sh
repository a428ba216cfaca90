#!/usr/bin/env bash
# Exercise 3's drill, in each scenario: with the worked solution only the naive client fails; the drill reports a wrong
# answer in terms of the lesson. Several drills run side by side, because they mostly wait.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../../.." || exit 2

BUILD=${BUILD_DIR:-build}
EXERCISE=exercises/3-registry-outage
SIDE_BY_SIDE=3
work=$(mktemp -d "${TMPDIR:-/tmp}/drills.XXXXXX")
trap 'rm -rf "$work"' EXIT
trap 'kill $(jobs -p) 2>/dev/null; exit 130' INT TERM

# Answers that are wrong only in the bonus, or that hang or crash when the list has expired.
sed 's/bool suddenly_empty = .*/bool suddenly_empty = false;/' "$EXERCISE/solution.c" >"$work/believes_empty.c"
when_expired() { # statement
  cat <<END
#include "given.h"
int get_instances(struct entry *e, int64_t now_ms, int64_t ttl_ms, struct list *out, struct err *why)
{
    volatile int *nowhere = 0, turns = 0;
    (void)nowhere, (void)turns;
    if (e->filled && now_ms - e->fetched_ms >= ttl_ms)
        $1;
    if (!e->filled && ask_consul(&e->list, why) != 0)
        return -1;
    e->fetched_ms = e->filled ? e->fetched_ms : now_ms;
    e->filled = true;
    *out = e->list;
    return 0;
}
END
}
when_expired 'for (;;) turns++' >"$work/never_ends.c"
when_expired '*nowhere = 1' >"$work/crashes.c"

# A machine that stalls: Consul hangs from "everything works" on, until a call has failed.
stall_consul() { # the drill's name
  local drill servers
  wait_for "$1" '> everything works'
  drill=$(pgrep -of "/drill .*$work/$1[.]svg")
  mapfile -t servers < <(pgrep -P "$drill" consul)
  kill -STOP "${servers[@]}"
  wait_for "$1" '^ *[0-9.]+ s +[0-9]+ +[0-9]+ +[0-9]+ +[1-9]' # a call of the second caller, the learner's
  kill -CONT "${servers[@]}"
}
wait_for() { # the drill's name, pattern
  timeout 120 tail -n +1 -f "$work/$1.log" | grep -qE -m 1 -- "$2"
}

# Scenario, the learner's file, exit code, and the patterns that the output must contain, in this order.
drill() {
  local scenario=$1 file=$2 code=$3 name run done=yes output status pattern rest begin=$SECONDS
  shift 3
  name=$scenario-$(basename "$file" .c)
  env BUILD="$BUILD" LC_ALL="$locale" FILE="$file" PICTURE="$work/$name.svg" exercises/run drill "$scenario" \
    >"$work/$name.log" 2>&1 &
  run=$!
  "$meanwhile" "$name" || done=no
  wait "$run"
  status=$?
  output=$(<"$work/$name.log")
  echo "measured: the drill $name: $((SECONDS - begin)) s, $SIDE_BY_SIDE at a time"
  rest=$output
  if [ $done = no ]; then
    printf 'FAILED: %s: %s has not ended\n%s\n' "$name" "$meanwhile" "$output"
    return 1
  fi
  for pattern; do
    if ! [[ $rest =~ $pattern ]]; then
      printf 'FAILED: %s: missing in the output, or not in this order: %s\nThe verdict: %s\nAll:\n%s\n' "$name" \
        "$pattern" "${output##*$'\n\n'}" "$output"
      return 1
    fi
    rest=${rest#*"${BASH_REMATCH[0]}"}
  done
  if [ $status -ne "$code" ]; then
    printf 'FAILED: %s: exit code %s instead of %s\n%s\n' "$name" $status "$code" "$output"
    return 1
  fi
  if ! grep -q '</svg>' "$work/$name.svg"; then
    printf 'FAILED: %s: no picture\n' "$name"
    return 1
  fi
}

number=0 locale=C meanwhile=:
start() {
  number=$((number + 1))
  while [ "$(jobs -rp | wc -l)" -ge $SIDE_BY_SIDE ]; do wait -n; done
  { drill "$@" >"$work/$number.out"; echo $? >"$work/$number.status"; } &
}

solution=$EXERCISE/solution.c wrong=exercises/checker/3-registry-outage/wrong
naive='naive: [1-9][0-9]* calls failed' good='✓ yours: no call failed'
locale=zh_CN.UTF-8 start stop $solution 0 'Consul 停止' '缓存仍新鲜' '缓存已过期，仍在用' 'Consul 重新启动' \
  '朴素版：[1-9][0-9]* 次调用失败' '✓ 你的：没有一次调用失败' '✓ 本项目：没有一次调用失败'
start hang $solution 0 'Consul hangs' 'yours: the cache is stale, and still in use' "$naive" "$good"
start cluster-leader $solution 0 'is killed' 'have elected a leader' "$naive" "$good"
start empty $solution 0 'suddenly empty' "$naive" "$good"
start restart-empty $solution 0 'has lost all registrations' "$naive" "$good"
start stop $wrong/forgets_the_stale.c 1 'yours: the cache is still fresh' 'yours: the cache has expired .* and calls fail' \
  '✗ yours: its calls failed as soon as its list had expired: .* step 3' '✓ project'
start stop $wrong/caches_for_ever.c 1 '✗ yours: its list grew older than the TTL .* step 2' '✓ project'
start hang $wrong/waits_each_time.c 1 '✗ yours: .* of its calls in the outage waited for Consul. Level 2' '✓ project'
start empty "$work/believes_empty.c" 1 '✗ yours: it accepted an empty list' '✓ project'
meanwhile=stall_consul start cluster-leader $wrong/asks_every_time.c 1 '✗ yours: it caches nothing .* step 1' '✓ project'
start restart-empty $EXERCISE/starter.c 1 '✗ yours: .* while Consul worked. Its message: get_instances\(\) is not written' '✓ project'
start empty "$work/never_ends.c" 1 'yours: the service no longer answers' '✗ yours: it has not answered since' '✓ project'
start restart-empty "$work/crashes.c" 1 'yours: the service has ended: Segmentation fault' '✗ yours: it ended after' '✓ project'
wait

cat "$work"/*.out
failed=$(cat "$work"/*.status | grep -vc '^0$')
echo "$((number - failed)) passed, $failed failed"
[ "$failed" -eq 0 ]
