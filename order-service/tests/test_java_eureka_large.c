/* A real Eureka lists 10,000 instances: order-service uses them, and its event loop never pauses for over 10 ms.
 *
 * All entries have the address of one user-service, which would not be enough to serve them, but is to answer.
 */
#include "eureka_operator.h"

TestSuite(java_eureka_large, .timeout = 900);

enum {
    INSTANCES = 10000, /* and user-service-1 itself */
    POLLS_MS = 10000, /* ten queries of the list */
};

/* As Spring's client writes it. No heartbeat follows: its lease lasts for longer than the test. */
static void write_entry(struct buf *body, int i)
{
    buf_clear(body);
    buf_addf(body,
             "{\"instance\":{\"instanceId\":\"host%d.example.net:user-service:8080\",\"app\":\"USER-SERVICE\","
             "\"hostName\":\"127.0.0.1\",\"ipAddr\":\"127.0.0.1\",\"vipAddress\":\"user-service\",\"status\":\"UP\","
             "\"port\":{\"$\":%d,\"@enabled\":\"true\"},\"dataCenterInfo\":{\"@class\":"
             "\"com.netflix.appinfo.InstanceInfo$DefaultDataCenterInfo\",\"name\":\"MyOwn\"},"
             "\"leaseInfo\":{\"durationInSecs\":86400},"
             "\"metadata\":{\"zone\":\"zone-%d\",\"weight\":\"2\",\"version\":\"1.2.3\"}}}",
             i, user_ports[0].number, i % 3);
}

static void register_many(void)
{
    struct buf body = BUF_INIT(2048);
    int64_t began_ms = clock_ms();
    for (int i = 0; i < INSTANCES; i++) {
        write_entry(&body, i);
        cr_assert_eq(eureka_send(&eureka, "POST", "USER-SERVICE", buf_text(&body), NULL), 204, "%d", i);
    }
    buf_close(&body);
    REPORT("%d registrations: %lld ms", INSTANCES, (long long)(clock_ms() - began_ms));
}

/* In the life of an order-service. */
static double list_many_once(void)
{
    char all[64], all_but_one[64];
    snprintf(all, sizeof all, "\"%d passing, 0 warning, 0 critical\"", INSTANCES + 1);
    snprintf(all_but_one, sizeof all_but_one, "\"%d passing, 0 warning, 1 critical\"", INSTANCES);
    start_orders();
    await_reply(&orders, "/health", 200, all);
    struct load *load = load_orders(2, 25);
    set_out_of_service(0, true);
    await_reply(&orders, "/health", 200, all_but_one);
    set_out_of_service(0, false);
    await_reply(&orders, "/health", 200, all);
    wait_until(is_past, &(int64_t){deadline_in(POLLS_MS)}, 2 * POLLS_MS);
    stop_load(load, "a list of 10,000");
    cr_expect_eq(service_stop(&orders), 0);
    return take_longest_pause_ms();
}

Test(java_eureka_large, ten_thousand_instances_fail_no_call)
{
    open_world();
    start_eureka((const char *[]){CACHE_SHORT, CACHE_EXPIRES, NULL});
    use_eureka("CHECK_INTERVAL=10s"); /* a heartbeat costs Spring's server more, the larger the application */
    start_user(0);
    register_many();
    measure_pauses();
    order_settings[6] = pauses_preload;
    order_settings[7] = pauses_setting;
    REPORT("the longest pause of the loop: %.1f ms", list_many_once());
    close_eureka_scene();
}
