/* process_metrics: memory, files and CPU time of this process, with the names that
 * Prometheus' own client libraries use. Read from /proc, which needs no disk.
 */
#ifndef SERVICE_PROCESS_METRICS_H
#define SERVICE_PROCESS_METRICS_H

#include "base/buf.h"

void process_metrics_write(struct buf *out);

#endif
