#include "harness/agent_log.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Parses a time such as 2020-01-01T12:34:56.789 at the start of a line, as UTC. Only differences matter, so the
 * time zone does not. */
static int64_t time_of(const char *line)
{
    struct tm tm = {0};
    const char *rest = strptime(line, "%Y-%m-%dT%H:%M:%S", &tm);
    return rest && *rest == '.' ? (int64_t)timegm(&tm) * 1000 + atoi(rest + 1) : -1;
}

static int by_time(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

void agent_requests_read(const struct proc *agent, const char *text, struct agent_requests *requests)
{
    char *output = proc_output(agent), *rest = output, *line;
    requests->count = 0;
    while ((line = strsep(&rest, "\n")) != NULL && requests->count < AGENT_REQUESTS_MAX) {
        const char *what = strstr(line, "agent.http: Request finished: ");
        if (what && strstr(what, text))
            requests->at_ms[requests->count++] = time_of(line + strspn(line, " "));
    }
    free(output);
    qsort(requests->at_ms, (size_t)requests->count, sizeof *requests->at_ms, by_time);
}

int agent_requests_peak(const struct agent_requests *requests, int64_t window_ms)
{
    int most = 0;
    for (int first = 0, end = 0; first < requests->count; first++) {
        while (end < requests->count && requests->at_ms[end] - requests->at_ms[first] < window_ms)
            end++;
        most = end - first > most ? end - first : most;
    }
    return most;
}
