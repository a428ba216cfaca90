/* consul_wire: Consul's JSON, as pure functions that do no I/O.
 *
 * What we say (the body of a registration) and what we hear (lists, checks,
 * indexes). Whoever runs a registry may send anything, so a reply is read in
 * strict steps: one that is not whole counts for nothing, an entry that cannot
 * be used is dropped singly.
 *
 * A long list is read entry by entry: as one tree, 10,000 instances would take
 * 150 MB and stop the loop for a quarter of a second (measured).
 */
#ifndef REGISTRY_CONSUL_WIRE_H
#define REGISTRY_CONSUL_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "registry/instance.h"
#include "registry/registry.h"

/* The body of PUT /v1/agent/service/register. address: never "". False at the
 * buffer's cap. */
bool consul_add_registration(struct buf *out, const struct registration_spec *spec, const char *address);

/* Where a blocking query stands after a reply whose X-Consul-Index was `header`
 * ("" for none), having stood at `current`. 0: the next query must not block.
 * Never 0 for a sound index: Consul would take that for "do not block". */
uint64_t consul_next_index(uint64_t current, const char *header);

/* --- GET /v1/health/service/<name>: a list, in slices --------------------------- */

struct consul_list_parser {
    struct instance_list *list;
    const char *at, *end; /* what is left of the body */
    size_t entries;
};

/* Begins on a body, which is borrowed to the end. -1: not an array, or out of memory. */
int consul_list_begin(struct consul_list_parser *parser, const char *body, size_t len, struct err *err);
/* Reads on for about `bytes`, at least one entry. 1: there is more; 0: that was
 * all; -1: not JSON to the last byte, or out of memory. */
int consul_list_step(struct consul_list_parser *parser, size_t bytes, struct err *err);
/* After the 0: hands the list over, finished. NULL with err where there were
 * entries and none was sound. */
struct instance_list *consul_list_take(struct consul_list_parser *parser, struct err *err);
/* Frees what was not taken; may be called at any time after begin. */
void consul_list_close(struct consul_list_parser *parser);

/* --- GET /v1/agent/health/service/id/<id>: what the agent says of us -------------- */

/* Is a check of our service critical, and what did it put out? (An agent that
 * has not run a check yet shows it critical, without output: not failing.)
 * -1: not what Consul answers. */
int consul_parse_own_health(const char *body, size_t len, bool *failing, char *output, size_t size,
                            struct err *err);

#endif
