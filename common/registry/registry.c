#include "registry/registry.h"

#include "base/metrics.h"

const char *registry_kind(const struct registry *registry)
{
    return registry->ops->kind;
}

const char *registry_address(const struct registry *registry, const struct registration_spec *spec)
{
    return *spec->address ? spec->address : registry->local_address;
}

bool registration_is_passing(const struct registration_spec *spec, bool healthy)
{
    return healthy || spec->check == CHECK_TCP || spec->check == CHECK_NONE;
}

/* A call that we cancelled says nothing about the registry. ERR_NOT_FOUND is a reply, so not a failure of the
 * registry. Returns status. */
static int count_call(struct registry *registry, enum registry_call call, int status, const struct err *err)
{
    if (status != 0 && err->code == ERR_CANCELLED)
        return status;
    registry->is_up = status == 0 || err->code == ERR_NOT_FOUND;
    registry->calls[call]++;
    registry->errors[call] += !registry->is_up;
    return status;
}

int registry_register(struct registry *registry, const struct registration_spec *spec, int64_t deadline,
                      struct err *err)
{
    int status = registry->ops->register_instance(registry, spec, deadline, err);
    return count_call(registry, REGISTRY_REGISTER, status, err);
}

int registry_deregister(struct registry *registry, const struct registration_spec *spec, int64_t deadline,
                        struct err *err)
{
    int status = registry->ops->deregister_instance(registry, spec, deadline, err);
    return count_call(registry, REGISTRY_DEREGISTER, status, err);
}

int registry_is_registered(struct registry *registry, const struct registration_spec *spec, int64_t deadline,
                           bool *registered, struct err *err)
{
    int status = registry->ops->is_registered(registry, spec, deadline, registered, err);
    return count_call(registry, REGISTRY_IS_REGISTERED, status, err);
}

int registry_heartbeat(struct registry *registry, const struct registration_spec *spec, bool healthy,
                       const char *note, int64_t deadline, struct err *err)
{
    int status = registry->ops->heartbeat(registry, spec, healthy, note, deadline, err);
    return count_call(registry, REGISTRY_HEARTBEAT, status, err);
}

int registry_check_output(struct registry *registry, const struct registration_spec *spec, int64_t deadline,
                          bool *failing, char *output, size_t size, struct err *err)
{
    *failing = false;
    output[0] = '\0';
    if (!registry->ops->check_output)
        return 0;
    int status = registry->ops->check_output(registry, spec, deadline, failing, output, size, err);
    return count_call(registry, REGISTRY_CHECK_OUTPUT, status, err);
}

int registry_fetch(struct registry *registry, const char *service, struct registry_cursor *cursor, int64_t wait_ms,
                   int64_t deadline, struct instance_list **list, struct err *err)
{
    int status = registry->ops->fetch(registry, service, cursor, wait_ms, deadline, list, err);
    return count_call(registry, REGISTRY_FETCH, status, err);
}

void registry_free(struct registry *registry)
{
    if (registry)
        registry->ops->free(registry);
}

/* --- Metrics ---------------------------------------------------------------------------- */

static const char *const call_names[REGISTRY_CALLS] = {
    [REGISTRY_REGISTER] = "register",           [REGISTRY_DEREGISTER] = "deregister",
    [REGISTRY_IS_REGISTERED] = "is_registered", [REGISTRY_HEARTBEAT] = "heartbeat",
    [REGISTRY_CHECK_OUTPUT] = "check_output",   [REGISTRY_FETCH] = "fetch",
};

static void write_calls(const struct registry *registry, struct buf *out, const char *name, const uint64_t *counts)
{
    for (int i = 0; i < REGISTRY_CALLS; i++) {
        char labels[96];
        metrics_labels(labels, sizeof labels, "registry", registry_kind(registry), "call", call_names[i]);
        metrics_value(out, name, labels, (int64_t)counts[i]);
    }
}

static void write_all_calls(struct registry *const *registries, size_t count, struct buf *out)
{
    metrics_head(out, "registry_requests_total", "counter", "Calls to the registry.");
    for (size_t i = 0; i < count; i++)
        write_calls(registries[i], out, "registry_requests_total", registries[i]->calls);
    metrics_head(out, "registry_errors_total", "counter", "Calls to the registry that failed.");
    for (size_t i = 0; i < count; i++)
        write_calls(registries[i], out, "registry_errors_total", registries[i]->errors);
}

/* Consul shows its leader only in the reply to a list, so a service that never fetches has no value here. */
static void write_leaders(struct registry *const *registries, size_t count, struct buf *out)
{
    char label[64];
    metrics_head(out, "registry_leader_known", "gauge", "1 if the registry's servers had a leader at the last reply.");
    for (size_t i = 0; i < count; i++) {
        metrics_label(label, sizeof label, "registry", registry_kind(registries[i]));
        if (registries[i]->leader != LEADER_UNKNOWN)
            metrics_value(out, "registry_leader_known", label, registries[i]->leader == LEADER_KNOWN);
    }
    metrics_head(out, "registry_last_contact_seconds", "gauge",
                 "Time since the server that replied heard from its leader.");
    for (size_t i = 0; i < count; i++) {
        metrics_label(label, sizeof label, "registry", registry_kind(registries[i]));
        if (registries[i]->leader == LEADER_KNOWN)
            metrics_seconds(out, "registry_last_contact_seconds", label, registries[i]->last_contact_ms);
    }
}

void registry_metrics(struct registry *const *registries, size_t count, struct buf *out)
{
    metrics_head(out, "registry_up", "gauge", "1 if the last call to the registry did not fail.");
    for (size_t i = 0; i < count; i++) {
        char label[64];
        metrics_label(label, sizeof label, "registry", registry_kind(registries[i]));
        metrics_value(out, "registry_up", label, registries[i]->is_up);
    }
    write_all_calls(registries, count, out);
    write_leaders(registries, count, out);
}
