/* outlier: an instance that fails repeatedly gets no calls for a while.
 *
 * Callers see a failing instance sooner than the registry: they call it a thousand times
 * a second, its health check runs every ten seconds. Five failures in a row eject it for
 * 30 s, the next time for 60 s, and so on. One success after its return clears the count
 * of ejections. At most half may be out at once (ejections.h). (Outlier detection of
 * Envoy, `consecutive_5xx`, with its default numbers.)
 *
 * An instance that fails only part of its calls is ejected for its failure rate
 * (failure_rate.h), for the same time. After that, one success proves little: the count of
 * ejections is cleared once the instance has been back for 30 s.
 *
 * When the ejection ends, the instance may still fail or hang. So it returns on
 * probation, with one call at a time: a success ends the probation, a failure ejects it
 * at once, for longer. Without probation, every call that reaches a hung instance waits
 * until five of them have timed out. (The half-open state of a circuit breaker.)
 *
 * A backup request (client/backup.h) cancels the attempt that it overtakes. That is no
 * failure. But a hung instance whose calls are all overtaken would never fail, and all its
 * callers would wait for their backups for ever. So an instance that is overtaken five
 * times in a row, with no success in between, is put on probation: the next call to it has
 * no backup, and its result decides. (The numbers are those of the failures.)
 *
 * A call that has failed at all other instances may use an ejected one, as its last
 * resort, also one call at a time: a success ends the ejection, a failure changes nothing.
 */
#ifndef BALANCE_OUTLIER_H
#define BALANCE_OUTLIER_H

#include <stdbool.h>
#include <stdint.h>

enum {
    OUTLIER_FAILURES = 5,       /* in a row */
    OUTLIER_EJECT_MS = 30000,   /* × the number of ejections in a row … */
    OUTLIER_EJECT_MAX_MS = 300000, /* … up to this */
};

/* Zero-initialise. */
struct outlier {
    unsigned failures;    /* in a row, since the last ejection */
    unsigned overtaken;   /* in a row, by backup requests; kept while it is out for that */
    unsigned ejections;   /* in a row, with no success after one of them */
    int64_t back_ms;      /* when the ejection ends; 0: not ejected */
    bool on_probation;    /* the ejection has ended, or backups have overtaken it; no call has succeeded since */
    bool is_last_resort;  /* ejected, but called as the last resort of a call. Only the success of this
                           * attempt ends the ejection: other attempts began before it */
    unsigned percent, others_percent; /* failed calls of this instance and of the others, if the last ejection was
                                       * for the failure rate; otherwise 0 */
    int64_t returned_ms;  /* the end of that ejection */
};

bool outlier_is_ejected(const struct outlier *outlier);
/* Ejected or on probation: the policy does not pick it. */
bool outlier_is_out(const struct outlier *outlier);
/* Out, or it should be: it has failed repeatedly, but too many others are out. */
bool outlier_is_failing(const struct outlier *outlier);
/* A call to the instance begins. If the instance is ejected, no other call to it may be under way. */
void outlier_begin_call(struct outlier *outlier);
/* A call failed. True: the instance should be ejected. */
bool outlier_fail(struct outlier *outlier);
/* A call was cancelled, because a later one was faster. True: the instance should be put on probation. */
bool outlier_note_overtaken(struct outlier *outlier);
/* Puts it on probation. It must not be out. */
void outlier_suspect(struct outlier *outlier, int64_t now_ms);
/* A call succeeded. */
void outlier_succeed(struct outlier *outlier);
void outlier_eject(struct outlier *outlier, int64_t now_ms);
/* The same for its failure rate: it has failed `percent` of its calls, the others `others_percent` of theirs. */
void outlier_eject_for_rate(struct outlier *outlier, unsigned percent, unsigned others_percent, int64_t now_ms);
/* The ejection has ended. */
void outlier_begin_probation(struct outlier *outlier);
/* Ends the ejection at once, without probation: the health check passes again, or too many are out. */
void outlier_readmit(struct outlier *outlier);

#endif
