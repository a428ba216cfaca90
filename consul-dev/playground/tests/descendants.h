/* descendants: the processes that a program has started, and whether any of them is left.
 */
#ifndef PLAYGROUND_TESTS_DESCENDANTS_H
#define PLAYGROUND_TESTS_DESCENDANTS_H

#include <stdbool.h>
#include <stdio.h>

enum { PIDS_MAX = 64 };

struct pids {
    int pid[PIDS_MAX], count;
};

/* All that the playground has started, with their children. */
static inline void add_children(int parent, struct pids *pids)
{
    char path[64];
    int pid;
    snprintf(path, sizeof path, "/proc/%d/task/%d/children", parent, parent);
    FILE *file = fopen(path, "re");
    while (file && pids->count < PIDS_MAX && fscanf(file, "%d", &pid) == 1) {
        pids->pid[pids->count++] = pid;
        add_children(pid, pids);
    }
    if (file)
        fclose(file);
}

static inline bool runs(int pid)
{
    char path[64], state = 'X';
    snprintf(path, sizeof path, "/proc/%d/stat", pid);
    FILE *file = fopen(path, "re");
    if (file && fscanf(file, "%*d (%*[^)]) %c", &state) != 1)
        state = 'X';
    if (file)
        fclose(file);
    return state != 'X' && state != 'Z';
}

static inline bool none_runs(void *arg)
{
    const struct pids *pids = arg;
    for (int i = 0; i < pids->count; i++)
        if (runs(pids->pid[i]))
            return false;
    return true;
}

#endif
