#include "probes.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>

#include "app.h"
#include "base/clock.h"
#include "discovery/discovery.h"
#include "service/probes.h"

enum { FIRST_LIST_MS = 200 };

static int check_postgres(void *arg, int64_t deadline, char detail[HEALTH_DETAIL_MAX], struct err *err)
{
    static const struct pg_statement any = {
        "orders_there", "SELECT FROM orders, idempotency_keys LIMIT 1", 0};
    struct app *app = arg;
    (void)detail;
    /* Placing orders is what this service is for, so a database that only reads makes it unhealthy. */
    return probe_postgres(app->pg, &any, deadline, err) != 0 ? -1 : pg_check_writable(app->pg, deadline, err);
}

/* Reads what discovery knows and sends no query. Right after the start, while no list has
 * arrived yet, this waits a moment for the first one. */
static int view_user_service(struct app *app, int64_t deadline, struct discovery_view *view)
{
    struct err ignored = ERR_INIT;
    discovery_get(app->discovery, app->settings.user_service, deadline_min(deadline, deadline_in(FIRST_LIST_MS)),
                  view, &ignored);
    return discovery_look(app->discovery, app->settings.user_service, view);
}

/* Healthy as long as one registry replies: the second registry exists for this case. The
 * detail still names the registry that fails. */
static int check_registry(void *arg, int64_t deadline, char detail[HEALTH_DETAIL_MAX], struct err *err)
{
    struct app *app = arg;
    struct discovery_view view;
    char failing[HEALTH_DETAIL_MAX], list[64] = "no list yet";
    if (view_user_service(app, deadline, &view) != 0)
        return err_set(err, ERR_NOT_FOUND, "no service is watched");
    bool answers = discovery_any_registry_up(app->discovery, app->settings.user_service, failing, sizeof failing);
    if (view.list)
        snprintf(list, sizeof list, "list from %s, confirmed %" PRId64 " ms ago", view.source, view.age_ms);
    snprintf(detail, HEALTH_DETAIL_MAX, "%s%s%s", list, *failing ? "; failing: " : "", failing);
    return answers ? 0 : err_set(err, ERR_UNREACHABLE, "%s", detail);
}

static int check_user_service(void *arg, int64_t deadline, char detail[HEALTH_DETAIL_MAX], struct err *err)
{
    struct app *app = arg;
    struct discovery_view view;
    size_t counts[INSTANCE_CRITICAL + 1] = {0};
    if (view_user_service(app, deadline, &view) != 0 || !view.list)
        return err_set(err, ERR_NOT_FOUND, "no instance is known");

    for (size_t i = 0; i < view.list->count; i++)
        if (route_admits(&app->route, &view.list->at[i]))
            counts[instance_overall_status(&view.list->at[i])]++;
    struct err excluded = ERR_INIT;
    bool may_call = !route_excludes_all(&app->route, view.list, &excluded);
    snprintf(detail, HEALTH_DETAIL_MAX, "%zu passing, %zu warning, %zu critical%s%s", counts[INSTANCE_PASSING],
             counts[INSTANCE_WARNING], counts[INSTANCE_CRITICAL], may_call ? "" : "; ", excluded.text);
    if (may_call && counts[INSTANCE_PASSING] + counts[INSTANCE_WARNING] > 0)
        return 0;
    return err_set(err, ERR_UNREACHABLE, "%s", detail);
}

const struct health_probe order_probes[] = {
    {"postgres", .vital = true, .check = check_postgres},
    {"registry", .vital = false, .check = check_registry},
    {"user-service", .vital = false, .check = check_user_service},
};
const size_t order_probe_count = sizeof order_probes / sizeof *order_probes;
