/* registry_order: the setting REGISTRIES. It names the kinds of registry that are used, the most trusted first.
 *
 * An instance registers in all of them. A caller uses the list of the first whose list is fresh
 * (discovery/sources.h).
 */
#ifndef SERVICE_REGISTRY_ORDER_H
#define SERVICE_REGISTRY_ORDER_H

#include <stddef.h>

/* In the default order of trust. */
enum kind { KIND_CONSUL, KIND_ETCD, KIND_NACOS, KIND_EUREKA, KINDS };

/* "consul": also the value of X-Discovery-Source. */
const char *kind_name(enum kind kind);

/* "consul,nacos": the number of kinds, at least 1, or -1: an unknown kind, a kind twice, or none. */
int registry_order_parse(const char *text, enum kind order[KINDS]);
/* 0 or -1, for the check of a setting. */
int registry_order_check(const char *text);

#endif
