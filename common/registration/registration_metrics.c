#include "registration/registration_metrics.h"

#include "base/metrics.h"
#include "registration/registration.h"
#include "registration/registration_state.h"

static int64_t get_registered(const struct registration *r)
{
    return r->registered;
}

static int64_t get_registrations(const struct registration *r)
{
    return r->registrations;
}

static int64_t get_losses(const struct registration *r)
{
    return r->losses;
}

static int64_t get_heartbeats(const struct registration *r)
{
    return r->heartbeats;
}

static int64_t get_weight(const struct registration *r)
{
    return registration_weight(r);
}

static int64_t get_maintenance(const struct registration *r)
{
    return registration_maintenance(r) != NULL;
}

static int64_t get_pending(const struct registration *r)
{
    return !registration_is_current(r);
}

static const struct metric {
    const char *name, *type, *help;
    int64_t (*get)(const struct registration *r);
} metrics[] = {
    {"registration_registered", "gauge", "1 if the registry lists this instance, as far as it knows.", get_registered},
    {"registrations_total", "counter", "Successful registrations.", get_registrations},
    {"registration_losses_total", "counter", "Times the registry had forgotten this instance, or had another entry under its id.", get_losses},
    {"registration_heartbeats_total", "counter", "Heartbeats that the registry accepted.", get_heartbeats},
    {"registration_weight", "gauge", "Weight of this instance, as last ordered.", get_weight},
    {"registration_maintenance", "gauge", "1 if this instance is in maintenance: it gets no calls.", get_maintenance},
    {"registration_pending", "gauge", "1 if the registry does not have the last ordered change yet.", get_pending},
};

void registration_metrics(struct registration *const *registrations, size_t count, struct buf *out)
{
    for (size_t m = 0; m < sizeof metrics / sizeof *metrics; m++) {
        metrics_head(out, metrics[m].name, metrics[m].type, metrics[m].help);
        for (size_t i = 0; i < count; i++) {
            char label[64];
            if (!registrations[i])
                continue;
            metrics_label(label, sizeof label, "registry", registry_kind(registrations[i]->registry));
            metrics_value(out, metrics[m].name, label, metrics[m].get(registrations[i]));
        }
    }
}
