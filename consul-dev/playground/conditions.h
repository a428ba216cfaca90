/* conditions: what a story waits for, and what it checks at its end. */
#ifndef PLAYGROUND_CONDITIONS_H
#define PLAYGROUND_CONDITIONS_H

#include "scenario.h"

enum { USABLE_LIMIT_MS = 90000 /* random delay, first check, the next query; on a busy machine an ejection, too */ };

/* id: of the node that the condition is about; NULL where it is about all. */
bool has_ended(const struct model *model, const char *id);
/* It runs and is healthy. */
bool answers(const struct model *model, const char *id);
/* It also is passing in Consul and in the list of order-service, and is not ejected. */
bool is_usable(const struct model *model, const char *id);
bool all_are_usable(const struct model *model, const char *id);
bool is_critical_in_consul(const struct model *model, const char *id);
bool fails_open(const struct model *model, const char *id);
bool list_is_not_from_consul(const struct model *model, const char *id);
bool is_ejected(const struct model *model, const char *id);
bool is_called_again(const struct model *model, const char *id);

/* Lets the calls go on for a while after an effect; the scenario does not fail. */
void watch(struct scenario *scenario);
/* Waits, and reports the time under `key`. */
void await_and_report(struct scenario *scenario, const char *key,
                      bool (*condition)(const struct model *model, const char *id), const char *id);
void no_call_failed(struct scenario *scenario);

#endif
