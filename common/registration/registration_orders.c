/* registration_orders: what an operator changes while the instance runs.
 *
 * An order changes the registration's spec and is counted. The fiber that keeps the instance registered compares this
 * count with that of the last registration, and registers again until they are equal. So an order cannot get lost: not
 * while a call is under way, and not while the registry is down.
 */
#include <stdio.h>
#include <string.h>

#include "registration/registration.h"
#include "registration/registration_state.h"

static void count_order(struct registration *r)
{
    r->orders++;
    wait_queue_wake_all(&r->reconcile_now);
}

int registration_set_weight(struct registration *r, int weight)
{
    if (weight < 1 || weight > REGISTRATION_WEIGHT_MAX)
        return -1;
    r->spec.weight = weight;
    count_order(r);
    return 0;
}

int registration_set_maintenance(struct registration *r, bool on, const char *reason)
{
    if (on && strlen(reason) > REGISTRATION_REASON_MAX)
        return -1;
    snprintf(r->reason, sizeof r->reason, "%s", on ? reason : "");
    r->spec.maintenance = on ? MAINTENANCE_ON : MAINTENANCE_OFF;
    r->spec.maintenance_reason = r->reason;
    count_order(r);
    return 0;
}

int registration_weight(const struct registration *r)
{
    return r->spec.weight;
}

const char *registration_maintenance(const struct registration *r)
{
    if (r->spec.maintenance == MAINTENANCE_ON)
        return r->reason;
    bool is_kept = r->spec.maintenance == MAINTENANCE_AS_IS && r->registry->in_maintenance;
    return is_kept ? r->registry->maintenance_reason : NULL;
}

const char *registration_registry(const struct registration *r)
{
    return registry_kind(r->registry);
}
