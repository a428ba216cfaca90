/* etcd_wire: the JSON of etcd's v3 gateway, as pure functions that do no I/O.
 *
 * An instance is one key (etcd_entry.h). The key is on a lease, so it disappears when no process keeps the
 * lease alive. 64-bit numbers are in quotes (etcd.io/docs/v3.4/dev-guide/api_grpc_gateway).
 *
 * Each etcd_add_… appends the body of a request; false at the buffer's cap, or out of memory. Each
 * etcd_parse_… reads a reply; -1 with err: it is not a reply of etcd's.
 */
#ifndef REGISTRY_ETCD_WIRE_H
#define REGISTRY_ETCD_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "registry/instance_list.h"
#include "registry/registry.h"

/* --- Registration ---------------------------------------------------------------- */

/* In seconds: three heartbeats long, so that two may get lost. */
int64_t etcd_lease_seconds(const struct registration_spec *spec);
/* The lease of this key. We choose it, as a hash of the key: so it need not be stored, and an instance that
 * restarts with the same id takes over its old lease. */
int64_t etcd_lease_id(const struct registration_spec *spec);

bool etcd_add_grant(struct buf *out, const struct registration_spec *spec);
bool etcd_add_lease(struct buf *out, const struct registration_spec *spec); /* for keepalive and revoke */
bool etcd_add_key(struct buf *out, const struct registration_spec *spec);   /* for range and deleterange */
bool etcd_add_put(struct buf *out, const struct registration_spec *spec, const char *address,
                  enum instance_status status);

/* Parses the reply to a range of our key. *is_ours: the key is there, on our lease, and with the value of our
 * last put; put: its body, or NULL to accept any value. *difference: what is not so if the key is there, else
 * "". */
int etcd_parse_own(const char *body, size_t len, const struct registration_spec *spec, const struct buf *put,
                   const char **difference, bool *is_ours, struct err *err);
/* Parses the reply to a keepalive. If the lease has expired, *is_alive is false, and the result is 0. */
int etcd_parse_keepalive(const char *body, size_t len, bool *is_alive, struct err *err);

/* --- Discovery ------------------------------------------------------------------- */

/* A list is read in pages of one revision, so that no reply is long enough to hold up the loop while it is
 * parsed. */
enum { ETCD_PAGE_ENTRIES = 200 };

struct etcd_page {
    uint64_t revision;   /* of the whole list; 0 for the first page */
    uint64_t count;      /* of entries on all pages */
    struct buf last_key; /* the next page begins after this key */
    bool more;
};

/* The position before the first page. */
#define ETCD_PAGE_INIT {.revision = 0, .last_key = BUF_INIT((size_t)4 * 1024 * 1024), .more = true}

bool etcd_add_range(struct buf *out, const char *service, const struct etcd_page *page);
/* Adds a page's instances to the list, and moves to the next page. */
int etcd_parse_page(const char *body, size_t len, const char *service, struct etcd_page *page,
                    struct instance_list *list, struct err *err);

/* To find out whether the list has changed since this revision: requests one key that was put after it. */
bool etcd_add_change_query(struct buf *out, const char *service, uint64_t revision);
/* Compares the reply with the cursor's version of the list, and moves the cursor to the reply's revision. */
int etcd_parse_change_reply(const char *body, size_t len, struct registry_cursor *cursor, bool *has_changed,
                            struct err *err);

/* Watches every change of the service's keys after this revision. */
bool etcd_add_watch(struct buf *out, const char *service, uint64_t revision);
/* True if this message of a watch means that the list must be read again. Every message does, except the
 * first one ("created") and a message without events. */
bool etcd_watch_has_changed(const char *message, size_t len, uint64_t revision);

/* --- Login and errors ---------------------------------------------------------------- */

bool etcd_add_login(struct buf *out, const char *user, const char *password);
int etcd_parse_token(const char *body, size_t len, char *token, size_t size, struct err *err);
/* etcd's reason for an error. If the body is not etcd's, its first line. */
void etcd_parse_reason(const char *body, size_t len, char *reason, size_t size);

#endif
