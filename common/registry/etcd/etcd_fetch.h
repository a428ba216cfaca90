/* etcd_fetch: reads a service's list from etcd. A watch waits for a change; then the list is read in pages. */
#ifndef REGISTRY_ETCD_FETCH_H
#define REGISTRY_ETCD_FETCH_H

#include "registry/registry.h"

/* As registry_fetch. registry: a struct etcd. */
int etcd_fetch(struct registry *registry, const char *service, struct registry_cursor *cursor, int64_t wait_ms,
               int64_t deadline, struct instance_list **list, struct err *err);

#endif
