/* descendants: the processes that a program has started, and what of them and of its folders is left.
 */
#ifndef PLAYGROUND_TESTS_DESCENDANTS_H
#define PLAYGROUND_TESTS_DESCENDANTS_H

#include <dirent.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "fixture.h"

enum {
    PIDS_MAX = 512,
    NAME_MAX_BYTES = 32,
    /* PostgreSQL (15) may see a signal that arrives just before it waits only when this wait ends, after a minute;
     * then its hung children get 5 s. */
    ENDS_MS = 90000,
};

/* The kernel may give the number of an ended process to another one; the time of the start tells them apart. */
struct process_id {
    int pid;
    unsigned long long started; /* in ticks since the machine started; 0: there is no such process */
    char state;                 /* as in ps */
    char name[NAME_MAX_BYTES];
};

struct pids {
    struct process_id process[PIDS_MAX];
    int count;
};

static inline struct process_id read_process(int pid)
{
    struct process_id process = {.pid = pid};
    char path[64], line[1024] = "";
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    FILE *file = fopen(path, "re");
    if (file && !fgets(line, sizeof line, file))
        line[0] = '\0';
    if (file)
        fclose(file);
    const char *name = strchr(line, '('), *rest = strrchr(line, ')');
    if (!name || !rest)
        return process;
    snprintf(process.name, sizeof process.name, "%.*s", (int)(rest - name - 1), name + 1);
    sscanf(rest, ") %c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %llu", &process.state,
           &process.started);
    return process;
}

/* All that the playground has started, with their children. */
static inline void add_children(int parent, struct pids *pids)
{
    char path[64];
    int pid;
    snprintf(path, sizeof path, "/proc/%d/task/%d/children", parent, parent);
    FILE *file = fopen(path, "re");
    while (file && pids->count < PIDS_MAX && fscanf(file, "%d", &pid) == 1) {
        pids->process[pids->count++] = read_process(pid);
        add_children(pid, pids);
    }
    if (file)
        fclose(file);
}

static inline bool runs(const struct process_id *process)
{
    struct process_id now = read_process(process->pid);
    return now.started != 0 && now.started == process->started && now.state != 'X' && now.state != 'Z';
}

/* The first that still runs; NULL: none. */
static inline const struct process_id *find_running(const struct pids *pids)
{
    for (int i = 0; i < pids->count; i++)
        if (runs(&pids->process[i]))
            return &pids->process[i];
    return NULL;
}

static inline bool none_runs(void *pids)
{
    return !find_running(pids);
}

static inline void expect_nothing_left(struct pids *pids)
{
    int64_t ms = time_until(none_runs, pids, ENDS_MS);
    const struct process_id *left = find_running(pids);
    cr_expect_geq(ms, 0, "%s (%d) still runs, state %c", left ? left->name : "", left ? left->pid : 0,
                  left ? read_process(left->pid).state : ' ');
    REPORT("%d processes had ended %lld ms later", pids->count, (long long)ms);
}

/* Folders of programs, in $TMPDIR. */
static inline int folders_left(void)
{
    char scratch[PLACE_PATH_MAX];
    int count = 0;
    scratch_path(scratch);
    DIR *dir = opendir(scratch);
    for (struct dirent *entry; dir && (entry = readdir(dir));)
        count += strncmp(entry->d_name, "run.", 4) == 0;
    if (dir)
        closedir(dir);
    return count;
}

#endif
