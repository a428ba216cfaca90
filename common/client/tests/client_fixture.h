/* client_fixture: a client in virtual time, with a fake registry and the instances a, b and c. */
#ifndef CLIENT_TESTS_CLIENT_FIXTURE_H
#define CLIENT_TESTS_CLIENT_FIXTURE_H

#include "base/log.h"
#include "base/rand.h"
#include "client/tests/fake_upstreams.h"
#include "net/json.h"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/lsan_interface.h>
#define expect_no_leak() cr_expect_eq(__lsan_do_recoverable_leak_check(), 0)
#else
#define expect_no_leak() ((void)0)
#endif

static struct fake_registry consul;
static struct discovery *discovery;
static struct service_client *client;
static struct service_client_config config;

static inline void setup(void)
{
    clock_make_virtual(100000);
    rand_seed(7);
    log_set_level(LOG_ERROR);
    json_init();
    memset(upstreams, 0, sizeof upstreams);
    fake_init(&consul, &fake_consul_ops, "a b c");
    config = (struct service_client_config){
        .transport = {.call = fake_call},
        .policy = BALANCE_ROUND_ROBIN,
        .call_timeout_ms = 3000,
        .call_attempts = 3,
        .id = "",
        .zone = "",
    };
}

static inline void teardown(void)
{
    cr_expect_eq(fibers_alive(), 0);
    fibers_free_pool();
    expect_no_leak();
}

static void (*body_of_test)(void);

static inline void run_fiber(void *arg)
{
    struct registry *registries[] = {&consul.registry};
    const struct discovery_config discovery_config = {
        .registries = registries, .registry_count = 1, .ttl_ms = 30000, .retry_cap_ms = 5000,
        .static_instances = "", .snapshot_dir = "",
    };
    (void)arg;
    discovery = discovery_new(&discovery_config);
    discovery_watch(discovery, "user-service");
    config.discovery = discovery;
    client = service_client_new(&config);
    body_of_test();
    discovery_stop(discovery);
    service_client_free(client);
    discovery_free(discovery);
}

static inline void run(void (*body)(void))
{
    body_of_test = body;
    loop_run_virtual(run_fiber, NULL);
}

#endif
