/* consul_wire: Consul's JSON, as pure functions that do no I/O.
 *
 * What we say (the body of a registration) and what we hear (lists, checks,
 * indexes). Whoever runs a registry may send anything, so a reply is read in
 * strict steps: one that is not whole counts for nothing, an entry that cannot
 * be used is dropped singly.
 *
 * A long list is read entry by entry, as it comes in, and never held as a whole: as
 * one tree, 10,000 instances would take 150 MB and stop the loop for a quarter of a
 * second (measured), and their text alone is 13 MB.
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

/* --- GET /v1/health/service/<name>: a list, piece by piece as it comes ------------ */

struct consul_list_parser {
    bool skim; /* to be set by its user: only look whether the list is whole */
    /* private */
    struct instance_list *list;
    enum { CONSUL_LIST_BEFORE, CONSUL_LIST_INSIDE, CONSUL_LIST_BEHIND } place; /* of its brackets */
    size_t entries;   /* that have ended */
    struct buf entry; /* the one that is coming in */
    size_t entry_len; /* all of it, also what is not kept */
    long depth;
    bool in_string, after_backslash;
};

/* -1: out of memory. */
int consul_list_begin(struct consul_list_parser *parser, struct err *err);
/* The next piece of the body, of any size: works as long as it is long, about 25 ns
 * a byte. -1: not JSON, or out of memory; then no more. */
int consul_list_feed(struct consul_list_parser *parser, const char *bytes, size_t len, struct err *err);
/* After the last piece: hands the list over, finished; NULL where it was only skimmed.
 * -1: not whole, or there were entries and none was sound. */
int consul_list_end(struct consul_list_parser *parser, struct instance_list **list, struct err *err);
/* Frees what was not handed over; may be called at any time after begin. */
void consul_list_close(struct consul_list_parser *parser);

/* --- GET /v1/agent/health/service/id/<id>: what the agent says of us -------------- */

/* Is a check of our service critical, and what did it put out? (An agent that
 * has not run a check yet shows it critical, without output: not failing.)
 * -1: not what Consul answers. */
int consul_parse_own_health(const char *body, size_t len, bool *failing, char *output, size_t size,
                            struct err *err);

#endif
