#include "service/control.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "net/json.h"
#include "service/control_order.h"
#include "service/request.h"
#include "service/service_internal.h"

enum {
    REPLY_MAX = 8 * 1024, /* bytes */
    APPLY_MS = 1000,      /* the registries get this long before the reply */
    STEP_MS = 5,
};

/* --- Who may ask ------------------------------------------------------------------ */

/* A browser adds the last one, and a proxy one of the others: Envoy beside the instance, as in Istio, may add only
 * X-Forwarded-Proto, and many settings of nginx only X-Real-IP. */
static bool comes_from_elsewhere(const struct http_request *req)
{
    static const char *const headers[] = {"Forwarded",         "X-Forwarded-For", "X-Forwarded-Host",
                                          "X-Forwarded-Proto", "X-Real-IP",       "Via",
                                          "Origin"};
    for (size_t i = 0; i < sizeof headers / sizeof *headers; i++)
        if (http_header(req, headers[i]))
            return true;
    return false;
}

static bool may_ask(struct http_request *req)
{
    bool may = http_client_is_local(req) && !comes_from_elsewhere(req);
    if (!may)
        http_problem(req, 403, "want a client on this machine, at a loopback address such as 127.0.0.1, and no proxy");
    return may;
}

/* --- The reply ---------------------------------------------------------------------- */

static json_t *registries_new(const struct registries *registries)
{
    json_t *object = json_object();
    for (size_t i = 0; i < registries->count; i++) {
        const struct registration *registration = registries->registrations[i];
        if (registration)
            json_object_set_new(object, registration_registry(registration),
                                json_string(registration_is_current(registration) ? "current" : "pending"));
    }
    return object;
}

static void reply_state(struct http_request *req, const struct service *service)
{
    struct buf body = BUF_INIT(REPLY_MAX);
    const char *reason = registries_maintenance(&service->registries);
    int weight = registries_weight(&service->registries);
    json_t *state = json_pack("{s:s, s:i, s:b, s:o, s:o}",
                              "id", service->settings.id,
                              "weight", weight ? weight : (int)service->settings.weight,
                              "maintenance", reason != NULL,
                              "reason", json_text_new(reason ? reason : ""),
                              "registries", registries_new(&service->registries));
    if (json_add_take(&body, state))
        http_reply(req, 200, "application/json", buf_text(&body), body.len);
    else
        http_problem(req, 503, "out of memory");
    buf_close(&body);
}

/* --- Orders ------------------------------------------------------------------------- */

static void carry_out(struct service *service, const struct control_order *order)
{
    struct registries *registries = &service->registries;
    if (order->weight) {
        log_info("weight_changed", log_i("from", registries_weight(registries)), log_i("to", order->weight));
        registries_set_weight(registries, order->weight);
        char weight[16];
        snprintf(weight, sizeof weight, "%d", order->weight);
        config_settings_override(&service->live_settings, "SERVICE_WEIGHT", weight);
    }
    if (order->state == ORDER_NO_CHANGE)
        return;
    bool on = order->state == ORDER_MAINTENANCE;
    log_info(on ? "maintenance_on" : "maintenance_off", log_s("reason", order->reason));
    registries_set_maintenance(registries, on, order->reason);
}

/* A registry that is down gets the change when it is back; the reply does not wait for it. */
static void wait_for_registries(const struct registries *registries)
{
    int64_t deadline = deadline_in(APPLY_MS);
    while (!registries_are_current(registries) && deadline_left(deadline) > 0)
        if (fiber_sleep(STEP_MS) != 0)
            return;
}

static void change(struct http_request *req, struct service *service, const json_t *object)
{
    struct err err = ERR_INIT;
    struct control_order order;
    int rejected = control_order_read(object, &order, &err);
    const char *program = service->definition->name;
    if (rejected) {
        http_problem(req, rejected, "%s", err.text);
    } else if (order.program && strcmp(order.program, program) != 0) {
        http_problem(req, 409, "this is an instance of %s, not of %s", program, order.program);
    } else if (service->health.draining || registries_weight(&service->registries) == 0) {
        http_problem(req, 409, service->health.draining ? "the instance is draining"
                                                        : "the instance is starting, or registers in no registry");
    } else {
        carry_out(service, &order);
        wait_for_registries(&service->registries);
        reply_state(req, service);
    }
}

void get_control(struct http_request *req, void *arg)
{
    if (may_ask(req))
        reply_state(req, arg);
}

void put_control(struct http_request *req, void *arg)
{
    json_t *object = may_ask(req) ? request_object_new(req) : NULL;
    if (object)
        change(req, arg, object);
    json_decref(object);
}
