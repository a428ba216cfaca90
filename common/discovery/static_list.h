/* static_list: STATIC_INSTANCES, the last resort.
 *
 *     user-service=127.0.0.1:8001,127.0.0.1:8002;other-service=[::1]:9001
 *
 * Services are separated by ';', their instances by ','. An instance's id is
 * what is written: its address and port.
 */
#ifndef DISCOVERY_STATIC_LIST_H
#define DISCOVERY_STATIC_LIST_H

#include "base/err.h"
#include "registry/instance.h"

/* 0, with in *list those of `service` (the caller's reference; NULL where the text
 * names no such service). -1: the text is not well-formed, whatever service it is about. */
int static_list_parse(const char *text, const char *service, struct instance_list **list, struct err *err);

#endif
