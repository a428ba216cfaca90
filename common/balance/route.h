/* route: which instances of a service are called, by version and tags, and which users call its canary.
 *
 * In a canary release the new version first gets the calls of a small share of the users. If it fails,
 * few users notice, and setting the share to 0 takes it back. The hash of a user's id decides, so one user
 * stays on one side, and a larger share only adds users. All here are pure functions.
 * Sources: "CanaryRelease" (Danilo Sato, martinfowler.com, 2014); Envoy, "Load balancer subsets", with their
 * fallback policy.
 */
#ifndef BALANCE_ROUTE_H
#define BALANCE_ROUTE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "registry/instance_list.h"

enum route_side { ROUTE_STABLE, ROUTE_CANARY, ROUTE_SIDES };

static inline enum route_side route_other_side(enum route_side side)
{
    return side == ROUTE_STABLE ? ROUTE_CANARY : ROUTE_STABLE;
}

enum { CANARY_VALUE_MAX = 128 }; /* bytes */

struct canary {
    enum { CANARY_NONE, CANARY_BY_VERSION, CANARY_BY_TAG } by; /* NONE: all instances are stable */
    char value[CANARY_VALUE_MAX + 1];
    int percent; /* of the users, 0 to 100 */
};

/* Zero-initialise: all instances are called. */
struct route {
    const char *version; /* only this one is called; NULL or "": any. Borrowed */
    const char *tags;    /* comma-separated: an instance needs all of them; NULL or "": none. Borrowed */
    struct canary canary;
};

#define CANARY_ACCEPTS \
    "a version or a tag, and a share of the users from 0% to 100%, such as version=2.0.0:10% or tag=canary:10%"

/* "version=2.0.0:10%"; "": no canary. 0, or -1, and nothing has changed. */
int canary_parse(const char *text, struct canary *canary);
/* The other way: "version=2.0.0:10%". */
void canary_text(const struct canary *canary, char *out, size_t size);

/* True: the instance may be called, on the one side or the other. */
bool route_admits(const struct route *route, const struct instance *instance);
/* Why it may not, for people: "version is 1.0.0, and USER_SERVICE_VERSION is 2.0.0". */
void route_reason(const struct route *route, const struct instance *instance, char *out, size_t size);
/* True: the list has instances, but none that may be called. Then err says what they lack. */
bool route_excludes_all(const struct route *route, const struct instance_list *list, struct err *err);

/* The side of an instance. */
enum route_side route_side_of(const struct route *route, const struct instance *instance);
/* The side of the user with this key. */
enum route_side route_side_for(const struct route *route, const char *key);

#endif
