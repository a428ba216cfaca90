/* static_list: reads STATIC_INSTANCES, the list of last resort.
 *
 *     user-service=127.0.0.1:8001,127.0.0.1:8002;other-service=[::1]:9001
 *
 * ';' separates services, ',' separates their instances. The text of an instance is
 * also its id.
 */
#ifndef DISCOVERY_STATIC_LIST_H
#define DISCOVERY_STATIC_LIST_H

#include "base/err.h"
#include "registry/instance_list.h"

/* 0: *list has the instances of `service` (the caller gets the reference), or is NULL if
 * the text does not name it. -1: the text is not well-formed, in this or another service. */
int static_list_parse(const char *text, const char *service, struct instance_list **list, struct err *err);

#endif
