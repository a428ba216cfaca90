#include "registration/registration.h"

#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/log_repeat.h"
#include "base/metrics.h"
#include "base/rand.h"
#include "loop/sync.h"

enum {
    CALL_MS = 2000,          /* one question to the registry: it is near, or it hangs */
    BACKOFF_FIRST_MS = 1000,
    REPEAT_MS = 60 * 1000,   /* a fault that goes on is logged again after this */
    SETTLE_MS = 100,         /* for a request that we gave up while it was under way */
};

struct registration {
    struct registry *registry;
    struct registration_config config;
    struct group fibers;
    struct wait_queue look_now; /* the keeper, between two looks */
    struct wait_queue beat_now; /* the heart, between two beats */

    bool registered; /* as far as we know */
    bool forgotten;  /* a heartbeat was told so */
    bool beat_due;   /* newly registered, so critical until the next beat */
    bool in_doubt;   /* a registration was cut off: it may still get through */
    bool tried;      /* to register, once at least */
    int64_t registered_ms; /* when it was last */
    struct log_repeat failure, own_check, heartbeat_failure;

    int64_t registrations, losses, heartbeats;
};

static const struct registration_spec *spec_of(const struct registration *r)
{
    return &r->config.spec;
}

/* --- Getting in -------------------------------------------------------------------------- */

static int wait_jitter(const struct registration *r)
{
    if (r->config.jitter_ms <= 0)
        return fiber_cancelled() ? -1 : 0;
    int64_t ms = (int64_t)rand_below((uint64_t)r->config.jitter_ms + 1);
    log_info("registering_in", log_i("ms", ms), log_s("reason", "jitter"), log_s("hint", "REGISTER_JITTER=0"));
    return fiber_sleep(ms);
}

static void note_failure(struct registration *r, const char *msg, const struct err *err, int64_t retry_ms)
{
    if (log_repeat_is_due(&r->failure, err->text, REPEAT_MS))
        log_warn(msg, log_s("registry", registry_kind(r->registry)), log_s("error", err->text),
                 log_i("retry_ms", retry_ms), log_i("failures", r->failure.times),
                 log_i("for_ms", clock_ms() - r->failure.began_ms));
}

static void note_answer(struct registration *r)
{
    int64_t after_ms = log_repeat_end(&r->failure);
    if (after_ms >= 0)
        log_info("registry_answers_again", log_s("registry", registry_kind(r->registry)), log_i("after_ms", after_ms));
}

static void note_registered(struct registration *r)
{
    const struct registration_spec *spec = spec_of(r);
    r->registered = true;
    r->registered_ms = clock_ms();
    r->forgotten = false;
    r->registrations++;
    note_answer(r);
    log_repeat_end(&r->own_check);
    log_info("registered", log_s("registry", registry_kind(r->registry)), log_s("id", spec->id),
             log_s("address", registry_address(r->registry, spec)), log_i("port", spec->port));
    r->beat_due = true; /* a TTL check starts out critical */
    wait_queue_wake_all(&r->beat_now);
}

/* 0 once registered; -1 only when told to stop. */
static int get_registered(struct registration *r)
{
    struct backoff backoff = BACKOFF_INIT(BACKOFF_FIRST_MS, r->config.reconcile_ms);
    for (;;) {
        struct err err = ERR_INIT;
        r->in_doubt = true;
        int status = registry_register(r->registry, spec_of(r), deadline_in(CALL_MS), &err);
        r->tried = true;
        if (status == 0) {
            r->in_doubt = false;
            note_registered(r);
            return 0;
        }
        if (fiber_cancelled())
            return -1;
        wait_queue_wake_all(&r->beat_now); /* it may have got through */
        int64_t retry_ms = backoff_next(&backoff);
        note_failure(r, "register_failed", &err, retry_ms);
        if (fiber_sleep(retry_ms) != 0)
            return -1;
    }
}

/* --- Staying in ---------------------------------------------------------------------------- */

/* A check that cannot reach us is the commonest fault of a first set-up, and
 * only the agent knows: so its words go into our log. */
