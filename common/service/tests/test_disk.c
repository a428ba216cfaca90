/* The disk check: free space, wrong paths, and a call that hangs. */
#include <criterion/criterion.h>
#include <string.h>

#include "base/clock.h"
#include "loop/fiber.h"
#include "loop/loop.h"
#include "service/disk.h"

static void run(void (*body)(void *arg))
{
    loop_open();
    loop_run(body, NULL);
    cr_expect_eq(fibers_alive(), 0);
    cr_expect_eq(loop_close(), 0);
}

static int check(const char *path, const char *min_free, char detail[240], struct err *err)
{
    struct disk disk = {.path = path};
    cr_expect_eq(disk_parse_min_free(min_free, &disk.min_free), 0);
    int status = disk_check(&disk, deadline_in(5000), detail, 240, err);
    cr_expect_not(disk.hanging);
    return status;
}

static void expect_enough_space(void *arg)
{
    (void)arg;
    char detail[240] = "";
    struct err err = ERR_INIT;
    cr_expect_eq(check("/", "0%", detail, &err), 0, "%s", err.text);
    cr_expect(strstr(detail, "% free ("), "%s", detail);
    cr_expect_eq(check("/", "1B", detail, &err), 0, "%s", err.text);
}

Test(disk, enough_space_is_reported_in_numbers)
{
    run(expect_enough_space);
}

static void expect_too_little_space(void *arg)
{
    (void)arg;
    char detail[240] = "";
    struct err err = ERR_INIT;
    cr_expect_eq(check("/", "100%", detail, &err), -1, "no disk is completely free");
    cr_expect(strstr(err.text, "less than DISK_MIN_FREE=100%"), "%s", err.text);
    err_clear(&err);
    cr_expect_eq(check("/", "8000000TB", detail, &err), -1);
}

Test(disk, too_little_space_is_an_error_with_the_minimum)
{
    run(expect_too_little_space);
}

/* A disk of 1 GB that is empty, with this many of 1000 inodes free. */
static int judge_inodes(unsigned free_inodes, unsigned inodes, const char *min_free, char detail[240], struct err *err)
{
    const struct statvfs space = {.f_frsize = 1000, .f_blocks = 1000000, .f_bavail = 1000000, .f_files = inodes,
                                  .f_ffree = free_inodes + 5, .f_favail = free_inodes};
    struct disk disk = {.path = "/data"};
    err_clear(err);
    cr_expect_eq(disk_parse_min_free(min_free, &disk.min_free), 0);
    return disk_judge(&disk, &space, detail, 240, err);
}

Test(disk, too_few_free_inodes_are_an_error)
{
    char detail[240];
    struct err err = ERR_INIT;
    cr_expect_eq(judge_inodes(49, 1000, "5%", detail, &err), -1);
    cr_expect_str_eq(err.text, "/data: 100.0% free (1.0 GB of 1.0 GB), 4.9% of the inodes free (49 of 1000), "
                               "less than DISK_MIN_FREE=5%");
    cr_expect_eq(judge_inodes(50, 1000, "5%", detail, &err), 0, "%s", err.text);
    cr_expect_str_eq(detail, "100.0% free (1.0 GB of 1.0 GB), 5.0% of the inodes free (50 of 1000)");
    cr_expect_eq(judge_inodes(1000, 1000, "5%", detail, &err), 0, "%s", err.text);
    cr_expect_str_eq(detail, "100.0% free (1.0 GB of 1.0 GB)", "not scarcer than the space");
}

Test(disk, size_as_the_limit_needs_one_free_inode)
{
    char detail[240];
    struct err err = ERR_INIT;
    cr_expect_eq(judge_inodes(0, 1000, "500MB", detail, &err), -1);
    cr_expect(strstr(err.text, "0.0% of the inodes free (0 of 1000): no file can be created"), "%s", err.text);
    cr_expect_eq(judge_inodes(1, 1000, "500MB", detail, &err), 0, "%s", err.text);
}

Test(disk, file_system_without_inode_numbers_has_enough)
{
    char detail[240];
    struct err err = ERR_INIT;
    cr_expect_eq(judge_inodes(0, 0, "5%", detail, &err), 0, "%s", err.text);
    cr_expect_eq(judge_inodes(0, 0, "500MB", detail, &err), 0, "%s", err.text);
    cr_expect_eq(judge_inodes(0, 1000, "0%", detail, &err), 0, "0%% turns the check off");
}

static int judge_flags(struct disk *disk, unsigned long flags, char detail[240], struct err *err)
{
    const struct statvfs space = {.f_frsize = 1000, .f_blocks = 1000000, .f_bavail = 1000000, .f_flag = flags};
    err_clear(err);
    return disk_judge(disk, &space, detail, 240, err);
}

/* Linux makes a file system read-only after an error of its device. Without a change it is what the operator wants. */
Test(disk, file_system_that_became_read_only_is_an_error)
{
    char detail[240];
    struct err err = ERR_INIT;
    struct disk disk = {.path = "/data", .min_free.percent = 5};
    cr_expect_eq(judge_flags(&disk, ST_RDONLY, detail, &err), 0, "%s", err.text);
    cr_expect_str_eq(detail, "100.0% free (1.0 GB of 1.0 GB), read-only");
    cr_expect_eq(judge_flags(&disk, 0, detail, &err), 0, "%s", err.text);
    cr_expect_eq(judge_flags(&disk, ST_RDONLY, detail, &err), -1);
    cr_expect_str_eq(err.text, "/data has become read-only: no file can be written");
    cr_expect_eq(judge_flags(&disk, 0, detail, &err), 0, "%s", err.text);

    disk.min_free.percent = 0;
    cr_expect_eq(judge_flags(&disk, ST_RDONLY, detail, &err), 0, "0%% turns the check off");
}

static void expect_no_such_path(void *arg)
{
    (void)arg;
    char detail[240] = "";
    struct err err = ERR_INIT;
    cr_expect_eq(check("/no/such/path", "0%", detail, &err), -1);
    cr_expect_str_eq(err.text, "cannot read the free space of /no/such/path: No such file or directory");
}

Test(disk, missing_path_is_an_error)
{
    run(expect_no_such_path);
}

static void expect_no_second_call(void *arg)
{
    (void)arg;
    char detail[240];
    struct err err = ERR_INIT;
    struct disk disk = {.path = "/", .hanging = true};
    cr_expect_eq(disk_check(&disk, deadline_in(5000), detail, sizeof detail, &err), -1);
    cr_expect_str_eq(err.text, "cannot read the free space of /: the last attempt still hangs");
}

Test(disk, hanging_call_prevents_a_second_one)
{
    run(expect_no_second_call);
}

static struct disk late;

static void give_up_at_once(void *arg)
{
    (void)arg;
    char detail[240];
    struct err err = ERR_INIT;
    late.path = "/";
    if (disk_check(&late, clock_ms() - 1, detail, sizeof detail, &err) == 0)
        return; /* the call ended before the deadline */
    cr_expect_eq(err.code, ERR_TIMEOUT);
    int64_t limit = deadline_in(5000);
    while (late.hanging && deadline_left(limit) > 0)
        fiber_sleep(1);
    cr_expect_not(late.hanging, "a new call is possible once the old one has ended");
}

Test(disk, late_end_of_a_call_allows_the_next_one)
{
    run(give_up_at_once);
}
