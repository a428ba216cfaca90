/* process_cost: the memory and the CPU time that a process has used. */
#ifndef ORDER_SERVICE_TESTS_PROCESS_COST_H
#define ORDER_SERVICE_TESTS_PROCESS_COST_H

#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include "harness/proc.h"

/* 1: the sanitizer uses more memory and CPU time than our code, so neither is checked. */
#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#define SANITIZED __has_feature(address_sanitizer)
#else
#define SANITIZED 0
#endif

enum { MEMORY_MAX_KB = 64 * 1024 };

static inline long peak_memory_kb(const struct proc *proc)
{
    char path[64], line[128];
    long kb = -1;
    snprintf(path, sizeof path, "/proc/%d/status", (int)proc->pid);
    FILE *file = fopen(path, "re");
    while (file && kb < 0 && fgets(line, sizeof line, file))
        if (sscanf(line, "VmHWM: %ld", &kb) != 1)
            kb = -1;
    if (file)
        fclose(file);
    return kb;
}

/* User and system time since the process started. */
static inline int64_t cpu_ms(const struct proc *proc)
{
    char path[64];
    long user = 0, system = 0;
    snprintf(path, sizeof path, "/proc/%d/stat", (int)proc->pid);
    FILE *file = fopen(path, "re");
    if (file && fscanf(file, "%*d (%*[^)]) %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %ld %ld", &user, &system) != 2)
        user = system = 0;
    if (file)
        fclose(file);
    return (user + system) * 1000 / sysconf(_SC_CLK_TCK);
}

#endif
