/* process_metrics: what this process costs, named as Prometheus' own client
 * libraries name it. Read from /proc, which is memory, not a disk.
 */
#ifndef SERVICE_PROCESS_METRICS_H
#define SERVICE_PROCESS_METRICS_H

#include "base/buf.h"

void process_metrics_write(struct buf *out);

#endif
