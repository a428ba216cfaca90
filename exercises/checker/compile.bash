# shellcheck shell=bash
# Turns a learner's file into the two programs that check it: compiles it, looks for
# missing functions and forbidden calls, links it. Sourced by exercises/run, which
# sets $file, $out, $number and $folder.

# The functions that given.h gives. In the programs they have the prefix given_, because err_set(), for example,
# is also a function of the service.
GIVEN=([1]='pg_select_1 redis_ping disk_free_percent err_set' [2]='' [3]='ask_consul err_set')

COMPILE_LIMIT_S=20
FILE_MAX_KB=1000 # an answer has about 2

# ---- Compiling ----------------------------------------------------------------------------------

# The learner's text for the compiler: without BOM and CRs, under its own file name.
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

# A compiler message without folders, in one line of printable text.
one_line() {
  tr -d '\000-\010\013-\037\177' | head -n 1 | sed -E 's|^([^:]*/)?([^/:]+:[0-9]+):([0-9]+:)? |\2: |' | cut -c-300
}

full_output_in() { # path
  [ -n "$passing" ] || message " (full output: %s)" "（完整输出：%s）" "$1"
}

# Compiles twice: for the service, and with sanitizers for the checks. From the exercise's folder the code can
# include only given.h. It cannot detect the sanitizers, so it behaves in the same way both times.
compile() {
  local kb
  kb=$(($(stat -L -c %s "$file" || echo 0) / 1024))
  if [ $kb -gt $FILE_MAX_KB ]; then
    problem=$(message "the file has %d KB; the limit is %d KB" "文件有 %d KB，上限是 %d KB" $kb $FILE_MAX_KB)
    return 1
  fi
  mkdir -p "$out/given" && cp "$folder/given.h" "$out/given/"
  if ! normalise >"$out/learner.c" 2>"$out/compile.txt"; then
    problem=$(message "cannot copy the file: %s" "无法复制文件：%s" "$(one_line <"$out/compile.txt")")
    return 1
  fi
  if ! compile_one "$out/learner.o" -O2 -fPIE >"$out/compile.txt" 2>&1 ||
    ! compile_one "$out/checked.o" -O1 -fno-omit-frame-pointer -fno-optimize-sibling-calls \
      -fsanitize=address,undefined -fno-sanitize-recover=all -U__SANITIZE_ADDRESS__ >"$out/compile-checked.txt" 2>&1; then
    local first
    first=$(cat "$out/compile.txt" "$out/compile-checked.txt" 2>/dev/null | grep -a -m1 -E ': (fatal )?error: ')
    problem=$(message "it does not compile: %s%s" "编译不通过：%s%s" \
      "$(one_line <<<"${first:-$(tail -n 1 "$out/compile.txt")}")" "$(full_output_in "$out/compile.txt")")
    return 1
  fi
  # (A part that the compiler splits off, such as pick.part.0, counts as the function.)
  nm -l "$out/learner.o" | sed -nE '/\.cold/d; s/^[0-9a-f]+ [Tt] ([^.\t]+)[^\t]*\t.*:([0-9]+)$/\1 \2/p' >"$out/functions"
  nm -l -g "$out/learner.o" | sed -nE 's/^[0-9a-f]+ T ([^\t]+)\t.*:([0-9]+)$/\1 \2/p' >"$out/lines"
}

# Makes all other names of the learner's file local: no helper collides with a function of the service or of
# the C library.
hide_other_names() {
  local keep=() name
  for name in ${FUNCTIONS[$number]}; do keep+=(--keep-global-symbol="$name"); done
  for name in ${GIVEN[$number]}; do keep+=(--redefine-sym "$name=given_$name"); done
  objcopy "${keep[@]}" "$out/learner.o" && objcopy "${keep[@]}" "$out/checked.o"
}

show_warnings() {
  local count
  count=$(grep -a -c ': warning: ' "$out/compile.txt")
  [ "$count" -eq 0 ] && return
  message "  the compiler warns (%d):" "  编译器警告（%d 条）：" "$count"
  grep -a ': warning: ' "$out/compile.txt" | head -n 3 | while read -r line; do printf '    %s\n' "$(one_line <<<"$line")"; done
}

# ---- Required functions and forbidden calls -------------------------------------------------------

