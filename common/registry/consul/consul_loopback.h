/* consul_loopback: warns if an instance is registered at an address that only its own machine can reach.
 *
 * A service that reaches its agent at 127.0.0.1 registers 127.0.0.1, unless SERVICE_ADDRESS says otherwise. Its
 * agent can check it there, so it is passing everywhere. But callers on other machines find a port of their own
 * machine behind this address.
 */
#ifndef REGISTRY_CONSUL_LOOPBACK_H
#define REGISTRY_CONSUL_LOOPBACK_H

#include <stdbool.h>

#include "registry/consul/consul_http.h"
#include "registry/registration_spec.h"

/* True for every spelling of an address that leads to the caller's own machine. A host name is judged by its text
 * alone: on this machine the own name may mean 127.0.1.1, and on others the real address. */
bool consul_is_loopback(const char *address);

/* Logs it if address is a loopback address, and the agent advertises a real one. If the agent itself is
 * on loopback, everything runs on one machine. Without an answer (the token may allow neither query) it is
 * silent. Call it once, after the first registration. */
void consul_warn_loopback(struct consul_http *http, const struct registration_spec *spec, const char *address,
                          int64_t deadline);

#endif
