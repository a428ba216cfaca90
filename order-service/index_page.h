/* index_page: the reply to GET /, for a person who opens the service in a browser: what it answers, with links. */
#ifndef INDEX_PAGE_H
#define INDEX_PAGE_H

#include "net/http_server.h"

/* A handler. A browser (Accept: text/html) gets a short HTML page, in Chinese if it prefers Chinese; other
 * programs get the routes as JSON. */
void index_page_get(struct http_request *req, void *arg);

#endif
