#include "registration/registration.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/rand.h"
#include "registration/heartbeat.h"
#include "registration/registration_log.h"
#include "registration/registration_state.h"

enum {
    FIRST_RETRY_MS = 1000,
    CHANGE_PAUSE_MAX_MS = 5 * 60 * 1000,  /* between two registrations that put a changed entry right */
    CHANGE_QUIET_MS = 2 * CHANGE_PAUSE_MAX_MS, /* after this without a change, the pauses begin anew */
    SETTLE_MS = 100, /* after this, a register call that was cut off has arrived or is lost */
};

bool registration_is_current(const struct registration *r)
{
    return r->orders == r->orders_applied;
}

/* --- Register ---------------------------------------------------------------------------------- */

static int wait_jitter(const struct registration *r)
{
    if (r->jitter_ms <= 0)
        return fiber_cancelled() ? -1 : 0;
    int64_t ms = (int64_t)rand_below((uint64_t)r->jitter_ms + 1);
    log_info("registering_in", log_i("ms", ms), log_s("reason", "jitter"), log_s("hint", "REGISTER_JITTER=0"));
    return fiber_sleep(ms);
}

/* orders: those that the registration contained. Maintenance that has ended is no order any more: from now on an
 * operator may set it in the registry. */
static void mark_registered(struct registration *r, int64_t orders)
{
    r->orders_applied = orders;
    if (registration_is_current(r) && r->spec.maintenance == MAINTENANCE_OFF)
        r->spec.maintenance = MAINTENANCE_AS_IS;
    r->register_unconfirmed = false;
    r->registered = true;
    r->registered_ms = clock_ms();
    r->forgotten = false;
    r->registrations++;
    registration_log_registered(r);
    r->heartbeat_due = true;
    wait_queue_wake_all(&r->heartbeat_now);
}

/* Retries without end. -1 only when this fiber is cancelled. */
static int register_with_retries(struct registration *r)
{
    struct backoff backoff = BACKOFF_INIT(FIRST_RETRY_MS, r->reconcile_ms);
    for (;;) {
        struct err err = ERR_INIT;
        int64_t orders = r->orders;
        r->register_unconfirmed = true;
        int status = registry_register(r->registry, &r->spec, deadline_in(REGISTRATION_CALL_MS), &err);
        r->register_tried = true;
        if (status == 0) {
            mark_registered(r, orders);
            return 0;
        }
        if (fiber_cancelled())
            return -1;
        wait_queue_wake_all(&r->heartbeat_now); /* the call may have arrived, only its reply got lost */
        int64_t retry_ms = backoff_next(&backoff);
        registration_log_failure(r, "register_failed", &err, retry_ms);
        if (fiber_sleep(retry_ms) != 0)
            return -1;
    }
}

/* --- Notice the loss ----------------------------------------------------------------------------- */

/* Checks that the registry still knows this instance, as it registered. Returns the time to the next check in ms. A
 * change that was ordered meanwhile looks like a difference, but is none. */
static int64_t reconcile(struct registration *r, struct backoff *backoff)
{
    struct err err = ERR_INIT;
    int64_t orders = r->orders;
    bool known;
    if (registry_is_registered(r->registry, &r->spec, deadline_in(REGISTRATION_CALL_MS), &known, &err) != 0) {
        int64_t retry_ms = backoff_next(backoff);
        if (!fiber_cancelled())
            registration_log_failure(r, "reconcile_failed", &err, retry_ms);
        return retry_ms;
    }
    backoff_reset(backoff);
    registration_log_recovery(r);
    if (r->orders != orders)
        return 0;
    r->registered = known;
    registration_log_maintenance(r);
    if (known)
        registration_log_own_check(r);
    return rand_jitter(r->reconcile_ms, 20);
}

/* Returns when reconcile() or a heartbeat finds that the registry has forgotten this instance or has another
 * entry under its id, or when this fiber is cancelled. A failed call is not a loss: only a reply can show one.
 * Meanwhile it registers what an operator changes, at once: that is no loss, so no random wait comes before it. */
static void wait_until_forgotten(struct registration *r)
{
    struct backoff backoff = BACKOFF_INIT(FIRST_RETRY_MS, r->reconcile_ms);
    int64_t next_ms = rand_jitter(r->reconcile_ms, 20);
    while (wait_queue_park(&r->reconcile_now, registration_is_current(r) ? deadline_in(next_ms) : 0) !=
           WAIT_CANCELLED) {
        if (r->forgotten)
            r->registered = false;
        else if (!registration_is_current(r))
            register_with_retries(r);
        else
            next_ms = reconcile(r, &backoff);
        if (!r->registered)
            return;
    }
}

/* --- Register again -------------------------------------------------------------------------------- */

/* If several agents share one address, each registration seems lost at once: one agent registers the
 * instance, and the next call reaches an agent that does not know it. Without this pause keep_registered()
 * would use a whole core. It only pauses if the loss came sooner than half of the reconcile interval. */
