#include "base/rand.h"

#include <stdbool.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/hash.h"

static uint64_t state;
static bool seeded;

void rand_seed(uint64_t seed)
{
    state = seed;
    seeded = true;
}

static void seed_from_kernel(void)
{
    uint64_t seed;
    if (getrandom(&seed, sizeof seed, 0) != (ssize_t)sizeof seed)
        seed = (uint64_t)clock_us() ^ ((uint64_t)getpid() << 32);
    rand_seed(seed);
}

static const uint64_t GAMMA = 0x9e3779b97f4a7c15u;

uint64_t rand_peek(void)
{
    if (!seeded)
        seed_from_kernel();
    return hash_mix(state + GAMMA);
}

uint64_t rand_u64(void)
{
    uint64_t draw = rand_peek();
    state += GAMMA;
    return draw;
}

uint64_t rand_scale(uint64_t draw, uint64_t n)
{
    return (uint64_t)(((unsigned __int128)draw * n) >> 64);
}

uint64_t rand_below(uint64_t n)
{
    return rand_scale(rand_u64(), n);
}

int64_t rand_jitter(int64_t value, int percent)
{
    int64_t span = value * percent / 100;
    if (span <= 0)
        return value;
    return value - span + (int64_t)rand_below((uint64_t)(2 * span + 1));
}
