#include "simulation/instances.h"

enum { PORT_FIRST = 1024, PORTS = 65536 - PORT_FIRST, NAMED_LEAST = 64, LIVES_MOST = 900 };

static int named = NAMED_LEAST; /* instances */

int ports_divide(int instances)
{
    named = instances > NAMED_LEAST ? instances : NAMED_LEAST;
    return named;
}

int ports_lives(void)
{
    return PORTS / named < LIVES_MOST ? PORTS / named : LIVES_MOST;
}

uint16_t port_of(int instance, int life)
{
    return (uint16_t)(PORT_FIRST + life * named + instance);
}

int instance_of_port(uint16_t port)
{
    return (port - PORT_FIRST) % named;
}

int life_of_port(uint16_t port)
{
    return (port - PORT_FIRST) / named;
}

bool instance_is_at(const struct sim_instance *instance, uint16_t port)
{
    return instance->life != DOWN && instance->port == port;
}
