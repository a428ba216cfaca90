/* Instances of both services stop or are killed and start again under load. */
#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "scene.h"
#include "scene_requests.h"

TestSuite(outages_callee, .timeout = 300);

enum { ROUNDS = 10 };

Test(outages_callee, ten_rolling_restarts_fail_no_request, .init = open_scene, .fini = close_scene)
{
    struct load *load = load_orders(8, 50);
    for (int round = 1; round <= ROUNDS; round++) {
        int64_t begin = clock_ms();
        for (int i = 0; i < USERS; i++) {
            cr_expect_eq(service_stop(&users[i]), 0, "it drains and exits with 0");
            start_user(i);
            cr_assert(wait_until(user_is_usable, &i, PATIENCE_MS), "%s is not passing again", user_id(i));
        }
        char when[64];
        struct load_count count;
        load_take(load, &count);
        snprintf(when, sizeof when, "round %d, %lld ms", round, (long long)(clock_ms() - begin));
        expect_no_failure(&count, when);
    }
    struct load_count rest;
    load_stop(load, &rest);
    cr_expect_eq(rest.failed, 0, "%s", rest.first_failure);
}

static bool consul_lacks_user(void *arg)
{
    return consul_count(&world.consul, "user-service", true) >= 0 &&
           !consul_has(&world.consul, "user-service", user_id(*(int *)arg), true);
}

Test(outages_callee, killing_instances_in_turn_fails_no_request, .init = open_scene, .fini = close_scene)
{
    struct load *load = load_orders(8, 50);
    for (int i = 0; i < USERS; i++) {
        proc_stop(&users[i].proc, SIGKILL, 5000);
        await(user_is_avoided, &i, PATIENCE_MS, "killed: order-service avoids it");
        await(consul_lacks_user, &i, PATIENCE_MS, "killed: not in Consul's passing list");
        start_user(i);
        await(user_is_usable, &i, PATIENCE_MS, "started again: passing and used");
    }
    stop_load(load, "each killed once");
}

/* --- Restart order-service ---------------------------------------------------------------- */

/* The clients behave like a simple load balancer. They use only instances whose /health
 * is 200, and retry on the other one only after a refused connection. */
enum { PAIR = 2, CLIENTS = 4, CALL_EVERY_MS = 10, PROBE_EVERY_MS = 50 };

static struct service pair[PAIR];
static struct port pair_ports[PAIR];
static atomic_bool in_rotation[PAIR], clients_stop;
static atomic_int answered, failed;

static void sleep_ms(long ms)
{
    nanosleep(&(struct timespec){.tv_nsec = ms * 1000000}, NULL);
}

static void start_pair(int i)
{
    const char *const ids[PAIR] = {"order-service-1", "order-service-2"};
    start(&pair[i], "order-service", ids[i], pair_ports[i].number, order_settings);
}

static void *probe_health(void *arg)
{
    (void)arg;
    while (!clients_stop) {
        for (int i = 0; i < PAIR; i++)
            in_rotation[i] = get_status(&pair[i], "/health", NULL) == 200;
        sleep_ms(PROBE_EVERY_MS);
    }
    return NULL;
}

static bool call_one(struct probe *probe, int i, bool *refused)
{
    char url[SERVICE_URL_MAX];
    struct err cause = ERR_INIT;
    struct probe_reply reply = {0};
    int sent = probe_send(probe, &(struct probe_request){.url = service_url(&pair[i], "/users/7", url)}, &reply, &cause);
    bool ok = sent == 0 && reply.status == 200;
    *refused = sent != 0 && cause.code == ERR_UNREACHABLE;
    if (!ok && !*refused)
        fprintf(stderr, "    %s: status %d %s\n", url, reply.status, cause.text);
    probe_reply_close(&reply);
    return ok;
}

static void *run_client(void *arg)
{
    (void)arg;
    struct probe *probes[PAIR] = {probe_new(), probe_new()};
    for (unsigned turn = 0; !clients_stop; turn++) {
        int first = (int)(turn % PAIR);
        if (!in_rotation[first])
            first = (first + 1) % PAIR;
        bool refused;
        bool ok = call_one(probes[first], first, &refused);
        if (!ok && refused)
            ok = call_one(probes[1 - first], 1 - first, &refused);
        if (ok)
            answered++;
        else
            failed++;
        sleep_ms(CALL_EVERY_MS);
    }
    probe_free(probes[0]);
    probe_free(probes[1]);
    return NULL;
}

static bool is_in_rotation(void *arg)
{
    return in_rotation[*(int *)arg];
}

static void open_pair(void)
{
    open_world();
    for (int i = 0; i < PAIR; i++) {
        cr_assert_eq(port_take(&pair_ports[i], &err), 0);
        start_pair(i);
    }
    user_settings[0] = "DATABASE_TIMEOUT=8s"; /* it is the only one: a machine that stalls must not fail a call */
    start_user(0);
    for (int i = 0; i < PAIR; i++)
        await_reply(&pair[i], "/users/7", 200, "User7");
}

static void close_pair(void)
{
    service_stop(&users[0]);
    for (int i = 0; i < PAIR; i++) {
        cr_expect_eq(service_stop(&pair[i]), 0);
        port_release(&pair_ports[i]);
    }
    close_world();
}

Test(outages_callee, restarting_two_order_services_fails_no_request, .init = open_pair, .fini = close_pair)
{
    pthread_t prober, clients[CLIENTS];
    in_rotation[0] = in_rotation[1] = true;
    pthread_create(&prober, NULL, probe_health, NULL);
    for (int i = 0; i < CLIENTS; i++)
        pthread_create(&clients[i], NULL, run_client, NULL);

    for (int turn = 0; turn < ROUNDS; turn++) {
        int i = turn % PAIR;
        cr_expect_eq(service_stop(&pair[i]), 0);
        start_pair(i);
        cr_expect(wait_until(is_in_rotation, &i, PATIENCE_MS));
    }

    clients_stop = true;
    pthread_join(prober, NULL);
    for (int i = 0; i < CLIENTS; i++)
        pthread_join(clients[i], NULL);
    cr_expect_gt(answered, 0);
    cr_expect_eq(failed, 0);
    REPORT("%d restarts of an order-service: %d requests, %d failed", ROUNDS, answered, failed);
}
