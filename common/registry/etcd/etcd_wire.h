/* etcd_wire: the JSON of etcd's v3 gateway, as pure functions that do no I/O.
 *
 * How we lie in etcd: the key /services/<name>/<id> holds
 * {"address","port","weight","version","zone","status"} and hangs on a lease, so
 * that it goes when nobody keeps the lease alive. Keys and values are in base64,
 * 64-bit numbers in quotes (etcd.io/docs/v3.4/dev-guide/api_grpc_gateway).
 *
 * Each etcd_add_… appends the body of a request; false at the buffer's cap. Each
 * etcd_parse_… reads a reply; -1 with err: it is not what etcd answers.
 */
#ifndef REGISTRY_ETCD_WIRE_H
#define REGISTRY_ETCD_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "registry/instance.h"
#include "registry/registry.h"

/* --- Being there ----------------------------------------------------------------- */

/* In seconds: three heartbeats long, so that two may get lost. */
int64_t etcd_lease_seconds(const struct registration_spec *spec);
/* The lease of this key, made up by us: so nothing need be remembered, and an
 * instance that restarts finds the lease of its former life. */
int64_t etcd_lease_id(const struct registration_spec *spec);

bool etcd_add_grant(struct buf *out, const struct registration_spec *spec);
bool etcd_add_lease(struct buf *out, const struct registration_spec *spec); /* keepalive, revoke */
bool etcd_add_key(struct buf *out, const struct registration_spec *spec);   /* range, deleterange */
bool etcd_add_put(struct buf *out, const struct registration_spec *spec, const char *address,
                  enum instance_status status);

/* The reply to a range of our key: is it there, on our lease? */
int etcd_parse_own(const char *body, size_t len, const struct registration_spec *spec, bool *is_ours, struct err *err);
/* The reply to a keepalive: a lease that has run out is no error of etcd's. */
int etcd_parse_keepalive(const char *body, size_t len, bool *is_alive, struct err *err);

/* --- Finding others ---------------------------------------------------------------- */

/* A list is read in pages, of one and the same revision: so no reply is so long
 * that parsing it would hold up the loop. */
enum { ETCD_PAGE_ENTRIES = 200 };

struct etcd_page {
    uint64_t revision;   /* of the whole list; 0: ask for the first page */
    uint64_t count;      /* of entries on all pages */
    struct buf last_key; /* the next page begins after it */
    bool more;
};

/* Begins before the first page. */
#define ETCD_PAGE_INIT {.revision = 0, .last_key = BUF_INIT((size_t)4 * 1024 * 1024), .more = true}

bool etcd_add_range(struct buf *out, const char *service, const struct etcd_page *page);
/* Adds a page's instances to the list, and moves on to the next. */
int etcd_parse_page(const char *body, size_t len, const char *service, struct etcd_page *page,
                    struct instance_list *list, struct err *err);

/* Has the list changed since this revision? Asks for one key that was put after it. */
bool etcd_add_look(struct buf *out, const char *service, uint64_t revision);
/* Compares with what the cursor stands for; where there is no news, it moves on. */
int etcd_parse_look(const char *body, size_t len, struct registry_cursor *cursor, bool *has_news, struct err *err);

/* Every change of the service's keys after this revision. */
bool etcd_add_watch(struct buf *out, const char *service, uint64_t revision);
/* One message of a watch: is it a reason to read the list again? True for
 * anything but a watch that was created and a message without events. */
bool etcd_watch_has_news(const char *message, size_t len, uint64_t revision);

/* --- Who asks, and why not ------------------------------------------------------------ */

bool etcd_add_login(struct buf *out, const char *user, const char *password);
int etcd_parse_token(const char *body, size_t len, char *token, size_t size, struct err *err);
/* etcd's reason for an error, or the first line of whatever else that was. */
void etcd_parse_reason(const char *body, size_t len, char *reason, size_t size);

#endif
