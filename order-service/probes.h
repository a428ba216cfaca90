/* probes: what order-service shows in /health. Only postgres counts (and disk,
 * which the chassis adds). The registry and user-service are shown as discovery
 * knows them, and never asked: a failing callee must not take its callers out of
 * service as well, which is what the lesson's 检查依赖服务 invites (a cascade).
 */
#ifndef PROBES_H
#define PROBES_H

#include <stddef.h>

#include "service/health.h"

/* Their arg is the struct app. */
extern const struct health_probe order_probes[];
extern const size_t order_probe_count;

#endif
