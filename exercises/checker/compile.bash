# shellcheck shell=bash
# From a learner's file to the two programs that check it: compiled, searched for
# what must be there and what must not, linked. To be sourced by exercises/run,
# which sets $file, $out, $number and $folder.

# What given.h gives. In the real service it has another name (given_…), for there err_set(), say, is one
# of the service's own.
GIVEN=([1]='pg_select_1 redis_ping disk_free_percent err_set' [2]='' [3]='ask_consul err_set')

COMPILE_LIMIT_S=20
FILE_MAX_KB=1000 # an answer has 2

# ---- Compiling ----------------------------------------------------------------------------------

# The learner's text as the compiler gets it: without a BOM or CRs, under its own name.
normalise() {
  printf '#line 1 "%s"\n' "$(realpath "$file" | sed 's/[\\"]/\\&/g')" &&
    env LC_ALL=C sed '1s/^\xEF\xBB\xBF//; s/\r$//' "$file"
}

compile_one() { # output, flags...
  local output=$1 include
  shift
  read -ra include < <(pkg-config --cflags libpq hiredis libcurl jansson 2>/dev/null)
  (ulimit -v 4000000 -t $COMPILE_LIMIT_S -f 200000
    env LC_ALL=C timeout $COMPILE_LIMIT_S "$CC" -std=gnu11 -g -Wall -Werror=implicit-function-declaration \
      -Werror=return-type "$@" -I"$out/given" "${include[@]}" -c "$out/learner.c" -o "$output" </dev/null)
}

# A message of the compiler's for a person: without folders, in one line of printable text.
one_line() {
  tr -d '\000-\010\013-\037\177' | head -n 1 | sed -E 's|^([^:]*/)?([^/:]+:[0-9]+):([0-9]+:)? |\2: |' | cut -c-300
}

where_is_the_rest() { # path
  [ -n "$passing" ] || say " (all of it: %s)" "（全部信息：%s）" "$1"
}

# Twice: as it runs in the service, and with everything that notices memory errors. Of the exercise's folder
# it sees given.h alone, and of the sanitizer nothing: both times it is the same text.
compile() {
  local kb
  kb=$(($(stat -L -c %s "$file" || echo 0) / 1024))
  if [ $kb -gt $FILE_MAX_KB ]; then
    problem=$(say "the file has %d KB: that is no answer (%d are the most)" "文件有 %d KB：这不会是答案（最多 %d KB）" $kb $FILE_MAX_KB)
    return 1
  fi
  mkdir -p "$out/given" && cp "$folder/given.h" "$out/given/"
  if ! normalise >"$out/learner.c" 2>"$out/compile.txt"; then
    problem=$(say "it cannot be copied: %s" "无法复制文件：%s" "$(one_line <"$out/compile.txt")")
    return 1
  fi
  if ! compile_one "$out/learner.o" -O2 -fPIE >"$out/compile.txt" 2>&1 ||
    ! compile_one "$out/checked.o" -O1 -fno-omit-frame-pointer -fno-optimize-sibling-calls \
      -fsanitize=address,undefined -fno-sanitize-recover=all -U__SANITIZE_ADDRESS__ >"$out/compile-checked.txt" 2>&1; then
    local first
    first=$(cat "$out/compile.txt" "$out/compile-checked.txt" 2>/dev/null | grep -a -m1 -E ': (fatal )?error: ')
    problem=$(say "it does not compile: %s%s" "编译不通过：%s%s" \
      "$(one_line <<<"${first:-$(tail -n 1 "$out/compile.txt")}")" "$(where_is_the_rest "$out/compile.txt")")
    return 1
  fi
  # (Parts that the compiler has made of a function, such as pick.part.0, go by its name.)
  nm -l "$out/learner.o" | sed -nE '/\.cold/d; s/^[0-9a-f]+ [Tt] ([^.\t]+)[^\t]*\t.*:([0-9]+)$/\1 \2/p' >"$out/functions"
  nm -l -g "$out/learner.o" | sed -nE 's/^[0-9a-f]+ T ([^\t]+)\t.*:([0-9]+)$/\1 \2/p' >"$out/lines"
}

# What the learner's file names besides what was asked for stays its own: no helper meets a function of the
# service's, or of the C library's.
close_off() {
  local keep=() name
  for name in ${FUNCTIONS[$number]}; do keep+=(--keep-global-symbol="$name"); done
  for name in ${GIVEN[$number]}; do keep+=(--redefine-sym "$name=given_$name"); done
  objcopy "${keep[@]}" "$out/learner.o" && objcopy "${keep[@]}" "$out/checked.o"
}

show_warnings() {
  local count
  count=$(grep -a -c ': warning: ' "$out/compile.txt")
  [ "$count" -eq 0 ] && return
  say "  the compiler warns (%d):" "  编译器警告（%d 条）：" "$count"
  grep -a ': warning: ' "$out/compile.txt" | head -n 3 | while read -r line; do printf '    %s\n' "$(one_line <<<"$line")"; done
}