static void report_own_check(struct registration *r)
{
    struct err err = ERR_INIT;
    char output[300];
    bool failing;
    if (registry_check_output(r->registry, spec_of(r), deadline_in(CALL_MS), &failing, output, sizeof output, &err) != 0)
        return; /* the next look says what is wrong */
    if (failing && log_repeat_is_due(&r->own_check, output, DEADLINE_NONE))
        log_warn("own_check_failing", log_s("registry", registry_kind(r->registry)), log_s("output", output),
                 log_s("address", registry_address(r->registry, spec_of(r))),
                 log_s("hint", "SERVICE_ADDRESS=<address-the-registry-can-reach>"));
    if (!failing && log_repeat_end(&r->own_check) >= 0)
        log_info("own_check_passing", log_s("registry", registry_kind(r->registry)));
}

/* Asks once, and says in how many milliseconds to ask again. */
static int64_t look(struct registration *r, struct backoff *backoff)
{
    struct err err = ERR_INIT;
    bool known;
    if (registry_is_registered(r->registry, spec_of(r), deadline_in(CALL_MS), &known, &err) != 0) {
        int64_t retry_ms = backoff_next(backoff);
        if (!fiber_cancelled())
            note_failure(r, "reconcile_failed", &err, retry_ms);
        return retry_ms;
    }
    backoff_reset(backoff);
    note_answer(r);
    r->registered = known;
    if (known)
        report_own_check(r);
    return rand_jitter(r->config.reconcile_ms, 20);
}

/* Returns when the registry has forgotten us, or this fiber was told to stop. */
static void stay_registered(struct registration *r)
{
    struct backoff backoff = BACKOFF_INIT(BACKOFF_FIRST_MS, r->config.reconcile_ms);
    int64_t next_ms = rand_jitter(r->config.reconcile_ms, 20);
    while (wait_queue_park(&r->look_now, deadline_in(next_ms)) != WAIT_CANCELLED) {
        if (r->forgotten)
            r->registered = false;
        else
            next_ms = look(r, &backoff);
        if (!r->registered)
            return;
    }
}

/* Lost as soon as it was made: several agents behind one name do that, where one
 * is told and another is asked. It must not become a loop that costs a core. */
static int wait_after_loss(const struct registration *r, struct backoff *backoff)
{
    if (clock_ms() - r->registered_ms < r->config.reconcile_ms / 2)
        return fiber_sleep(backoff_next(backoff));
    backoff_reset(backoff);
    return 0;
}

static void keep_registered(void *arg)
{
    struct registration *r = arg;
    struct backoff losses = BACKOFF_INIT(BACKOFF_FIRST_MS, r->config.reconcile_ms);
    while (wait_jitter(r) == 0 && get_registered(r) == 0) {
        stay_registered(r);
        if (fiber_cancelled())
            return;
        r->losses++;
        log_warn("registration_lost", log_s("registry", registry_kind(r->registry)), log_s("id", spec_of(r)->id));
        if (wait_after_loss(r, &losses) != 0)
            return;
    }
}

/* --- Heartbeats -------------------------------------------------------------------------------- */

static bool must_beat(const struct registration *r)
{
    return spec_of(r)->check == CHECK_TTL || r->registry->ops->needs_heartbeat;
}

/* tcp notices only a dead process, none nothing: a registry that checks nobody
 * itself is told the same. */
static int ask_health(const struct registration *r, struct err *reason)
{
    enum check_kind check = spec_of(r)->check;
    if (check == CHECK_TCP || check == CHECK_NONE)
        return 0;
    return r->config.health(r->config.health_arg, deadline_in(CALL_MS), reason);
}

static void note_heartbeat_failure(struct registration *r, const struct err *err, int64_t registrations)
{
    /* Before the first registration, and while the next one is on its way, it is no news. */
    if (fiber_cancelled() || !r->registered || r->registrations != registrations)
        return;
    if (err->code == ERR_NOT_FOUND) {
        r->forgotten = true;
        wait_queue_wake_all(&r->look_now);
    } else if (log_repeat_is_due(&r->heartbeat_failure, err->text, REPEAT_MS)) {
        log_warn("heartbeat_failed", log_s("registry", registry_kind(r->registry)), log_s("error", err->text));
    }
}

