/* The small modules of base: err, buf, clock, rand and log. */
#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "base/rand.h"

TestSuite(base, .timeout = 300);

Test(base, first_error_wins_and_is_one_printable_line)
{
    struct err err = ERR_INIT;
    cr_expect_eq(err_set(&err, ERR_TIMEOUT, "cannot query %s", "a\nb"), -1);
    err_set(&err, ERR_FAILED, "cannot close");
    cr_expect_eq(err.code, ERR_TIMEOUT);
    cr_expect_str_eq(err.text, "cannot query a?b");
    err_prefix(&err, "user %d", 7);
    cr_expect_str_eq(err.text, "user 7: cannot query a?b");
}

Test(base, too_long_error_text_is_cut)
{
    struct err err = ERR_INIT;
    char longer[600];
    memset(longer, 'x', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    err_set(&err, ERR_FAILED, "%s", longer);
    err_prefix(&err, "%s", longer);
    cr_expect_eq(strlen(err.text), sizeof err.text - 1);
}

Test(base, buffer_grows_to_its_cap_and_keeps_its_content)
{
    struct buf buf = BUF_INIT(1000);
    cr_expect_str_eq(buf_text(&buf), "");
    for (int i = 0; i < 100; i++)
        cr_assert(buf_adds(&buf, "0123456789"));
    cr_expect_eq(buf.len, 1000);
    cr_expect_not(buf_adds(&buf, "x"));
    cr_expect_not(buf_addf(&buf, "%d", 7));
    cr_expect_eq(buf.len, 1000);
    cr_expect_eq(buf.data[1000], '\0');
    buf_close(&buf);
    buf_close(&buf);
}

Test(base, deadlines_do_not_overflow)
{
    cr_expect_eq(deadline_in(INT64_MAX), DEADLINE_NONE);
    cr_expect_eq(deadline_left(DEADLINE_NONE), INT64_MAX);
    clock_make_virtual(1000);
    int64_t deadline = deadline_in(500);
    cr_expect_eq(deadline, 1500);
    clock_advance_to(1600);
    cr_expect_eq(deadline_left(deadline), 0);
}

Test(base, same_seed_repeats_and_peek_draws_nothing)
{
    rand_seed(7);
    uint64_t peeked = rand_peek();
    uint64_t first = rand_u64(), second = rand_u64();
    cr_expect_eq(peeked, first);
    rand_seed(7);
    cr_expect_eq(rand_u64(), first);
    cr_expect_eq(rand_u64(), second);
}

Test(base, jitter_stays_within_its_percentage)
{
    for (int i = 0; i < 1000; i++) {
        int64_t value = rand_jitter(1000, 20);
        cr_assert(value >= 800 && value <= 1200);
    }
}

/* Writes one log line with standard error in a pipe, and reads the line into `out`. */
static void capture_log_line(char *out, size_t size, const char *value)
{
    int ends[2];
    cr_assert_eq(pipe(ends), 0);
    int saved = dup(STDERR_FILENO);
    dup2(ends[1], STDERR_FILENO);
    log_info("tested", log_s("value", value), log_i("n", -5));
    dup2(saved, STDERR_FILENO);
    ssize_t len = read(ends[0], out, size - 1);
    out[len > 0 ? len : 0] = '\0';
    close(ends[0]);
    close(ends[1]);
    close(saved);
}

Test(base, value_cannot_forge_a_log_line)
{
    char out[5000];
    capture_log_line(out, sizeof out, "x\nlevel=error msg=\"forged\"");
    cr_expect(strstr(out, " level=info msg=tested value=\"x\\nlevel=error msg=\\\"forged\\\"\" n=-5\n"), "%s", out);
    capture_log_line(out, sizeof out, "plain");
    cr_expect(strstr(out, " value=plain n=-5\n"), "%s", out);
}

Test(base, log_line_starts_with_its_time)
{
    char out[5000];
    int year;
    capture_log_line(out, sizeof out, "plain");
    cr_expect_eq(sscanf(out, "time=%4d-%*2d-%*2dT%*2d:%*2d:%*2d.%*3dZ level=", &year), 1, "%s", out);
}

Test(base, full_pipe_does_not_block_logging)
{
    int ends[2];
    cr_assert_eq(pipe(ends), 0);
    int saved = dup(STDERR_FILENO);
    dup2(ends[1], STDERR_FILENO);
    for (int i = 0; i < 2000; i++) /* more than the pipe's 64 KiB */
        log_info("flood", log_s("text", "0123456789012345678901234567890123456789"));
    dup2(saved, STDERR_FILENO);
    close(ends[0]);
    close(ends[1]);
}
