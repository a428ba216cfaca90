/* consul_list: reads the entries of the reply to GET /v1/health/service/<name>. Does no I/O. */
#ifndef REGISTRY_CONSUL_LIST_H
#define REGISTRY_CONSUL_LIST_H

#include "registry/list_parser.h"

/* As list_parser_begin, for Consul's list: an array of {Node, Service, Checks}. */
int consul_list_begin(struct list_parser *parser, struct err *err);

#endif
