/* list_faults: what can be wrong with a registry's list while HTTP and JSON are
 * fine. Ended by a row without a name.
 */
#ifndef FAULTS_LIST_FAULTS_H
#define FAULTS_LIST_FAULTS_H

#include "faults/stand.h"

extern const struct fault list_faults[];

/* The service whose list this request asks for; NULL where it asks for something
 * else. Into out, which it returns. */
const char *listed_service(const struct request *request, char *out, size_t size);

#endif
