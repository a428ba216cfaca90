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

static int64_t cpu_ms(void)
{
    struct timespec used;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return (int64_t)used.tv_sec * 1000 + used.tv_nsec / 1000000;
}

void process_metrics_write(struct buf *out)
{
    metrics_head(out, "process_resident_memory_bytes", "gauge", "Resident memory.");
    metrics_value(out, "process_resident_memory_bytes", NULL, resident_bytes());
    metrics_head(out, "process_open_fds", "gauge", "Open file descriptors.");
    metrics_value(out, "process_open_fds", NULL, open_files());
    metrics_head(out, "process_cpu_seconds_total", "counter", "User and system time.");
    metrics_seconds(out, "process_cpu_seconds_total", NULL, cpu_ms());
}
