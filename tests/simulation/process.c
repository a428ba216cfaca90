#include "simulation/process.h"

void process_cut(struct process *process, unsigned registries)
{
    for (int i = 0; i < REGISTRIES_MAX; i++)
        process->links[i].cut = registries >> i & 1;
}

void process_forget(struct process *process)
{
    for (int i = 0; i < REGISTRIES_MAX; i++) {
        struct link *link = &process->links[i];
        link->has_put = false;
        link->level = 0;
        link->failed_ms = link->answered_ms = 0;
    }
}

void process_freeze(struct process *process)
{
    process->frozen = true;
}

void process_thaw(struct process *process)
{
    process->frozen = false;
    wait_queue_wake_all(&process->thawed);
}
