/* eureka_wire: the paths and the JSON of Eureka's REST API, as pure functions that do no I/O.
 *
 * An application is named by the service's name in capitals; the server rejects an entry whose "app" is another
 * than that of the path. What Eureka has no member for is in the metadata: version, zone, weight, tags.
 *
 * Each eureka_add_… appends to a buffer; false at its cap, or out of memory.
 */
#ifndef REGISTRY_EUREKA_WIRE_H
#define REGISTRY_EUREKA_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "registry/instance.h"
#include "registry/list_parser.h"
#include "registry/registration_spec.h"

/* <base>/apps/{APP}, and /{id} unless id is NULL. base: the path of the server's URL. */
bool eureka_add_path(struct buf *out, const char *base, const char *service, const char *id);

/* In seconds. The server lets a lease live twice as long as its duration says, once it was renewed (Lease.renew and
 * Lease.isExpired both add it), so this is half of three heartbeats. */
int64_t eureka_lease_seconds(const struct registration_spec *spec);

/* "UP", "DOWN" */
const char *eureka_status_word(enum instance_status status);

/* The body of a registration: {"instance": …}. */
bool eureka_add_registration(struct buf *out, const struct registration_spec *spec, const char *address,
                             enum instance_status status);

/* Compares the reply to a query of our own entry with what eureka_add_registration wrote. *difference: in what it
 * differs, else "". An operator's override of the status is not a difference. */
int eureka_parse_own(const char *body, size_t len, const struct registration_spec *spec, const char *address,
                     enum instance_status status, const char **difference, struct err *err);

/* The server's reason for an error, as one line; "" if it gives none. */
void eureka_parse_reason(const char *body, size_t len, char *reason, size_t size);

/* To parse a list: as list_parser_begin. */
int eureka_list_begin(struct list_parser *parser, struct err *err);

#endif
