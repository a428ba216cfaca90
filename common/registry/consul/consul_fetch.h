/* consul_fetch: reads a service's list from Consul. A blocking query waits for a change and replies with the list. */
#ifndef REGISTRY_CONSUL_FETCH_H
#define REGISTRY_CONSUL_FETCH_H

#include "registry/registry.h"

/* As registry_fetch. registry: a struct consul. */
int consul_fetch(struct registry *registry, const char *service, struct registry_cursor *cursor, int64_t wait_ms,
                 int64_t deadline, struct instance_list **list, struct err *err);

#endif
