/* outlier: an instance that fails again and again is left alone for a while.
 *
 * The registry sees an instance every ten seconds, its callers see it a thousand
 * times a second: they know first. Five failures in a row eject it for 30 s, the
 * next time for 60 s, and so on; one success after it came back and all is
 * forgotten. How many may be out at once is the balancer's to decide. (Envoy's
 * outlier detection, `consecutive_5xx`, with its default numbers.)
 *
 * That its time is over does not mean that it is well: one that hangs still would
 * hold every call that comes before five have timed out. So it comes back on
 * probation, with one call at a time: a success ends it, a failure, which is one
 * more in a row, ejects at once. (A circuit breaker's half-open state.)
 *
 * One that is needed before its time is over, because a call has failed at all
 * others, is asked in the same way: one call at a time, of which a success ends
 * the ejection, and a failure changes nothing.
 */
#ifndef BALANCE_OUTLIER_H
#define BALANCE_OUTLIER_H

#include <stdbool.h>
#include <stdint.h>

enum {
    OUTLIER_FAILURES = 5,       /* in a row */
    OUTLIER_EJECT_MS = 30000,   /* × how many times in a row it was ejected … */
    OUTLIER_EJECT_MAX_MS = 300000, /* … up to this */
};

/* Zero-initialise. */
struct outlier {
    unsigned failures;    /* in a row, since it was last ejected */
    unsigned ejections;   /* in a row, without a success after one */
    int64_t back_ms;      /* when it is readmitted; 0: it is not ejected */
    bool on_probation;    /* readmitted, and not yet seen to be well */
    bool asked;           /* while it is ejected; what calls show that began before does not count */
};

bool outlier_is_ejected(const struct outlier *outlier);
/* Ejected or on probation: not one to be picked in turn. */
bool outlier_is_out(const struct outlier *outlier);
/* True: it has earned its ejection. */
bool outlier_fail(struct outlier *outlier);
void outlier_succeed(struct outlier *outlier);
void outlier_eject(struct outlier *outlier, int64_t now_ms);
/* It is called though it is ejected. No other call of it may be under way. */
void outlier_ask(struct outlier *outlier);
/* Its time is over. */
void outlier_try_again(struct outlier *outlier);
/* Something else vouches for it, or it is needed: without probation. */
void outlier_readmit(struct outlier *outlier);

#endif
