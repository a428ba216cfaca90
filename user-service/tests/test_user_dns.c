/* What Consul's DNS answers about real user-services: `dig @127.0.0.1 -p 8600 user-service.service.consul SRV`. */
#include "harness/dns.h"
#include "harness/view.h"
#include "service/tests/consul_case.h"
#include "service/tests/service_case.h"

TestSuite(user_dns, .timeout = 300);

enum { USERS = 5 }; /* more than the three records of a UDP reply without EDNS */

static struct world world;
static struct service users[USERS];

struct awaited_dns {
    bool tcp;
    int count;
    int without; /* a port that must not be in the answer; 0: any may be */
};

static bool dns_answers(void *arg)
{
    const struct awaited_dns *awaited = arg;
    struct dns_answer answer;
    return dns_srv(world.consul.dns.number, "user-service.service.consul", awaited->tcp, &answer) == 0 &&
           answer.count == awaited->count && !(awaited->without && dns_has(&answer, awaited->without));
}

static bool await_dns(int count, int without, bool tcp)
{
    return wait_until(dns_answers, &(struct awaited_dns){tcp, count, without}, 60000);
}

static void setup(int count, const char *setting)
{
    struct err err = ERR_INIT;
    cr_assert_eq(world_start(&world, &err), 0, "%s", err.text);
    for (int i = 0; i < count; i++) {
        char id[32];
        snprintf(id, sizeof id, "SERVICE_ID=users-%d", i);
        start_service(&users[i], &world, "user-service", (const char *[]){id, setting, NULL});
    }
    cr_assert(await_dns(count, 0, false), "not all are in DNS");
}

static void teardown(void)
{
    for (int i = 0; i < USERS; i++)
        if (proc_is_running(&users[i].proc))
            service_stop(&users[i]);
    world_stop(&world);
}

Test(user_dns, srv_names_port_and_weight_of_each_instance, .fini = teardown)
{
    struct dns_answer answer;
    setup(USERS, "SERVICE_WEIGHT=3");
    for (int tcp = 0; tcp < 2; tcp++) {
        cr_assert_eq(dns_srv(world.consul.dns.number, "user-service.service.consul", tcp, &answer), 0);
        cr_expect_eq(answer.count, USERS, "%d", answer.count);
        for (int i = 0; i < USERS; i++)
            cr_expect(dns_has(&answer, users[i].port), "users-%d is missing", i);
        cr_expect_eq(answer.at[0].weight, 3, "%d", answer.at[0].weight);
    }
}

static void set_maintenance(const char *id, const char *on)
{
    char url[SERVICE_URL_MAX];
    struct err err = ERR_INIT;
    struct probe_reply reply = {0};
    snprintf(url, sizeof url, "%s/v1/agent/service/maintenance/%s?enable=%s", world.consul.url, id, on);
    const struct probe_request request = {.method = "PUT", .url = url};
    cr_assert_eq(probe_send(NULL, &request, &reply, &err), 0, "%s", err.text);
    cr_assert_eq(reply.status, 200);
    probe_reply_close(&reply);
}

Test(user_dns, instance_in_maintenance_leaves_dns, .fini = teardown)
{
    setup(2, NULL);
    set_maintenance("users-0", "true");
    cr_expect(await_dns(1, users[0].port, false));
    set_maintenance("users-0", "false");
    cr_expect(await_dns(2, 0, false));
}

/* The entry stays, as critical; DNS leaves it out. Without an instance the name is unknown. */
Test(user_dns, critical_instance_leaves_dns, .fini = teardown)
{
    setup(2, NULL);
    proc_kill_all(&users[0].proc, 10000);
    cr_expect(await_dns(1, users[0].port, true));
    cr_expect_eq(consul_count(&world.consul, "user-service", false), 2);
    proc_kill_all(&users[1].proc, 10000);
    cr_expect(await_dns(0, 0, false));
}
