#!/usr/bin/env bash
# Tests `make lab`: the list, wrong numbers, both languages, a failed lab. Runs the short labs; test-outages-labs.sh
# runs the others, and consul-dev/labs/tests ends labs by signals.
set -euo pipefail

# shellcheck source=consul-dev/tests/runner
. "$(dirname "$0")/runner"
# shellcheck source=consul-dev/tests/labs.bash
. "$HERE/tests/labs.bash"

number_of_labs() { lab 0 | grep -oE '[0-9]+\. `make lab`' | grep -oE '^[0-9]+'; }

without_a_number_the_labs_are_listed() {
    local output
    output=$(lab)
    expect_contains "$output" '^ +1  I\.2, IV\.3 +An instance is visible'
    expect_eq "number of labs" "$(grep -cE '^ +[0-9]+  [IVX]+\.' <<<"$output")" "$(number_of_labs)"
}

unknown_number_is_refused() {
    local word output code
    for word in 0 -1 x 1x 999 99999999999999999999 ''; do
        code=0
        output=$(lab "$word") || code=$?
        expect_eq "exit code for '$word'" $code 2
        expect_contains "$output" "N=$word: there is no such lab; want a number from 1 to $(number_of_labs)"
    done
}

second_number_is_refused() {
    local output code=0
    output=$(lab 30 31) || code=$?
    expect_eq "exit code" $code 2
    expect_contains "$output" "want one number: make lab N=1"
}

chinese_locale_gets_chinese_labs() {
    local output
    output=$(LC_ALL=zh_CN.UTF-8 "$LAB")
    expect_contains "$output" '注册之后能看到实例（一、2；四、3）'
    output=$(LC_ALL=zh_CN.UTF-8 "$LAB" 2)
    expect_contains "$output" '^  结论  成立：'
}

# An order-service that takes turns is not what the lab on weights expects.
lab_fails_if_it_sees_something_else() {
    local number output code=0 part
    mkdir "$DIR/build"
    for part in "$BUILD_DIR"/*; do ln -s "$part" "$DIR/build/"; done
    rm "$DIR/build/order-service"
    printf '#!/bin/sh\nLB_POLICY=round_robin exec %s/order-service\n' "$BUILD_DIR" >"$DIR/build/order-service"
    chmod +x "$DIR/build/order-service"
    number=$(labs_whose_title 'Weights 3 and 1')
    output=$(BUILD_DIR=$DIR/build && lab "$number") || code=$?
    expect_eq "exit code" $code 1
    expect_contains "$output" 'seen   ✗  weights 3 and 1, 40 calls: 20 and 20'
    expect_contains "$output" 'verdict   none: 2 of 2 lines are not as expected'
}

# nginx and HAProxy are in /usr/sbin, and nothing else that this lab needs.
lab_without_its_programs_is_skipped() {
    local output code=0
    output=$(PATH=/usr/bin:/bin lab "$(labs_whose_title 'the balancer killed')") || code=$?
    expect_eq "exit code" $code 77
    expect_contains "$output" 'skipped   HAProxy or nginx is not installed: run consul-dev/install-deps balancers'
}

lesson_map_names_each_lab() {
    local document named
    for document in docs/lesson-map.md docs/zh-CN/lesson-map.md; do
        named=$(grep '^|' "$HERE/../$document" | grep -oE 'make lab N=[0-9]+' | cut -d= -f2 | sort -nu)
        expect_eq "labs in $document" "$named" "$(seq "$(number_of_labs)")"
    done
}

lesson_map_names_both_for_each_pitfall() {
    local document number row
    for document in docs/lesson-map.md docs/zh-CN/lesson-map.md; do
        for number in 1 2 3 4 5; do
            row=$(grep -E "^\\| (VII Pitfall|七、坑点) $number" "$HERE/../$document")
            expect_contains "$row" "make pitfall N=$number\`"
            expect_contains "$row" 'make lab N=[0-9]+'
        done
    done
}

nothing_is_left_of_all_labs() { expect_eq "left" "$(labs_left)" ""; }

mapfile -t short < <(labs_whose_title "$SHORT_LABS")
for number in "${short[@]}"; do define_lab_test "$number"; done

# shellcheck disable=SC2046
run_tests without_a_number_the_labs_are_listed \
    unknown_number_is_refused \
    second_number_is_refused \
    chinese_locale_gets_chinese_labs \
    lesson_map_names_each_lab \
    lesson_map_names_both_for_each_pitfall \
    lab_fails_if_it_sees_something_else \
    lab_without_its_programs_is_skipped \
    $(printf 'lab_%d_sees_what_is_expected ' "${short[@]}") \
    nothing_is_left_of_all_labs
