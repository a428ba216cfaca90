/* etcd_endpoints: parses the setting ETCD_ENDPOINTS, a comma-separated list of URLs. Each is
 * http[s]://[user:password@]host:port
 */
#ifndef REGISTRY_ETCD_ENDPOINTS_H
#define REGISTRY_ETCD_ENDPOINTS_H

#include "net/url.h"

/* Their number, or -1 if they cannot be used. Fills in urls, unless it is NULL. */
int etcd_parse_endpoints(const char *text, struct url *urls);
/* 0 or -1, for the check of a setting. */
int etcd_check_endpoints(const char *endpoints);

#endif
