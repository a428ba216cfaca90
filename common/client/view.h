/* view: writes the JSON bodies of GET /discovery (the known instances) and of GET
 * /discovery/explain (the next pick). Changes nothing. Private to this folder;
 * service_client.h describes both functions.
 */
#ifndef CLIENT_VIEW_H
#define CLIENT_VIEW_H

#include "client/upstream.h"

int view_write(struct upstreams *upstreams, struct buf *out);
int view_explain(struct upstreams *upstreams, const char *service, const char *key, struct buf *out, struct err *err);

#endif
