#include "discovery/snapshot.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "discovery/snapshot_format.h"
#include "loop/offload.h"

enum {
    LOOK_MS = 1000,       /* a change is written within this time */
    CONFIRM_MS = 20000,   /* an unchanged list is written again after this time, because its age changes */
    RETRY_MS = 60000,     /* after a write failed */
    DISK_MS = 2000,       /* timeout of one read or write; then the disk counts as hung */
    BYTES_MAX = 32 << 20, /* the same limit as for a registry's reply */
};

/* One read or write, on a thread. */
struct job {
    char path[PATH_MAX];
    struct instance_list *list; /* the list to write, or the list that was read */
    int64_t confirmed_wall_ms;
    bool absent;                /* there is no file yet */
    struct err err;
};

/* Jobs that timed out but still occupy a thread, because the disk hangs. While there is
 * one, no job is started: otherwise they would use up the threads that others need. */
static int abandoned;

static void discard(void *arg)
{
    instance_list_unref(((struct job *)arg)->list);
    abandoned--;
}

/* In each case the caller unreferences job->list. */
static int run_job(const struct offload_job *how, struct job *job, struct err *err)
{
    if (abandoned > 0)
        return err_set(err, ERR_BUSY, "cannot access %s: the disk still hangs in an earlier read or write", job->path);
    if (offload_run(how, job, sizeof *job, deadline_in(DISK_MS), err) != 0) {
        if (err->code == ERR_TIMEOUT || err->code == ERR_CANCELLED) {
            abandoned++;
            job->list = NULL; /* discard() unreferences it */
        }
        return err_prefix(err, "cannot access %s", job->path);
    }
    *err = job->err;
    return err->code == ERR_NONE ? 0 : -1;
}

/* --- On the thread: write ------------------------------------------------------------------- */

static int fail_with_errno(struct job *job, const char *verb)
{
    return err_set(&job->err, ERR_FAILED, "cannot %s %s: %s", verb, job->path, strerror(errno));
}

static int write_all(int file, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t written = write(file, bytes, len);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return -1;
        bytes += written;
        len -= (size_t)written;
    }
    return 0;
}

static void folder_of(const char *path, char folder[PATH_MAX])
{
    snprintf(folder, PATH_MAX, "%s", path);
    *strrchr(folder, '/') = '\0';
}

/* Creates only the last folder of the path. If a folder above it is missing, the setting probably has a typo. */
static void make_folder(const char *path)
{
    char folder[PATH_MAX];
    folder_of(path, folder);
    mkdir(folder, 0755); /* if it fails, opening the file reports the error */
}

