/* history: which writes of the witnesses are in the data of which Consul server after the partition, and in what order.
 * Each write is one entry of Raft's log, and its key has the entry's index. If two leaders had both committed, the
 * servers would differ, or two writes would have the same index.
 */
#ifndef PITFALLS_HISTORY_H
#define PITFALLS_HISTORY_H

#include "partition_stage.h"

struct history {
    bool identical; /* all servers have the same writes, in the same order */
    int committed;
    int lost;   /* confirmed, but missing */
    int undead; /* refused by the minority, but there */
    int twice;  /* two at the same index */
};

/* After stage_stop_witnesses(): waits until all servers have the same writes, then counts. */
void history_read(const struct stage *stage, struct history *history);

#endif
