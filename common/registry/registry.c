#include "registry/registry.h"

const char *registry_kind(const struct registry *registry)
{
    return registry->ops->kind;
}

const char *registry_address(const struct registry *registry, const struct registration_spec *spec)
{
    return *spec->address ? spec->address : registry->local_address;
}

int registry_register(struct registry *registry, const struct registration_spec *spec, int64_t deadline,
                      struct err *err)
{
    return registry->ops->enroll(registry, spec, deadline, err);
}

int registry_deregister(struct registry *registry, const struct registration_spec *spec, int64_t deadline,
                        struct err *err)
{
    return registry->ops->deregister(registry, spec, deadline, err);
}

int registry_is_registered(struct registry *registry, const struct registration_spec *spec, int64_t deadline,
                           bool *registered, struct err *err)
{
    return registry->ops->is_registered(registry, spec, deadline, registered, err);
}

int registry_heartbeat(struct registry *registry, const struct registration_spec *spec, bool healthy,
                       const char *note, int64_t deadline, struct err *err)
{
    return registry->ops->heartbeat(registry, spec, healthy, note, deadline, err);
}

int registry_check_output(struct registry *registry, const struct registration_spec *spec, int64_t deadline,
                          bool *failing, char *output, size_t size, struct err *err)
{
    return registry->ops->check_output(registry, spec, deadline, failing, output, size, err);
}

int registry_fetch(struct registry *registry, const char *service, struct registry_cursor *cursor, int64_t wait_ms,
                   int64_t deadline, struct instance_list **list, struct err *err)
{
    return registry->ops->fetch(registry, service, cursor, wait_ms, deadline, list, err);
}

void registry_free(struct registry *registry)
{
    if (registry)
        registry->ops->free(registry);
}