/* So that the rename survives a power failure. Best effort: not all file systems support it. */
static void sync_folder(const char *path)
{
    char folder[PATH_MAX];
    folder_of(path, folder);
    int file = open(*folder ? folder : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (file < 0)
        return;
    fsync(file);
    close(file);
}

static int write_file(struct job *job, const char *temporary, const struct buf *text)
{
    int file = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (file < 0)
        return fail_with_errno(job, "open");
    if (write_all(file, text->data, text->len) != 0 || fsync(file) != 0) {
        fail_with_errno(job, "write");
        close(file);
        return -1;
    }
    if (close(file) != 0)
        return fail_with_errno(job, "close");
    return rename(temporary, job->path) == 0 ? 0 : fail_with_errno(job, "rename the new file to");
}

static void write_job(void *arg)
{
    struct job *job = arg;
    char temporary[PATH_MAX + 32];
    struct buf text = BUF_INIT(BYTES_MAX);
    snprintf(temporary, sizeof temporary, "%s.%d.tmp", job->path, (int)getpid());
    make_folder(job->path);
    if (snapshot_write(&text, job->list, job->confirmed_wall_ms) != 0)
        err_set(&job->err, ERR_TOO_LARGE, "cannot write %s: the list exceeds 32 MB, or out of memory", job->path);
    else if (write_file(job, temporary, &text) != 0)
        unlink(temporary);
    else
        sync_folder(job->path);
    buf_close(&text);
}

/* --- On the thread: read -------------------------------------------------------------------- */

static int read_all(struct job *job, int file, char *bytes, size_t len)
{
    size_t have = 0;
    while (have < len) {
        ssize_t got = read(file, bytes + have, len - have);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return fail_with_errno(job, "read");
        if (got == 0)
            return err_set(&job->err, ERR_INVALID, "cannot read %s: it became shorter meanwhile", job->path);
        have += (size_t)got;
    }
    return 0;
}

static void read_open(struct job *job, int file)
{
    struct stat info;
    if (fstat(file, &info) != 0 || !S_ISREG(info.st_mode) || info.st_size > BYTES_MAX) {
        err_set(&job->err, ERR_INVALID, "cannot read %s: not a regular file of at most 32 MB", job->path);
        return;
    }
    size_t len = (size_t)info.st_size;
    char *text = malloc(len + 1);
    if (!text)
        err_set(&job->err, ERR_BUSY, "cannot read %s: out of memory", job->path);
    else if (read_all(job, file, text, len) == 0 &&
             snapshot_read(text, len, &job->list, &job->confirmed_wall_ms, &job->err) != 0)
        err_prefix(&job->err, "cannot read %s", job->path);
    free(text);
}

static void read_job(void *arg)
{
    struct job *job = arg;
    int file = open(job->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* opening a named pipe would block */
    job->absent = file < 0 && errno == ENOENT;
    if (file < 0) {
        fail_with_errno(job, "open");
        return;
    }
    read_open(job, file);
    close(file);
}

/* --- In the fiber --------------------------------------------------------------------------- */

/* Every character that is special in a path is escaped, and so are capital letters: some file systems take
 * "Users" and "users" for one name, and two services must not share a file. */
static int make_path(const struct watched_service *watched, char path[PATH_MAX])
{
    int len = snprintf(path, PATH_MAX, "%s/", watched->snapshot_dir);
    for (const unsigned char *p = (const unsigned char *)watched->name; len < PATH_MAX - 64 && *p; p++) {
        bool is_plain = islower(*p) || isdigit(*p) || strchr("-_", *p);
        len += snprintf(path + len, (size_t)(PATH_MAX - len), is_plain ? "%c" : "%%%02x", *p);
    }
    if (len >= PATH_MAX - 64)
        return -1;
    snprintf(path + len, (size_t)(PATH_MAX - len), ".instances");
    return 0;
}

static void load(struct watched_service *watched)
{
    static const struct offload_job how = {read_job, discard};
    struct job job = {.list = NULL, .err = ERR_INIT};
    struct err err = ERR_INIT;
    struct source *disk = &watched->sources.disk;
    if (make_path(watched, job.path) == 0 && run_job(&how, &job, &err) == 0) {
        int64_t age_ms = clock_wall_ms() - job.confirmed_wall_ms;
        disk->list = job.list;
        disk->confirmed_ms = clock_ms() - (age_ms > 0 ? age_ms : 0);
        log_info("snapshot_loaded", log_s("file", job.path), log_i("count", (int64_t)job.list->count),
                 log_i("age_ms", age_ms));
    } else if (!job.absent && err.code != ERR_CANCELLED) {
        log_warn("snapshot_skipped", log_s("error", err.text));
    }
    disk->tried = true;
    wait_queue_wake_all(&watched->waiting);
}

/* The last write. */
struct written {
    uint64_t version;
    int64_t confirmed_ms;
    bool failed;
};

static int save(struct watched_service *watched, struct written *written)
{
    static const struct offload_job how = {write_job, discard};
    struct job job = {.err = ERR_INIT};
    struct err err = ERR_INIT;
    const struct sources *sources = &watched->sources;
    if (make_path(watched, job.path) != 0)
        return -1;
    uint64_t version = sources->version;
    int64_t confirmed_ms = sources->in_use->confirmed_ms;
    job.confirmed_wall_ms = clock_wall_ms() - (clock_ms() - confirmed_ms);
    job.list = instance_list_ref(sources->merged.list);
    int status = run_job(&how, &job, &err);
    instance_list_unref(job.list);
    if (status == 0) {
        *written = (struct written){.version = version, .confirmed_ms = confirmed_ms};
        return 0;
    }
    if (!written->failed && err.code != ERR_CANCELLED)
        log_warn("snapshot_failed", log_s("error", err.text));
    written->failed = true;
    return -1;
}

/* Only a list from a registry is written, not one from the disk or the static list. */
static bool is_due(struct sources *sources, const struct written *written)
{
    sources_refresh(sources, clock_ms());
    const struct source *used = sources->in_use;
    if (!used || used == &sources->disk || used == &sources->static_fallback)
        return false;
    return sources->version != written->version || used->confirmed_ms - written->confirmed_ms >= CONFIRM_MS;
}

void snapshot_run(void *arg)
{
    struct watched_service *watched = arg;
    struct written written = {.version = 0};
    load(watched);
    while (fiber_sleep(LOOK_MS) == 0) {
        if (is_due(&watched->sources, &written) && save(watched, &written) != 0 && fiber_sleep(RETRY_MS) != 0)
            return;
    }
}
