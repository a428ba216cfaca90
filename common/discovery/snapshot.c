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
    LOOK_MS = 1000,       /* a change is on disk after this and the writing */
    CONFIRM_MS = 20000,   /* a list that stays the same is written again after this, for its age */
    RETRY_MS = 60000,     /* after a write that failed */
    DISK_MS = 2000,       /* for one read or write; then the disk counts as hung */
    BYTES_MAX = 32 << 20, /* as the registries' answers */
};

/* One read or write, on a thread. */
struct job {
    char path[PATH_MAX];
    struct instance_list *list; /* to write, or what was read */
    int64_t confirmed_wall_ms;
    bool absent;                /* there is no file yet */
    struct err err;
};

/* Jobs that nobody waits for any more. While there is one, the disk hangs, and
 * none is added: they would use up the threads that others need. */
static int abandoned;

static void discard(void *arg)
{
    instance_list_unref(((struct job *)arg)->list);
    abandoned--;
}

/* Whatever comes of it, job->list is the caller's to let go of. */
static int run(const struct offload_job *how, struct job *job, struct err *err)
{
    if (abandoned > 0)
        return err_set(err, ERR_BUSY, "%s: the disk still hangs", job->path);
    if (offload_run(how, job, sizeof *job, deadline_in(DISK_MS), err) != 0) {
        if (err->code == ERR_TIMEOUT || err->code == ERR_CANCELLED) {
            abandoned++;
            job->list = NULL; /* discard has it */
        }
        return err_prefix(err, "%s", job->path);
    }
    if (job->err.code == ERR_NONE)
        return 0;
    return err_set(err, job->err.code, "%s: %s", job->path, job->err.text);
}

/* --- On the thread -------------------------------------------------------------------------- */

static int fail(struct job *job, const char *what)
{
    return err_set(&job->err, ERR_FAILED, "%s: %s", what, strerror(errno));
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

/* Itself, not those above it: where they are missing, it is more likely a slip of the pen. */
static void make_folder(const char *path)
{
    char folder[PATH_MAX];
    folder_of(path, folder);
    mkdir(folder, 0755); /* whatever goes wrong, opening the file says it */
}

/* So that the new name outlives a power cut; best effort: not all file systems can. */
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
        return fail(job, "opening");
    if (write_all(file, text->data, text->len) != 0 || fsync(file) != 0) {
        fail(job, "writing");
        close(file);
        return -1;
    }
    if (close(file) != 0)
        return fail(job, "closing");
    return rename(temporary, job->path) == 0 ? 0 : fail(job, "renaming");
}

static void write_job(void *arg)
{
    struct job *job = arg;
    char temporary[PATH_MAX + 32];
    struct buf text = BUF_INIT(BYTES_MAX);
    snprintf(temporary, sizeof temporary, "%s.%d.tmp", job->path, (int)getpid());
    make_folder(job->path);
    if (snapshot_write(&text, job->list, job->confirmed_wall_ms) != 0)
        err_set(&job->err, ERR_TOO_LARGE, "too many instances, or out of memory");
    else if (write_file(job, temporary, &text) != 0)
        unlink(temporary);
    else
        sync_folder(job->path);
    buf_close(&text);
}

static int read_all(struct job *job, int file, char *bytes, size_t len)
{
    size_t have = 0;
    while (have < len) {
        ssize_t got = read(file, bytes + have, len - have);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return fail(job, "reading");
        if (got == 0)
            return err_set(&job->err, ERR_INVALID, "it shrank while it was read");
        have += (size_t)got;
    }
    return 0;
}

static void read_open(struct job *job, int file)
{
    struct stat info;
    if (fstat(file, &info) != 0 || !S_ISREG(info.st_mode) || info.st_size > BYTES_MAX) {
        err_set(&job->err, ERR_INVALID, "not a file of at most 32 MB");
        return;
    }
    size_t len = (size_t)info.st_size;
    char *text = malloc(len + 1);
    if (!text)
        err_set(&job->err, ERR_BUSY, "out of memory");
    else if (read_all(job, file, text, len) == 0)
        snapshot_read(text, len, &job->list, &job->confirmed_wall_ms, &job->err);
    free(text);
}

static void read_job(void *arg)
{
    struct job *job = arg;
    int file = open(job->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* a pipe of that name must not hang us */
    job->absent = file < 0 && errno == ENOENT;
    if (file < 0) {
        fail(job, "opening");
        return;
    }
    read_open(job, file);
    close(file);
}

/* --- In the fiber --------------------------------------------------------------------------- */

/* A service's name is somebody's setting: as part of a path only harmless characters stay. */
static int make_path(const struct watched_service *watched, char path[PATH_MAX])
{
    int len = snprintf(path, PATH_MAX, "%s/", watched->snapshot_dir);
    for (const unsigned char *p = (const unsigned char *)watched->name; len < PATH_MAX - 64 && *p; p++)
        len += snprintf(path + len, (size_t)(PATH_MAX - len), isalnum(*p) || strchr("-_", *p) ? "%c" : "%%%02x", *p);
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
    if (make_path(watched, job.path) == 0 && run(&how, &job, &err) == 0) {
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

/* What was written last. */
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
    int status = run(&how, &job, &err);
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

/* Only what a registry said is worth keeping. */
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
