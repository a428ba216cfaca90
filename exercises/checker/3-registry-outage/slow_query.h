/* slow_query: what other requests get while one of them waits for Consul, and how many
 * requests wait when it hangs. These are checks for the table in checks.c. */
#ifndef EXERCISE_3_SLOW_QUERY_H
#define EXERCISE_3_SLOW_QUERY_H

void others_get_whole_list(void);

/* --- Level 2 -------------------------------------------------------------------------------- */

void not_every_call_waits(void);
void one_waits_at_a_time(void);

#endif
