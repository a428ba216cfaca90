#!/usr/bin/env bash
# Runs the labs that test-labs.sh does not run, because each takes longer: with PostgreSQL and services, with clusters
# of Consul servers, or under load.
set -euo pipefail

# shellcheck source=consul-dev/tests/runner
. "$(dirname "$0")/runner"
# shellcheck source=consul-dev/tests/labs.bash
. "$HERE/tests/labs.bash"

nothing_is_left_of_all_labs() { expect_eq "left" "$(labs_left)" ""; }

mapfile -t long < <(labs_whose_title -v "$SHORT_LABS")
for number in "${long[@]}"; do define_lab_test "$number"; done

# shellcheck disable=SC2046
run_tests $(printf 'lab_%d_sees_what_is_expected ' "${long[@]}") nothing_is_left_of_all_labs
