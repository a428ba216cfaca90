/* secret_file.c: what counts as the secret, and which files are rejected. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "loop/fiber.h"
#include "loop/loop.h"
#include "registry/secret_file.h"

TestSuite(secret_file, .timeout = 300);

static char path[] = "/tmp/secret-file-XXXXXX";
static char secret[SECRET_MAX + 1];
static struct err err; /* of the last call */

static void write_file(const char *text)
{
    FILE *file = fopen(path, "w");
    cr_assert(file);
    fputs(text, file);
    fclose(file);
}

static void expect_secret(const char *text, const char *expected)
{
    write_file(text);
    cr_expect_eq(secret_file_read_blocking(path, secret, &err), 0, "%s", err.text);
    cr_expect_str_eq(secret, expected);
}

Test(secret_file, white_space_at_the_end_does_not_count)
{
    close(mkstemp(path));
    expect_secret("a b", "a b");
    expect_secret("word \r\n\n", "word");
    expect_secret(" word", " word");
    expect_secret("", "");
    expect_secret("\n", "");
    unlink(path);
}

Test(secret_file, file_that_is_too_long_is_rejected)
{
    char text[SECRET_MAX + 2];
    memset(text, 'a', sizeof text);
    text[SECRET_MAX + 1] = '\0';
    close(mkstemp(path));
    write_file(text);
    cr_expect_eq(secret_file_read_blocking(path, secret, &err), -1);
    cr_expect_str_eq(err.text, "File too large");
    err_clear(&err);
    text[SECRET_MAX] = '\0';
    expect_secret(text, text);
    unlink(path);
    cr_expect_eq(secret_file_read_blocking(path, secret, &err), -1);
    cr_expect_str_eq(err.text, "No such file or directory", "without the file's name");
    err_clear(&err);
    cr_expect_eq(secret_file_read_blocking("/", secret, &err), -1);
    cr_expect_str_eq(err.text, "Is a directory");
}

static void read_in_fiber(void *arg)
{
    (void)arg;
    cr_expect_eq(secret_file_read(path, deadline_in(20000), secret, &err), 0, "%s", err.text);
    cr_expect_str_eq(secret, "word");
    cr_expect_eq(secret_file_read("/nonexistent", deadline_in(20000), secret, &err), -1);
    cr_expect_str_eq(err.text, "No such file or directory");
    cr_expect_str_eq(secret, "word", "unchanged");
}

Test(secret_file, fiber_reads_on_another_thread)
{
    close(mkstemp(path));
    write_file("word\n");
    loop_open();
    loop_run(read_in_fiber, NULL);
    cr_expect_eq(loop_close(), 0);
    fibers_free_pool();
    unlink(path);
}
