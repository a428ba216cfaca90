#include "registration/heartbeat.h"

#include "base/clock.h"
#include "base/log.h"
#include "registration/registration_state.h"

bool heartbeat_is_needed(const struct registration *r)
{
    return r->spec.check == CHECK_TTL || r->registry->ops->needs_heartbeat;
}

/* With SERVICE_CHECK=tcp, Consul notices only a dead process; with none, it notices nothing. For these two
 * settings a registry that checks no instance itself gets heartbeats that always report healthy. */
static int check_health(const struct registration *r, struct err *reason)
{
    if (r->spec.check == CHECK_TCP || r->spec.check == CHECK_NONE)
        return 0;
    return r->health(r->health_arg, deadline_in(REGISTRATION_CALL_MS), reason);
}

static void handle_failure(struct registration *r, const struct err *err, int64_t registrations)
{
    /* Expected before the first registration, and while the next one is under way. */
    if (fiber_cancelled() || !r->registered || r->registrations != registrations)
        return;
    if (err->code == ERR_NOT_FOUND) {
        r->forgotten = true;
        wait_queue_wake_all(&r->reconcile_now);
    } else if (log_repeat_is_due(&r->heartbeat_failure, err->text, REGISTRATION_REPEAT_MS)) {
        log_warn("heartbeat_failed", log_s("registry", registry_kind(r->registry)), log_s("error", err->text));
    }
}

static void send_heartbeat(struct registration *r)
{
    struct err reason = ERR_INIT, err = ERR_INIT;
    int64_t registrations = r->registrations;
    bool healthy = check_health(r, &reason) == 0;
    if (registry_heartbeat(r->registry, &r->spec, healthy, healthy ? "healthy" : reason.text,
                           deadline_in(REGISTRATION_CALL_MS), &err) != 0) {
        handle_failure(r, &err, registrations);
        return;
    }
    r->heartbeats++;
    log_repeat_end(&r->heartbeat_failure);
}

/* No heartbeat before the first register call: an earlier process with the same id may have had another
 * address, and a heartbeat would keep that address in the list. */
void heartbeat_run(void *arg)
{
    struct registration *r = arg;
    int64_t next;
    while (!r->register_tried)
        if (wait_queue_park(&r->heartbeat_now, DEADLINE_NONE) == WAIT_CANCELLED)
            return;
    do {
        next = deadline_in(r->spec.check_interval_ms);
        r->heartbeat_due = false;
        send_heartbeat(r);
    } while (wait_queue_park(&r->heartbeat_now, r->heartbeat_due ? 0 : next) != WAIT_CANCELLED);
}
