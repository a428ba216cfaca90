/* labs: the table of all experiments. Each runs one claim of the lesson on real servers.
 *
 * A file here holds the labs of one part of the lesson. To add a lab, write its function and
 * one entry in the table of its file.
 */
#ifndef LABS_LABS_H
#define LABS_LABS_H

#include "lab.h"
#include "report.h"
#include "stage.h"

/* Each ends with an entry without a run function. Their order gives the numbers. */
extern const struct lab registration_labs[], check_labs[], filter_labs[], watch_labs[], feature_labs[], cluster_labs[],
    discovery_labs[], recovery_labs[], balancing_labs[], proxy_labs[], change_labs[],
    release_labs[], dns_labs[];

#endif
