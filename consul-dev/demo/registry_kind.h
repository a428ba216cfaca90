/* registry_kind: what the demo must know about a kind of registry: how to start it, how to read its list, and how to
 * tell the steps that go another way with it. The steps themselves do not know the kind.
 *
 * Each kind has a file. The list is read as a user's curl would, without the code of common/registry/.
 */
#ifndef DEMO_REGISTRY_KIND_H
#define DEMO_REGISTRY_KIND_H

#include <jansson.h>
#include <stdbool.h>

#include "harness/server.h"

struct registry_kind {
    const char *name;         /* "Consul" */
    const char *source;       /* "consul": the value of REGISTRY, of REGISTRIES and of X-Discovery-Source */
    enum server_kind server;
    const char *options[5];   /* of the server; ends with NULL */
    const char *address;      /* the services' setting for its URL */
    const char *port_setting; /* of the demo */
    int port;                 /* its usual port */
    const char *ui;           /* the URL of its web UI, with %d for the port; NULL: the server that we start has none */
    /* How the steps are told. NULL: there is nothing to add. */
    const char *started;    /* after the start */
    const char *checks;     /* the title of the step in which the instances become passing */
    const char *polls;      /* after the first discovery, if its callers have to poll */
    const char *hung;       /* what is expected when an instance hangs */
    const char *noticed;    /* "marked it critical": what it does with an instance that does not answer */
    const char *redis_lost; /* what is expected when each instance is unhealthy */
    /* Its list of a service: the path, and the names of the members that lead to the array of entries, and from an
     * entry to its id; NULL ends them. */
    const char *list_path; /* has %s for the service */
    const char *entries[3], *id[3];
    bool (*is_passing)(const json_t *entry);
    int pause_ms; /* before each query of the demo, which waits for changes: so that the server has time for the others */
};

/* The number of instances that the registry lists: all, or only passing ones. -1: no reply. */
int registry_count(const struct registry_kind *kind, const struct server *server, const char *service, bool passing);
bool registry_has_passing(const struct registry_kind *kind, const struct server *server, const char *service,
                          const char *id);

#endif
