#include "registration/registration_log.h"

#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "registration/registration_state.h"

void registration_log_failure(struct registration *r, const char *msg, const struct err *err, int64_t retry_ms)
{
    if (log_repeat_is_due(&r->call_failure, err->text, REGISTRATION_REPEAT_MS))
        log_warn(msg, log_s("registry", registry_kind(r->registry)), log_s("error", err->text),
                 log_i("retry_ms", retry_ms), log_i("failures", r->call_failure.times),
                 log_i("for_ms", clock_ms() - r->call_failure.began_ms));
}

void registration_log_recovery(struct registration *r)
{
    int64_t after_ms = log_repeat_end(&r->call_failure);
    if (after_ms >= 0)
        log_info("registry_answers_again", log_s("registry", registry_kind(r->registry)), log_i("after_ms", after_ms));
}

void registration_log_registered(struct registration *r)
{
    registration_log_recovery(r);
    log_repeat_end(&r->check_failure);
    log_info("registered", log_s("registry", registry_kind(r->registry)), log_s("id", r->spec.id),
             log_s("address", registry_address(r->registry, &r->spec)), log_i("port", r->spec.port));
    registration_log_maintenance(r);
}

/* The instance itself may have ordered it before, in this process or in an earlier one. */
void registration_log_maintenance(struct registration *r)
{
    bool is_set_there = r->spec.maintenance == MAINTENANCE_AS_IS && r->registry->in_maintenance;
    if (is_set_there && !r->shows_maintenance)
        log_warn("maintenance_found", log_s("registry", registry_kind(r->registry)),
                 log_s("reason", r->registry->maintenance_reason));
    else if (r->shows_maintenance && !r->registry->in_maintenance)
        log_info("maintenance_gone", log_s("registry", registry_kind(r->registry)));
    r->shows_maintenance = is_set_there;
}

void registration_log_change(const struct registration *r, bool is_repeated, int64_t pause_ms)
{
    struct log_field hint = {0}; /* an empty field is left out */
    if (is_repeated)
        hint = log_s("hint", "SERVICE_ID=<id-that-no-other-process-uses>");
    log_warn("registration_changed", log_s("registry", registry_kind(r->registry)), log_s("id", r->spec.id),
             log_s("difference", r->registry->difference), log_i("retry_ms", pause_ms), hint);
}

/* True if the agent could not connect, or got no reply in time. Any other text shows that something replied at
 * this address: "HTTP GET http://10.0.0.1:8001/health: 503 …", "gRPC application didn't report …", a broken reply.
 * These may quote what the instance itself cannot reach, so they are ruled out first. With a TTL check the agent
 * never connects to the instance. */
static bool may_have_wrong_address(const struct registration *r, const char *output)
{
    static const char *const unreachable[] = {"dial ", "imeout exceeded", "eadline exceeded", "DeadlineExceeded"};
    if (r->spec.check == CHECK_TTL || strncmp(output, "HTTP ", 5) == 0 || strncmp(output, "gRPC application", 16) == 0)
        return false;
    for (size_t i = 0; i < sizeof unreachable / sizeof *unreachable; i++)
        if (strstr(output, unreachable[i]))
            return true;
    return false;
}

#define ADDRESS_HINT "SERVICE_ADDRESS=<address-the-registry-can-reach>"

/* A time limit may also pass in a slow check of the instance itself: /health needs up to HEALTH_TIMEOUT + 500 ms. */
static const char *hint_on(const char *output)
{
    if (strstr(output, "dial "))
        return ADDRESS_HINT;
    return ADDRESS_HINT ", or HEALTH_TIMEOUT at least 500ms below CHECK_TIMEOUT";
}

static void log_check_failure(const struct registration *r, const char *output)
{
    struct log_field hint = {0}; /* an empty field is left out */
    if (may_have_wrong_address(r, output))
        hint = log_s("hint", hint_on(output));
    log_warn("own_check_failing", log_s("registry", registry_kind(r->registry)), log_s("output", output),
             log_s("address", registry_address(r->registry, &r->spec)), hint);
}

/* In a first set-up the most common fault is that the check cannot reach the instance. Only the agent sees
 * this, so we write the check's output into our own log. */
void registration_log_own_check(struct registration *r)
{
    struct err err = ERR_INIT;
    char output[300];
    bool failing;
    if (registry_check_output(r->registry, &r->spec, deadline_in(REGISTRATION_CALL_MS), &failing, output, sizeof output,
                              &err) != 0)
        return; /* the next reconcile() logs the failure */
    if (failing && log_repeat_is_due(&r->check_failure, output, DEADLINE_NONE))
        log_check_failure(r, output);
    if (!failing && log_repeat_end(&r->check_failure) >= 0)
        log_info("own_check_passing", log_s("registry", registry_kind(r->registry)));
}
