/* stand_in: a stand-in for a server, which fails on demand.
 *
 * It has two ports. The service port answers as the server does: the stand-in builds the
 * healthy reply to each request, and the current fault changes this reply, or the way in
 * which it is sent. The control port sets the fault, and has no faults itself:
 *
 *     curl -X PUT 127.0.0.1:8511/fault/hang     switch this fault on (none: switch it off)
 *     curl 127.0.0.1:8511/faults                list all faults
 *     curl 127.0.0.1:8511/requests              number of requests since the last switch
 *
 * One process is one stand-in, so its state is global.
 */
#ifndef FAULTS_STAND_IN_H
#define FAULTS_STAND_IN_H

#include "faults/connection.h"

struct fault {
    const char *name, *description; /* description: one line, with real causes */
    bool closes_port;        /* and all connections */
    bool keeps_blocking;     /* a blocking query still waits for a change; false: it is answered at once */
    /* Changes the healthy reply; NULL: it stays as it is. */
    void (*change)(const struct request *request, struct reply *reply);
    /* Sends the reply. False: the connection is closed. NULL: it is sent without a fault. */
    bool (*send)(struct connection *connection, const struct reply *reply);
};

enum { STAND_IN_KINDS_MAX = 8 };

struct stand_in_config {
    const char *program;
    uint16_t port; /* the default of --port; the control port is the next one */
    const struct fault *const *faults; /* tables, each ended by a row without a name; then NULL */
    const char *kinds[STAND_IN_KINDS_MAX]; /* of requests, which are counted by kind */
    int (*kind_of)(const struct request *request);
    /* Fills in the healthy reply (zero-initialised). May wait (connection_wait). */
    void (*answer)(struct connection *connection, const struct request *request, struct reply *reply);
    void (*on_fault_change)(void);                            /* NULL: nothing to do */
    void (*shape_error)(const struct request *request, struct reply *reply); /* stand_in_shape_error(); may be NULL */
    const char *flood; /* how a reply begins whose list never ends, up to its first entry */
    int (*set_option)(const char *name, const char *value); /* other than --port and --control; NULL: no others */
    const char *options;                                /* these options in the usage line */
    void (*print_how_to_use)(uint16_t port);
};

/* Runs PROGRAM [--port N] [--control N] [FAULT] until SIGTERM or SIGINT. Returns the exit code. */
int stand_in_main(const struct stand_in_config *config, int argc, char **argv);

/* Is the fault with which this connection's current request is answered still on? */
bool stand_in_fault_is_on(const struct connection *connection);
/* Is a blocking query answered at once? */
bool stand_in_answers_at_once(void);
/* Wakes all fibers in connection_wait(). */
void stand_in_wake_all(void);
/* Writes the error of this status as the server in question would. Without such a function the reply stays as it is. */
void stand_in_shape_error(const struct request *request, struct reply *reply);
const char *stand_in_flood(void);
/* When the current fault was switched on (clock_ms). */
int64_t stand_in_since_ms(void);
/* The redirect fault points here: the control port counts callers that follow it. */
uint16_t stand_in_control_port(void);

#endif
