/* calls: checks the promises about calls at each attempt: how often a call is sent, and how
 * it ends (promises 5, 6 and 9 of invariants.h). */
#ifndef SIMULATION_CALLS_H
#define SIMULATION_CALLS_H

#include "net/http_client.h"
#include "simulation/world.h"

struct service_reply;

void calls_begin(struct call_record *record);
/* Returns the attempt's index in record->tried; -1: it is not recorded. */
int calls_attempt_begins(struct call_record *record, const struct http_call *call);
void calls_attempt_ended(struct call_record *record, int nth, const struct http_call *call, int status,
                         enum err_code code, int64_t took_ms);
void calls_ended(struct call_record *record, const struct service_reply *reply);

#endif
