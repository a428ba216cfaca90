/* reply_faults: the faults of the replies of any HTTP server, registry or instance. The table
 * ends with a row without a name.
 */
#ifndef FAULTS_REPLY_FAULTS_H
#define FAULTS_REPLY_FAULTS_H

#include "faults/stand_in.h"

extern const struct fault reply_faults[];

#endif
