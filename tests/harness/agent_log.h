/* agent_log: the requests that a Consul agent has served, from its log: each is a line if the agent runs with
 * -log-level=debug. So they are counted where they arrive, and not where they are sent.
 */
#ifndef HARNESS_AGENT_LOG_H
#define HARNESS_AGENT_LOG_H

#include "harness/proc.h"

enum { AGENT_REQUESTS_MAX = 100000 };

struct agent_requests {
    int64_t at_ms[AGENT_REQUESTS_MAX]; /* sorted; only differences have a meaning */
    int count;
};

/* The requests of this run whose line contains `text`, such as "method=PUT url=/v1/agent/service/register". */
void agent_requests_read(const struct proc *agent, const char *text, struct agent_requests *requests);
/* The highest number of requests in any window of this length. */
int agent_requests_peak(const struct agent_requests *requests, int64_t window_ms);

#endif
