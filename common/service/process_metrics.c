#include "service/process_metrics.h"

#include <dirent.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/metrics.h"

static int64_t resident_bytes(void)
{
    long total, resident = 0;
    FILE *file = fopen("/proc/self/statm", "re");
    if (!file)
        return 0;
    if (fscanf(file, "%ld %ld", &total, &resident) != 2)
        resident = 0;
    fclose(file);
    return (int64_t)resident * sysconf(_SC_PAGESIZE);
}

static int64_t open_files(void)
{
    int64_t count = 0;
    DIR *folder = opendir("/proc/self/fd");
    if (!folder)
        return 0;
    while (readdir(folder))
        count++;
    closedir(folder);
    return count - 3; /* ".", ".." and the folder itself */
}

static double cpu_seconds(void)
{
    struct timespec used;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return (double)used.tv_sec + (double)used.tv_nsec / 1e9;
}

void process_metrics_write(struct buf *out)
{
    metrics_head(out, "process_resident_memory_bytes", "gauge", "Resident memory.");
    metrics_value(out, "process_resident_memory_bytes", NULL, resident_bytes());
    metrics_head(out, "process_open_fds", "gauge", "Open file descriptors.");
    metrics_value(out, "process_open_fds", NULL, open_files());
    metrics_head(out, "process_cpu_seconds_total", "counter", "User and system time.");
    buf_addf(out, "process_cpu_seconds_total %.3f\n", cpu_seconds());
}