static void beat(struct registration *r)
{
    struct err reason = ERR_INIT, err = ERR_INIT;
    int64_t registrations = r->registrations;
    bool healthy = ask_health(r, &reason) == 0;
    if (registry_heartbeat(r->registry, spec_of(r), healthy, healthy ? "healthy" : reason.text, deadline_in(CALL_MS),
                           &err) != 0) {
        note_heartbeat_failure(r, &err, registrations);
        return;
    }
    r->heartbeats++;
    log_repeat_end(&r->heartbeat_failure);
}

/* At a third of the TTL or lease, so that two may get lost. Not before the first
 * try to register: a former life of this id may have been at another address,
 * which a beat of ours would keep in the list. */
static void keep_beating(void *arg)
{
    struct registration *r = arg;
    int64_t next;
    while (!r->tried)
        if (wait_queue_park(&r->beat_now, DEADLINE_NONE) == WAIT_CANCELLED)
            return;
    do {
        next = deadline_in(spec_of(r)->check_interval_ms);
        r->beat_due = false;
        beat(r);
    } while (wait_queue_park(&r->beat_now, r->beat_due ? 0 : next) != WAIT_CANCELLED);
}

/* --- Life ------------------------------------------------------------------------------------------ */

struct registration *registration_register(struct registry *registry, const struct registration_config *config)
{
    struct registration *r = calloc(1, sizeof *r);
    if (!r)
        return NULL;
    r->registry = registry;
    r->config = *config;
    if (group_go(&r->fibers, keep_registered, r) == 0 &&
        (!must_beat(r) || group_go(&r->fibers, keep_beating, r) == 0))
        return r;
    group_cancel(&r->fibers);
    group_join(&r->fibers);
    free(r);
    return NULL;
}

/* A registration that was cut off may reach the registry after we left it: then
 * leave once more. */
static int leave_again(struct registration *r, int64_t deadline, struct err *err)
{
    bool known;
    if (fiber_sleep(SETTLE_MS) != 0)
        return err_set(err, ERR_CANCELLED, "leaving the registry was given up");
    if (registry_is_registered(r->registry, spec_of(r), deadline, &known, err) != 0)
        return -1;
    return known ? registry_deregister(r->registry, spec_of(r), deadline, err) : 0;
}

int registration_deregister(struct registration *r, int64_t deadline, struct err *err)
{
    group_cancel(&r->fibers);
    group_join(&r->fibers);

    /* Also where we never registered: a former life of this id may have. */
    int rc = registry_deregister(r->registry, spec_of(r), deadline_min(deadline, deadline_in(CALL_MS)), err);
    if (rc == 0 && r->in_doubt)
        rc = leave_again(r, deadline_min(deadline, deadline_in(CALL_MS)), err);
    if (rc != 0)
        return -1;
    r->registered = false;
    log_info("deregistered", log_s("registry", registry_kind(r->registry)), log_s("id", spec_of(r)->id));
    return 0;
}

void registration_free(struct registration *r)
{
    free(r);
}

bool registration_is_registered(const struct registration *r)
{
    return r->registered;
}

/* --- In numbers ------------------------------------------------------------------------------------ */

static int64_t is_registered(const struct registration *r)
{
    return r->registered;
}

static int64_t registrations_of(const struct registration *r)
{
    return r->registrations;
}

static int64_t losses_of(const struct registration *r)
{
    return r->losses;
}

static int64_t heartbeats_of(const struct registration *r)
{
    return r->heartbeats;
}

static const struct number {
    const char *name, *type, *help;
    int64_t (*of)(const struct registration *r);
} numbers[] = {
    {"registration_registered", "gauge", "Does the registry know this instance, as far as it knows?", is_registered},
    {"registrations_total", "counter", "Times it registered.", registrations_of},
    {"registration_losses_total", "counter", "Times the registry had forgotten it.", losses_of},
    {"registration_heartbeats_total", "counter", "Heartbeats that arrived.", heartbeats_of},
};

void registration_metrics(struct registration *const *registrations, size_t count, struct buf *out)
{
    for (size_t n = 0; n < sizeof numbers / sizeof *numbers; n++) {
        metrics_head(out, numbers[n].name, numbers[n].type, numbers[n].help);
        for (size_t i = 0; i < count; i++) {
            char label[64];
            if (!registrations[i])
                continue;
            metrics_label(label, sizeof label, "registry", registry_kind(registrations[i]->registry));
            metrics_value(out, numbers[n].name, label, numbers[n].of(registrations[i]));
        }
    }
}
