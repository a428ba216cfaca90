/* The disk snapshot: its format, and what happens to the file when the disk is full, the
 * folder is missing or the process restarts. */
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/log.h"
#include "discovery/snapshot_format.h"
#include "discovery/tests/fake_registry.h"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/lsan_interface.h>
#define expect_no_leak() cr_expect_eq(__lsan_do_recoverable_leak_check(), 0)
#else
#define expect_no_leak() ((void)0)
#endif

/* --- File format ------------------------------------------------------------------------------ */

TestSuite(snapshot, .timeout = 300);

static struct instance_list *sample_new(void)
{
    static const struct instance samples[] = {
        {.id = "a b", .address = "10.0.0.1", .zone = "z\tone\n%", .version = "1.0", .port = 80, .weight = 3,
         .warning_weight = 2},
        {.id = "c%09", .address = "::1", .zone = "", .version = "", .port = 65535, .weight = 65535,
         .warning_weight = 0, .status = INSTANCE_CRITICAL, .maintenance = true},
        {.id = "d", .address = "host-1.example", .zone = "\xe5\x8c\xba", .version = "", .port = 1, .weight = 1,
         .warning_weight = 1, .status = INSTANCE_WARNING, .node_down = true},
        {.id = "e", .node = "node\t1", .tags = "v1,t\t2", .address = "10.0.0.2", .port = 1, .weight = 1, .warning_weight = 1},
        {.id = "e", .node = "node 2", .address = "10.0.0.3", .port = 1, .weight = 1, .warning_weight = 1},
    };
    struct instance_list *list = instance_list_new();
    for (size_t i = 0; i < sizeof samples / sizeof *samples; i++)
        instance_list_add(list, &samples[i]);
    instance_list_finish(list);
    return list;
}

static int read_copy(const char *text, size_t len, struct instance_list **list, int64_t *wall_ms)
{
    struct err err = ERR_INIT;
    char *copy = malloc(len + 1);
    memcpy(copy, text, len);
    int status = snapshot_read(copy, len, list, wall_ms, &err);
    cr_expect_eq(status == 0, err.code == ERR_NONE);
    free(copy);
    return status;
}

Test(snapshot, written_list_is_read_unchanged)
{
    struct buf text = BUF_INIT(10000);
    struct instance_list *list = sample_new(), *again = NULL;
    int64_t wall_ms = 0;
    cr_assert_eq(snapshot_write(&text, list, 1767323045678), 0);
    cr_assert_eq(read_copy(text.data, text.len, &again, &wall_ms), 0);
    cr_expect_eq(wall_ms, 1767323045678);
    cr_expect(instance_list_equal(list, again));
    instance_list_unref(list);
    instance_list_unref(again);
    buf_close(&text);
    expect_no_leak();
}

/* The former release's file has no node and no tags in its lines. */
Test(snapshot, file_of_the_former_release_is_read)
{
    struct buf text = BUF_INIT(1000);
    struct instance_list *list = NULL;
    int64_t wall_ms = 0;
    buf_adds(&text, "instances v1 5\nu-1\t10.0.0.1\t8001\ta\t1.0\t3\t1\tpassing\t-\n");
    buf_addf(&text, "checksum %016" PRIx64 "\n", hash_bytes(buf_text(&text), text.len));
    cr_assert_eq(read_copy(text.data, text.len, &list, &wall_ms), 0);
    const struct instance *found = instance_list_find(list, "u-1");
    cr_expect(found && found->port == 8001 && strcmp(found->node, "") == 0);
    instance_list_unref(list);
    buf_close(&text);
    expect_no_leak();
}

Test(snapshot, any_damage_is_recognised)
{
    struct buf text = BUF_INIT(10000);
    struct instance_list *list = sample_new(), *again = NULL;
    int64_t wall_ms = 0;
    cr_assert_eq(snapshot_write(&text, list, 1), 0);
    for (size_t len = 0; len < text.len; len++)
        cr_expect_eq(read_copy(text.data, len, &again, &wall_ms), -1, "cut at %zu", len);
    for (size_t i = 0; i < text.len; i++) {
        text.data[i] ^= 1;
        cr_expect_eq(read_copy(text.data, text.len, &again, &wall_ms), -1, "byte %zu", i);
        text.data[i] ^= 1;
    }
    instance_list_unref(list);
    buf_close(&text);
    expect_no_leak();
}

