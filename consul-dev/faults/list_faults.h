/* list_faults: the faults of a registry's list that leave HTTP and JSON intact, in any dialect. The table
 * ends with a row without a name.
 */
#ifndef FAULTS_LIST_FAULTS_H
#define FAULTS_LIST_FAULTS_H

#include "faults/stand_in.h"

extern const struct fault list_faults[];

/* The whole list, without a fault. */
void list_answer(const struct request *request, struct reply *reply);
/* An empty list, if a list is asked for. */
void list_nothing(const struct request *request, struct reply *reply);

#endif
