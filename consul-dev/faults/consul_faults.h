/* consul_faults: what only a Consul agent can get wrong: its index, and what it says about its leader. The table
 * ends with a row without a name.
 */
#ifndef FAULTS_CONSUL_FAULTS_H
#define FAULTS_CONSUL_FAULTS_H

#include "faults/stand_in.h"

extern const struct fault consul_faults[];

#endif
