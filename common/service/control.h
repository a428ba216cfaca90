/* control: the routes GET and PUT /control, by which an operator changes a running instance.
 *
 * The command line uses them (control_command.h). The instance then changes its own registration. So one
 * command works with every registry, and the operator needs no token of Consul. The routes answer only a client on the
 * same machine. Behind a proxy on this machine all clients would look like that, and so would a web page in
 * a browser: a request that names another origin is refused as well.
 */
#ifndef SERVICE_CONTROL_H
#define SERVICE_CONTROL_H

#include "net/http_server.h"

/* arg: the struct service. */
void get_control(struct http_request *req, void *arg);
void put_control(struct http_request *req, void *arg);

#endif
