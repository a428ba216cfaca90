/* events: sends every open page what has changed, as server-sent events.
 *
 * (https://html.spec.whatwg.org/multipage/server-sent-events.html) A page first gets the state and the
 * history, then each change. After a lost connection the browser reconnects and sends the number of
 * the last mark that it got, so that it gets the later ones.
 */
#ifndef PLAYGROUND_EVENTS_H
#define PLAYGROUND_EVENTS_H

#include "model.h"
#include "net/http_server.h"

enum { PAGES_MAX = 64, EVENTS_MAX_BYTES = 512 * 1024 };

struct page {
    struct http_request *req;
    uint64_t state, second; /* the next one to send */
    uint64_t mark;          /* the last one that was sent */
    uint64_t run;           /* the scenario whose output was sent, … */
    size_t output;          /* … this many bytes of it */
    int64_t quiet_since_ms;
    struct page *next;
};

struct events {
    const struct model *model;
    struct page *pages;
    int count;
    uint64_t seq;     /* of the newest state */
    struct buf state; /* the newest one, written once for all pages */
    uint64_t digest;
    int64_t written_ms;
};

void events_init(struct events *events, const struct model *model);
void events_close(struct events *events);
/* Run as a fiber, until it is cancelled: notices changes, and wakes the pages. */
void events_run(void *events);
/* The handler of one page: returns when it is gone. */
void events_serve(struct events *events, struct http_request *req);
/* The newest state. Borrowed until the next call. */
const char *events_state(struct events *events);

#endif
