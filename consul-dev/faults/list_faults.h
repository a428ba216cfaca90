/* list_faults: the faults of a registry's list that leave HTTP and JSON intact. The table
 * ends with a row without a name.
 */
#ifndef FAULTS_LIST_FAULTS_H
#define FAULTS_LIST_FAULTS_H

#include "faults/stand_in.h"

extern const struct fault list_faults[];

/* Writes the service whose list is requested to `out`, and returns it. NULL: the request is
 * for something else. */
const char *listed_service(const struct request *request, char *out, size_t size);

#endif