/* --- Files on disk, on the real event loop -------------------------------------------------------- */

static char folder[] = "/tmp/test-snapshot-XXXXXX";
static char file[64];
static struct fake_registry consul;
static struct discovery *discovery;
static void (*body_of_test)(void);

static void start(void)
{
    static struct registry *registries[1];
    registries[0] = &consul.registry;
    const struct discovery_config config = {
        .registries = registries, .registry_count = 1, .ttl_ms = 2000, .retry_cap_ms = 200,
        .static_instances = "", .snapshot_dir = folder,
    };
    discovery = discovery_new(&config);
    discovery_watch(discovery, "User/service");
}

static void stop(void)
{
    discovery_stop(discovery);
    discovery_free(discovery);
}

static void run_fiber(void *arg)
{
    (void)arg;
    body_of_test();
}

static void run(void (*body)(void))
{
    strcpy(folder + strlen(folder) - 6, "XXXXXX");
    cr_assert_not_null(mkdtemp(folder));
    snprintf(file, sizeof file, "%s/%%55ser%%2fservice.instances", folder);
    fake_init(&consul, &fake_consul_ops, "a b c");
    body_of_test = body;
    log_set_level(LOG_ERROR);
    loop_open();
    loop_run(run_fiber, NULL);
    cr_expect_eq(fibers_alive(), 0);
    cr_expect_eq(loop_close(), 0);
    unlink(file);
    cr_expect_eq(rmdir(folder), 0); /* fails if another file is left in it */
    expect_no_leak();
}

static bool wait_for_file(void)
{
    int64_t give_up = deadline_in(60000);
    while (access(file, F_OK) != 0 && clock_ms() < give_up)
        fiber_sleep(20);
    return access(file, F_OK) == 0;
}

static size_t first_list(const char **source, int64_t *age_ms)
{
    struct discovery_view view;
    struct err err = ERR_INIT;
    discovery_get(discovery, "User/service", deadline_in(60000), &view, &err);
    *source = view.source;
    *age_ms = view.age_ms;
    return view.list ? view.list->count : 0;
}

static void restart_without_registry(void)
{
    const char *source;
    int64_t age_ms;
    start();
    cr_expect(wait_for_file());
    stop();
    consul.mode = FAKE_REFUSES;
    fiber_sleep(50);
    start();
    cr_expect_eq(first_list(&source, &age_ms), 3);
    cr_expect_str_eq(source, "disk");
    cr_expect(age_ms >= 50 && age_ms < 120000, "%d", (int)age_ms);
    consul.mode = FAKE_GOOD;
    int64_t give_up = deadline_in(60000);
    while (strcmp(source, "consul") != 0 && clock_ms() < give_up) {
        fiber_sleep(20);
        first_list(&source, &age_ms);
    }
    cr_expect_str_eq(source, "consul");
    stop();
}

Test(snapshot, caller_started_in_outage_uses_snapshot)
{
    run(restart_without_registry);
}

static void no_folder(void)
{
    rmdir(folder);
    start();
    cr_expect(wait_for_file());
    stop();
}

Test(snapshot, missing_folder_is_created)
{
    run(no_folder);
}

static void garbage(void)
{
    const char *source;
    int64_t age_ms;
    int out = open(file, O_WRONLY | O_CREAT, 0644);
    cr_expect_eq(write(out, "instances v1 1\n", 15), 15);
    close(out);
    consul.mode = FAKE_REFUSES;
    start();
    cr_expect_eq(first_list(&source, &age_ms), 0);
    cr_expect_str_eq(source, "");
    stop();
}

Test(snapshot, damaged_file_is_skipped)
{
    run(garbage);
}

static void pipe_in_the_way(void)
{
    const char *source;
    int64_t age_ms;
    cr_expect_eq(mkfifo(file, 0644), 0);
    consul.mode = FAKE_REFUSES;
    start();
    cr_expect_eq(first_list(&source, &age_ms), 0);
    stop();
}

