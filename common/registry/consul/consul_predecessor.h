/* consul_predecessor: removes the entries of earlier processes at our own address.
 *
 * An instance that is killed cannot deregister. When docker restarts it, it has the same address and port,
 * but a new id. Consul checks addresses, so it finds the old entry healthy: the entry would stay for ever,
 * and the one instance would get the calls of two. Only one process can listen at an address and port, so
 * every other id that is registered there belongs to a process that has ended.
 */
#ifndef REGISTRY_CONSUL_PREDECESSOR_H
#define REGISTRY_CONSUL_PREDECESSOR_H

#include "registry/consul/consul_http.h"
#include "registry/registration_spec.h"

/* Deregisters these entries from the agent. Call it once, after the first registration: if several instances
 * do share an address (that of a proxy), they must not keep deregistering each other. Errors are ignored. */
void consul_deregister_predecessors(struct consul_http *http, const struct registration_spec *spec,
                                    const char *address, int64_t deadline);

#endif
