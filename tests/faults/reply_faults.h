/* reply_faults: the faults that a reply of any HTTP server can have, registry or instance. The
 * table ends with a row without a name.
 */
#ifndef FAULTS_REPLY_FAULTS_H
#define FAULTS_REPLY_FAULTS_H

#include "faults/stand_in.h"

extern const struct fault reply_faults[];

#endif