# ---- What must be there, and what must not --------------------------------------------------------

require_functions() {
  local function
  for function in ${FUNCTIONS[$number]}; do
    grep -q "^$function " "$out/lines" && continue
    problem=$(say "%s() is missing, or static: it has to stay as the starter has it" \
      "缺少 %s()，或者被写成了 static：请保持初始文件中的声明" "$function")
    return 1
  done
  for function in ${GIVEN[$number]}; do
    grep -q "^$function " "$out/functions" || continue
    problem=$(say "%s() is given: leave out your own, and just call it. See exercise %d. Edit %s:%s %s()" \
      "%s() 已经给出：请删掉你自己写的，直接调用即可。见 练习 %d。请改 %s:%s %s()" "$function" "$number" "${file##*/}" \
      "$(sed -n "s/^$function //p" "$out/functions" | head -n 1)" "$function")
    return 1
  done
}

# Where the file first calls it, comments aside, and in which function: "18 weighted_pick".
place_of() { # name
  local line
  line=$(grep -a -nE "\<$1 *\(" "$file" | grep -a -m1 -vE '^[0-9]+: *(/[/*]|\*)' | cut -d: -f1)
  if [ -n "$line" ]; then
    sort -k2n "$out/functions" | awk -v line="$line" '$2 <= line { name = $1 } END { if (name) print line, name }'
  fi
}

# What it calls, under the names that its author knows.
called() { nm -u "$out/learner.o" "$out/checked.o" | sed -E 's/^ +U //; s/@.*//; s/^__isoc[0-9]+_//; s/^__(.*)_chk$/\1/; s/^(.*)64$/\1/'; }

refuse_calls() {
  local all name in_1 in_3 instead section line function
  all=$(called)
  while read -r name in_1 in_3; do
    case $name in
    '' | '#'*) continue ;;
    '['*) section=$name && continue ;;
    esac
    [[ $'\n'$all$'\n' == *$'\n'$name$'\n'* ]] || continue
    # (getchar() is compiled into getc().)
    [ "$name" != getc ] || ! grep -aq '\<getchar *(' "$file" || name=getchar
    case $section in
    "[blocks]") problem=$(say "%s() stops the event loop: while it waits, no other request is served" \
      "%s() 会阻塞事件循环：它等待时其他请求都得不到处理" "$name") ;;
    "[clock]")
      [ "$number" = 3 ] || continue
      problem=$(say "%s() asks a clock of its own: the time is told to you, as now_ms" \
        "%s() 自己去看时钟：当前时间已经作为 now_ms 传进来了" "$name") ;;
    *) problem=$(say "%s() has no place in an answer: your code runs inside a service that goes on" \
      "答案里不能用 %s()：你的代码运行在一个不会停下来的服务里" "$name") ;;
    esac
    instead=-
    [ "$number" != 1 ] || instead=$in_1
    [ "$number" != 3 ] || instead=$in_3
    if [ "${instead:--}" != - ]; then
      problem+=$(say ". Use %s, which waits without stopping anybody" "。请改用 %s，它等待时不影响别人" "${instead//_or_/ or }")
    elif [ "$section" = "[blocks]" ] && [ -n "${GIVEN[$number]}" ]; then
      problem+=$(say ". Leave it out: only what given.h gives you may wait" "。请去掉它：只有 given.h 里的函数可以等待")
    elif [ "$section" != "[clock]" ]; then
      problem+=$(say ". Leave it out" "。请去掉它")
    fi
    read -r line function < <(place_of "$name" | grep . || sed -nE 's/^(.*) (.*)/\2 \1/p' "$out/lines")
    problem+=$(say ". See exercise %d. Edit %s:%s %s()" "。见 练习 %d。请改 %s:%s %s()" "$number" "${file##*/}" "$line" "$function")
    return 1
  done <exercises/checker/blocking-calls
  # A constructor, a destructor, or a function that the loader calls to choose another one.
  if [[ $(readelf -SW "$out/learner.o") =~ \.(preinit_array|init_array|fini_array|ctors|dtors) ]] ||
    nm "$out/learner.o" | grep -q ' i '; then
    problem=$(say "code that runs before or after main() has no place in an answer" "答案里不能有在 main() 之前或之后运行的代码")
    return 1
  fi
}

# ---- All of it -------------------------------------------------------------------------------------

# $file in $out: 0 where the check programs are ready to run; else $problem says why not.
prepare() {
  problem=
  compile && require_functions && refuse_calls && close_off || return 1
  env LC_ALL=C "${MAKE:-make}" --no-print-directory -s link-exercise N="$number" OUT="$out" BUILD="$BUILD" >"$out/link.txt" 2>&1 && return
  local first
  first=$(grep -a -m1 -oE ':[0-9]+: undefined reference to .*' "$out/link.txt")
  problem=$(say "it does not link: %s%s" "链接不通过：%s%s" "${first:+${file##*/}}${first:-$(one_line <"$out/link.txt")}" "$(where_is_the_rest "$out/link.txt")")
  return 1
}
