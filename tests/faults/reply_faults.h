/* reply_faults: what can happen to the reply of any HTTP server, a registry or an
 * instance. Ended by a row without a name.
 */
#ifndef FAULTS_REPLY_FAULTS_H
#define FAULTS_REPLY_FAULTS_H

#include "faults/stand.h"

extern const struct fault reply_faults[];

#endif