static int wait_after_loss(const struct registration *r, struct backoff *backoff)
{
    log_warn("registration_lost", log_s("registry", registry_kind(r->registry)), log_s("id", r->spec.id));
    if (clock_ms() - r->registered_ms < r->reconcile_ms / 2)
        return fiber_sleep(backoff_next(backoff));
    backoff_reset(backoff);
    return 0;
}

/* The registry has an entry under our id, but another one. */
static bool has_changed(const struct registration *r)
{
    return *r->registry->difference && !r->forgotten;
}

/* Sleeps, and looks at the interval whether the entry is still another one. When the other process ends, it
 * deregisters our id: then no caller finds us until we register again. An operator's change ends the pause, too. */
static int pause_while_changed(struct registration *r, int64_t pause_ms)
{
    int64_t end = deadline_in(pause_ms);
    for (;;) {
        struct err ignored = ERR_INIT;
        bool known;
        int64_t look = deadline_min(end, deadline_in(rand_jitter(r->reconcile_ms, 20)));
        if (wait_queue_park(&r->reconcile_now, look) == WAIT_CANCELLED)
            return -1;
        if (deadline_left(end) == 0 || !registration_is_current(r))
            return 0;
        if (registry_is_registered(r->registry, &r->spec, deadline_in(REGISTRATION_CALL_MS), &known, &ignored) == 0 &&
            !*r->registry->difference)
            return 0;
    }
}

/* Two processes with one id overwrite each other's entry for ever, and an agent may change what it is sent: then
 * to register again does not help for long. So only the first change is put right without a pause. */
static int wait_after_change(struct registration *r, struct backoff *backoff)
{
    bool is_repeated = r->changed_ms != 0 && clock_ms() - r->changed_ms < CHANGE_QUIET_MS;
    int64_t pause_ms = 0;
    if (is_repeated)
        pause_ms = backoff_next(backoff);
    else
        backoff_reset(backoff);
    registration_log_change(r, is_repeated, pause_ms);
    r->changed_ms = clock_ms() + pause_ms;
    return pause_while_changed(r, pause_ms);
}

static void keep_registered(void *arg)
{
    struct registration *r = arg;
    struct backoff losses = BACKOFF_INIT(FIRST_RETRY_MS, r->reconcile_ms);
    struct backoff changes = BACKOFF_INIT(FIRST_RETRY_MS, CHANGE_PAUSE_MAX_MS);
    while (wait_jitter(r) == 0 && register_with_retries(r) == 0) {
        wait_until_forgotten(r);
        if (fiber_cancelled())
            return;
        r->losses++;
        if ((has_changed(r) ? wait_after_change(r, &changes) : wait_after_loss(r, &losses)) != 0)
            return;
    }
}

/* --- Create, deregister, free ------------------------------------------------------------------------ */

struct registration *registration_register(struct registry *registry, const struct registration_config *config)
{
    struct registration *r = calloc(1, sizeof *r);
    if (!r)
        return NULL;
    *r = (struct registration){.registry = registry, .spec = config->spec, .jitter_ms = config->jitter_ms,
                               .reconcile_ms = config->reconcile_ms, .health = config->health,
                               .health_arg = config->health_arg};
    if (group_go(&r->fibers, keep_registered, r) == 0 &&
        (!heartbeat_is_needed(r) || group_go(&r->fibers, heartbeat_run, r) == 0))
        return r;
    group_cancel(&r->fibers);
    group_join(&r->fibers);
    free(r);
    return NULL;
}

/* A register call that was cut off may take effect after the instance was deregistered: so this checks
 * a moment later, and deregisters again if necessary. */
static int deregister_if_known(struct registration *r, int64_t deadline, struct err *err)
{
    bool known;
    if (fiber_sleep(SETTLE_MS) != 0)
        return err_set(err, ERR_CANCELLED, "cannot deregister: cancelled");
    if (registry_is_registered(r->registry, &r->spec, deadline, &known, err) != 0)
        return -1;
    return known ? registry_deregister(r->registry, &r->spec, deadline, err) : 0;
}

int registration_deregister(struct registration *r, int64_t deadline, struct err *err)
{
    group_cancel(&r->fibers);
    group_join(&r->fibers);

    /* Even if this process never registered: an earlier process with the same id may have. */
    int rc = registry_deregister(r->registry, &r->spec, deadline_min(deadline, deadline_in(REGISTRATION_CALL_MS)), err);
    if (rc == 0 && r->register_unconfirmed)
        rc = deregister_if_known(r, deadline_min(deadline, deadline_in(REGISTRATION_CALL_MS)), err);
    if (rc != 0)
        return -1;
    r->registered = false;
    log_info("deregistered", log_s("registry", registry_kind(r->registry)), log_s("id", r->spec.id));
    return 0;
}

void registration_free(struct registration *r)
{
    free(r);
}
