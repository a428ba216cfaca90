/* The lesson's parts one to five: register, check health, discover, call and balance,
 * without faults. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "acts.h"
#include "narrator.h"

enum { CALLS = 1000 };

static bool all_registered(void *arg)
{
    const struct stage *stage = arg;
    return stage_listed(stage, "user-service", false) == USERS;
}

static bool all_passing(void *arg)
{
    const struct stage *stage = arg;
    return stage_listed(stage, "user-service", true) == USERS;
}

bool act_registration(struct stage *stage)
{
    struct err err = ERR_INIT;
    step_begin("Three user-services start and register, each after a random delay",
               "each listens, waits up to 2 s (REGISTER_JITTER), then registers: not all reach %s at the same time");
    for (int i = 0; i < USERS; i++) {
        if (stage_start_user(stage, i, &err) != 0) {
            step_check(false, "%s", err.text);
            step_end();
            return false;
        }
    }
    for (int i = 0; i < USERS; i++) {
        char delay[32] = "?";
        proc_wait_output(&stage->users[i].proc, "msg=registering_in ms=", delay, sizeof delay, 5000);
        step_seen("user-service-%d listens on port %d and registers after %s ms", i + 1, stage->users[i].port, delay);
    }
    int64_t took = time_until(all_registered, stage, 60000);
    bool registered = step_check(took >= 0, "%s lists all three after %s", stage->kind->name, seconds(took));
    step_end();

    step_begin(stage->kind->checks, "all three instances become passing");
    took = time_until(all_passing, stage, 60000);
    bool passing = step_check(took >= 0, "3 of 3 are passing after another %s", seconds(took));
    step_end();
    return registered && passing;
}

static bool orders_know_all(void *arg)
{
    struct stage *stage = arg;
    struct view view;
    view_take(&stage->orders, "user-service", &view);
    return view.usable == USERS;
}

/* If its first list was not whole, the share of the other instances grows for 10 s. */
static bool all_have_full_share(void *arg)
{
    struct stage *stage = arg;
    char url[SERVICE_URL_MAX];
    struct probe_reply reply = {0};
    probe_get(NULL, service_url(&stage->orders, "/metrics", url), &reply);
    bool full = strstr(buf_text(&reply.body), "_in_slow_start{service=\"user-service\"} 0\n") != NULL;
    probe_reply_close(&reply);
    return full;
}

static void count_shares(struct stage *stage, int shares[USERS], int *failed)
{
    for (int i = 0; i < CALLS; i++) {
        struct called called;
        call_orders(stage, 1 + i, &called);
        bool known = false;
        for (int u = 0; u < USERS; u++) {
            char id[32];
            user_id(u, id);
            if (called.status == 200 && strcmp(called.upstream, id) == 0) {
                shares[u]++;
                known = true;
            }
        }
        *failed += !known;
    }
}

bool act_discovery(struct stage *stage)
{
    struct err err = ERR_INIT;
    step_begin("order-service discovers the instances and calls them 1,000 times",
               "each call returns 200, and each instance gets a third of the calls");
    if (stage_start_orders(stage, &err) != 0) {
        step_check(false, "%s", err.text);
        step_end();
        return false;
    }
    int64_t took = time_until(orders_know_all, stage, 60000);
    step_check(took >= 0, "order-service (port %d) knew all three %lld ms after its start", stage->orders.port,
               (long long)took);
    if (stage->kind->polls)
        step_seen("%s", stage->kind->polls);
    time_until(all_have_full_share, stage, 90000);
    int shares[USERS] = {0}, failed = 0;
    count_shares(stage, shares, &failed);
    step_check(failed == 0 && abs(shares[0] - CALLS / USERS) <= 1 && abs(shares[1] - CALLS / USERS) <= 1,
               "%d : %d : %d calls, %d failed", shares[0], shares[1], shares[2], failed);
    step_end();
    return took >= 0;
}

/* --- Weights ------------------------------------------------------------------------ */

struct pair {
    struct stage *stage;
    struct service a, b, orders;
};

static int start_pair(struct pair *pair, struct err *err)
{
    static const char *const a[] = {"SERVICE_NAME=weighted", "SERVICE_ID=A", "SERVICE_WEIGHT=3", NULL};
    static const char *const b[] = {"SERVICE_NAME=weighted", "SERVICE_ID=B", "SERVICE_WEIGHT=1", NULL};
    static const char *const orders[] = {"USER_SERVICE_NAME=weighted", "SERVICE_NAME=weighted-caller", NULL};
    struct stage *stage = pair->stage;
    return stage_start_service(stage, &pair->a, "user-service", a, err) ||
           stage_start_service(stage, &pair->b, "user-service", b, err) ||
           stage_start_service(stage, &pair->orders, "order-service", orders, err);
}

static bool pair_is_known(void *arg)
{
    struct pair *pair = arg;
    struct view view;
    view_take(&pair->orders, "weighted", &view);
    return view.usable == 2;
}

static void show_sequence(struct pair *pair)
{
    char seen[64] = "";
    for (int i = 1; i <= 8; i++) {
        char path[32], url[SERVICE_URL_MAX], upstream[64];
        struct probe_reply reply = {0};
        snprintf(path, sizeof path, "/users/%d", i);
        probe_get(NULL, service_url(&pair->orders, path, url), &reply);
        probe_header(&reply, "X-Upstream", upstream, sizeof upstream);
        probe_reply_close(&reply);
        snprintf(seen + strlen(seen), sizeof seen - strlen(seen), "%.2s ", upstream);
    }
    step_check(strcmp(seen, "A A B A A A B A ") == 0, "%s", seen);
}

void act_weights(struct stage *stage)
{
    struct err err = ERR_INIT;
    struct pair pair = {.stage = stage};
    step_begin("Weights: instance A has weight 3, instance B has weight 1 (exercise 2)",
               "eight calls go to A A B A A A B A: smooth weighted round robin spreads them, not A A A B");
    if (start_pair(&pair, &err) != 0)
        step_check(false, "%s", err.text);
    else if (time_until(pair_is_known, &pair, 60000) < 0)
        step_check(false, "A and B are not passing within 60 s");
    else
        show_sequence(&pair);
    proc_signal(&pair.a.proc, SIGTERM); /* all three drain at once */
    proc_signal(&pair.b.proc, SIGTERM);
    service_stop(&pair.orders);
    service_stop(&pair.a);
    service_stop(&pair.b);
    step_end();
}
