#include "base/clock.h"

#include <time.h>

static bool is_virtual;
static int64_t virtual_ms, wall_ahead_ms;

static int64_t read_us(clockid_t which)
{
    struct timespec now;
    clock_gettime(which, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

int64_t clock_us(void)
{
    return is_virtual ? virtual_ms * 1000 : read_us(CLOCK_MONOTONIC);
}

int64_t clock_ms(void)
{
    return is_virtual ? virtual_ms : read_us(CLOCK_MONOTONIC) / 1000;
}

int64_t clock_wall_ms(void)
{
    return is_virtual ? virtual_ms + wall_ahead_ms : read_us(CLOCK_REALTIME) / 1000;
}

int64_t deadline_in(int64_t ms)
{
    int64_t now = clock_ms();
    return ms >= DEADLINE_NONE - now ? DEADLINE_NONE : now + ms;
}

int64_t deadline_min(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

int64_t deadline_left(int64_t deadline)
{
    if (deadline == DEADLINE_NONE)
        return INT64_MAX;
    int64_t left = deadline - clock_ms();
    return left > 0 ? left : 0;
}

void clock_make_virtual(int64_t start_ms)
{
    is_virtual = true;
    virtual_ms = start_ms;
    wall_ahead_ms = 0;
}

void clock_make_real(void)
{
    is_virtual = false;
}

bool clock_is_virtual(void)
{
    return is_virtual;
}

void clock_advance_to(int64_t ms)
{
    if (ms > virtual_ms)
        virtual_ms = ms;
}

void clock_jump_wall(int64_t ms)
{
    wall_ahead_ms += ms;
}
