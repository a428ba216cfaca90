/* descendants: the processes that a program has started, and what of them and of its folders is left.
 */
#ifndef PLAYGROUND_TESTS_DESCENDANTS_H
#define PLAYGROUND_TESTS_DESCENDANTS_H

#include <dirent.h>

#include "fixture.h"

enum { PIDS_MAX = 512 };

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

static inline void expect_nothing_left(struct pids *pids)
{
    int64_t ms = time_until(none_runs, pids, PATIENCE_MS);
    cr_expect_geq(ms, 0, "a process still runs");
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
