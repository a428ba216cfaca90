/* probes: the checks in order-service's /health. Only postgres (and disk, which
 * common/service adds) decides the status. The registry and user-service are shown as
 * discovery knows them; no request is sent to them. If they decided the status, a failing
 * upstream would take its callers out of service too. The lesson's 检查依赖服务 can lead to
 * such a cascade.
 */
#ifndef PROBES_H
#define PROBES_H

#include <stddef.h>

#include "service/health.h"

/* Each probe's arg is the struct app. */
extern const struct health_probe order_probes[];
extern const size_t order_probe_count;

#endif