Test(snapshot, pipe_instead_of_file_does_not_block_loading)
{
    run(pipe_in_the_way);
}

static void unwritable(void)
{
    const char *source;
    int64_t age_ms;
    char gone[80];
    snprintf(gone, sizeof gone, "%s-elsewhere", folder);
    rename(folder, gone);
    close(open(folder, O_WRONLY | O_CREAT | O_CLOEXEC, 0644)); /* a file of that name: the folder cannot be created */
    start();
    cr_expect_eq(first_list(&source, &age_ms), 3);
    cr_expect_str_eq(source, "consul");
    fiber_sleep(1500);
    cr_expect_eq(first_list(&source, &age_ms), 3);
    stop();
    unlink(folder);
    rename(gone, folder);
}

Test(snapshot, unwritable_folder_does_not_stop_discovery)
{
    run(unwritable);
}

/* Waits until the file contains the word, or (wanted == false) does not contain it. */
static bool wait_for_text(const char *path, const char *word, bool wanted)
{
    int64_t give_up = deadline_in(60000);
    bool there = !wanted;
    while (there != wanted && clock_ms() < give_up) {
        char text[4096];
        int in = open(path, O_RDONLY);
        ssize_t len = in < 0 ? 0 : read(in, text, sizeof text - 1);
        close(in);
        text[len > 0 ? len : 0] = '\0';
        there = strstr(text, word) != NULL;
        if (there != wanted)
            fiber_sleep(20);
    }
    return there == wanted;
}

static void write_again(void)
{
    char other[80];
    struct stat before, after;
    snprintf(other, sizeof other, "%s/other", folder);
    start();
    cr_expect(wait_for_file());
    cr_expect_eq(link(file, other), 0); /* keeps the old file, as a reader that has it open */
    cr_expect_eq(stat(other, &before), 0);
    fake_set(&consul, "a b c new");
    cr_expect(wait_for_text(file, "\nnew\t", true));
    cr_expect_eq(stat(other, &after), 0);
    cr_expect_eq(before.st_mtim.tv_sec, after.st_mtim.tv_sec);
    cr_expect_eq(before.st_mtim.tv_nsec, after.st_mtim.tv_nsec);
    cr_expect(wait_for_text(other, "\nnew\t", false), "the old file was overwritten: kill -9 during the write would leave a damaged one");
    stop();
    unlink(other);
}

Test(snapshot, new_snapshot_never_changes_existing_file)
{
    run(write_again);
}

/* Waits until the other end of this pipe, which is stderr, has got the text. */
static bool is_logged(int fd, const char *text)
{
    char output[4096];
    size_t len = 0;
    for (int64_t give_up = deadline_in(60000); clock_ms() < give_up && len < sizeof output - 1; fiber_sleep(20)) {
        ssize_t n = read(fd, output + len, sizeof output - 1 - len);
        len += n > 0 ? (size_t)n : 0;
        output[len] = '\0';
        if (strstr(output, text))
            return true;
    }
    return false;
}

static void run_out_of_room(void)
{
    int ends[2], before = dup(STDERR_FILENO);
    const char *source;
    int64_t age_ms;
    const struct rlimit little = {100, RLIM_INFINITY};
    struct rlimit much;
    start();
    cr_expect(wait_for_file());
    getrlimit(RLIMIT_FSIZE, &much);
    signal(SIGXFSZ, SIG_IGN);
    cr_assert_eq(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
    dup2(ends[1], STDERR_FILENO);
    log_set_level(LOG_WARN);
    setrlimit(RLIMIT_FSIZE, &little); /* a write fails after 100 bytes, as on a full disk */
    fake_set(&consul, "a b c new");
    cr_expect(is_logged(ends[0], "snapshot_failed"));
    setrlimit(RLIMIT_FSIZE, &much);
    log_set_level(LOG_ERROR);
    dup2(before, STDERR_FILENO);
    stop();
    consul.mode = FAKE_REFUSES;
    start();
    cr_expect_eq(first_list(&source, &age_ms), 3, "the list from before the disk was full");
    cr_expect_str_eq(source, "disk");
    stop();
}

Test(snapshot, full_disk_leaves_last_snapshot_intact)
{
    run(run_out_of_room);
}