require_functions() {
  local function
  for function in ${FUNCTIONS[$number]}; do
    grep -q "^$function " "$out/lines" && continue
    problem=$(message "%s() is missing, or static: declare it as in the starter" \
      "缺少 %s()，或者被写成了 static：请按初始文件中的写法声明" "$function")
    return 1
  done
  for function in ${GIVEN[$number]}; do
    grep -q "^$function " "$out/functions" || continue
    problem=$(message "%s() is given: remove your own version and call the given one. See exercise %d. Edit %s:%s %s()" \
      "%s() 已经给出：请删除你自己写的，直接调用即可。见练习 %d。请改 %s:%s %s()" "$function" "$number" "${file##*/}" \
      "$(sed -n "s/^$function //p" "$out/functions" | head -n 1)" "$function")
    return 1
  done
}

# The line in which the file first calls it, outside comments, and the function there: "18 weighted_pick".
place_of() { # name
  local line
  line=$(grep -a -nE "\<$1 *\(" "$file" | grep -a -m1 -vE '^[0-9]+: *(/[/*]|\*)' | cut -d: -f1)
  if [ -n "$line" ]; then
    sort -k2n "$out/functions" | awk -v line="$line" '$2 <= line { name = $1 } END { if (name) print line, name }'
  fi
}

# The functions that it calls, by the names in the source.
called() { nm -u "$out/learner.o" "$out/checked.o" | sed -E 's/^ +U //; s/@.*//; s/^__isoc[0-9]+_//; s/^__(.*)_chk$/\1/; s/^(.*)64$/\1/'; }

reject_calls() {
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
    "[blocks]") problem=$(message "%s() blocks the event loop: while it waits, no other request is served" \
      "%s() 会阻塞事件循环：它等待时，其他请求都得不到处理" "$name") ;;
    "[clock]")
      [ "$number" = 3 ] || continue
      problem=$(message "%s() reads a clock: use now_ms, the time that the caller gives you" \
        "%s() 读取了时钟：请使用调用方传入的当前时间 now_ms" "$name") ;;
    *) problem=$(message "%s() is not allowed in an answer: your code runs inside a service that must keep running" \
      "答案里不能用 %s()：你的代码运行在一个必须持续运行的服务里" "$name") ;;
    esac
    instead=-
    [ "$number" != 1 ] || instead=$in_1
    [ "$number" != 3 ] || instead=$in_3
    if [ "${instead:--}" != - ]; then
      problem+=$(message ". Use %s: other requests run while it waits" "。请改用 %s：它等待时，其他请求照常运行" "${instead//_or_/ or }")
    elif [ "$section" = "[blocks]" ] && [ -n "${GIVEN[$number]}" ]; then
      problem+=$(message ". Remove it: only the functions of given.h may wait" "。请删除它：只有 given.h 里的函数可以等待")
    elif [ "$section" != "[clock]" ]; then
      problem+=$(message ". Remove it" "。请删除它")
    fi
    read -r line function < <(place_of "$name" | grep . || sed -nE 's/^(.*) (.*)/\2 \1/p' "$out/lines")
    problem+=$(message ". See exercise %d. Edit %s:%s %s()" "。见练习 %d。请改 %s:%s %s()" "$number" "${file##*/}" "$line" "$function")
    return 1
  done <exercises/checker/blocking-calls
  # A constructor, a destructor, or a resolver that the loader calls (ifunc).
  if [[ $(readelf -SW "$out/learner.o") =~ \.(preinit_array|init_array|fini_array|ctors|dtors) ]] ||
    nm "$out/learner.o" | grep -q ' i '; then
    problem=$(message "code that runs before or after main() is not allowed in an answer" "答案里不能有在 main() 之前或之后运行的代码")
    return 1
  fi
}

# ---- Build -------------------------------------------------------------------------------------

# Builds the check programs of $file in $out. If that fails, $problem holds the reason.
prepare() {
  problem=
  compile && require_functions && reject_calls && hide_other_names || return 1
  env LC_ALL=C "${MAKE:-make}" --no-print-directory -s link-exercise N="$number" OUT="$out" BUILD="$BUILD" >"$out/link.txt" 2>&1 && return
  local first
  first=$(grep -a -m1 -oE ':[0-9]+: undefined reference to .*' "$out/link.txt")
  problem=$(message "it does not link: %s%s" "链接不通过：%s%s" "${first:+${file##*/}}${first:-$(one_line <"$out/link.txt")}" "$(full_output_in "$out/link.txt")")
  return 1
}
