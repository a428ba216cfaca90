#include "simulation/instances.h"

enum { PORT_FIRST = 1024 };

uint16_t port_of(int instance, int life)
{
    return (uint16_t)(PORT_FIRST + life * INSTANCES_MAX + instance);
}

int instance_of_port(uint16_t port)
{
    return (port - PORT_FIRST) % INSTANCES_MAX;
}

int life_of_port(uint16_t port)
{
    return (port - PORT_FIRST) / INSTANCES_MAX;
}

bool instance_is_at(const struct sim_instance *instance, uint16_t port)
{
    return instance->life != DOWN && instance->port == port;
}
