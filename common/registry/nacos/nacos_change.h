/* nacos_change: registers, sends a heartbeat or deregisters, at one server or at all.
 *
 * Version 1: at any server. It forwards the request to the one that is responsible for the instance.
 *
 * Version 3: at each server. These forward no such request, yet tell each other only of the instances that they are
 * responsible for (3.1.0; issue 14992 of Nacos). So of the instances that register at one of two servers, half are
 * never in the list of the other; and a heartbeat is answered with success by a server that is not responsible, where
 * it keeps nothing alive. At servers that do forward, this costs requests and nothing else.
 */
#ifndef REGISTRY_NACOS_CHANGE_H
#define REGISTRY_NACOS_CHANGE_H

#include "registry/nacos/nacos_http.h"

/* Copies our address on the connection to the server that replied to local_address.
 *
 * In version 3 the servers get the request one after the other, with a share of the time each. NACOS_UNKNOWN_INSTANCE:
 * of one at least; it wants the instance to register again. NACOS_OK: of one at least. NACOS_FAILED: of all, and err
 * is the reason of the last. */
enum nacos_result nacos_change(struct nacos_http *http, const struct nacos_sent *sent, int64_t deadline,
                               char local_address[ADDRESS_MAX], struct err *err);

#endif
