/* stand: a stand-in for a server, which is well until it is told otherwise.
 *
 * It has two ports. On the first it is the server: it builds the healthy reply to
 * each request, and whatever fault is on spoils the reply, or the way in which it
 * is sent. On the second, where nothing ever breaks, the fault is chosen:
 *
 *     curl -X PUT 127.0.0.1:8511/fault/hang     from now on (and none: well again)
 *     curl 127.0.0.1:8511/faults                all there are
 *     curl 127.0.0.1:8511/requests              who asked how often since the last switch
 *
 * One process is one stand-in: its state is its own.
 */
#ifndef FAULTS_STAND_H
#define FAULTS_STAND_H

#include "faults/peer.h"

struct fault {
    const char *name, *what; /* what: one line, and where it is met in the wild */
    bool closes_port;        /* and every connection */
    bool keeps_waiting;      /* a query that waits for a change still does; all others are answered at once */
    /* Changes what the healthy reply says; NULL: it is left as it is. */
    void (*spoil)(const struct request *request, struct reply *reply);
    /* Sends it; false: then the connection ends. NULL: as it should be sent. */
    bool (*send)(struct peer *peer, const struct reply *reply);
};

enum { STAND_KINDS_MAX = 8 };

struct stand_config {
    const char *program;
    uint16_t port; /* unless --port says another; the control port is the next one */
    const struct fault *const *faults; /* tables, each ended by a row without a name; NULL at the end */
    const char *kinds[STAND_KINDS_MAX]; /* of requests, for the count */
    int (*kind_of)(const struct request *request);
    /* The healthy reply (zero-initialised); may wait (peer_pause). */
    void (*answer)(struct peer *peer, const struct request *request, struct reply *reply);
    void (*on_switch)(void);                            /* NULL: nothing to do */
    int (*set_option)(const char *name, const char *value); /* other than --port and --control; NULL: there is none */
    const char *options;                                /* their part of the usage */
    void (*show_how_to_use)(uint16_t port);
};

/* main: PROGRAM [--port N] [--control N] [FAULT], until SIGTERM or SIGINT. The exit code. */
int stand_main(const struct stand_config *config, int argc, char **argv);

/* Is it still on, what this peer's reply is spoilt by? */
bool stand_still_plays(const struct peer *peer);
/* A query that waits for a change is answered at once? */
bool stand_answers_at_once(void);
/* Who pauses looks again. */
void stand_wake_all(void);
/* Where nobody should ever be sent: the control port counts who comes. */
uint16_t stand_control_port(void);

#endif
