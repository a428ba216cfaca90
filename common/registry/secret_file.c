#include "registry/secret_file.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "loop/offload.h"

struct read_job {
    char path[PATH_MAX]; /* a copy: the job may outlive the call that started it */
    char secret[SECRET_MAX + 1];
    int error; /* errno; 0 for success */
};

/* With one byte more than SECRET_MAX, which shows that the file is too long. */
static void read_secret(void *arg)
{
    struct read_job *job = arg;
    FILE *file = fopen(job->path, "re");
    if (!file) {
        job->error = errno;
        return;
    }
    size_t len = fread(job->secret, 1, sizeof job->secret, file);
    if (ferror(file))
        job->error = errno ? errno : EIO;
    else if (len > SECRET_MAX)
        job->error = EFBIG;
    fclose(file);
    while (len > 0 && strchr(" \t\r\n", job->secret[len - 1]))
        len--;
    job->secret[len < SECRET_MAX ? len : SECRET_MAX] = '\0';
}

static int end_job(const struct read_job *job, char secret[SECRET_MAX + 1], struct err *err)
{
    if (job->error)
        return err_set(err, ERR_FAILED, "%s", strerror(job->error));
    snprintf(secret, SECRET_MAX + 1, "%s", job->secret);
    return 0;
}

int secret_file_read_blocking(const char *path, char secret[SECRET_MAX + 1], struct err *err)
{
    struct read_job job = {.error = 0};
    snprintf(job.path, sizeof job.path, "%s", path);
    read_secret(&job);
    return end_job(&job, secret, err);
}

int secret_file_read(const char *path, int64_t deadline, char secret[SECRET_MAX + 1], struct err *err)
{
    struct read_job job = {.error = 0};
    snprintf(job.path, sizeof job.path, "%s", path);
    if (offload_run(&(struct offload_job){.work = read_secret}, &job, sizeof job, deadline, err) != 0)
        return -1;
    return end_job(&job, secret, err);
}
