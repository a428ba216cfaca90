/* An order that was answered with 201 is stored once, even if PostgreSQL or
 * order-service is killed or hangs meanwhile. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>

#include "scene.h"

TestSuite(outages_orders, .timeout = 300);

enum {
    WRITERS = 8,
    ORDERS_MAX = 20000, /* per writer */
    KILLS = 6,
    ANSWER_MS = 30000,   /* twice DATABASE_TIMEOUT and CALL_TIMEOUT make 13 s at most */
    BETWEEN_KILLS = 100, /* orders of all writers together, so that each kill meets orders in flight */
};

/* A correct client: it has one key for each order and repeats the request with that key
 * until it gets 201. The order's item is the key as well, so that an order that was placed
 * twice can be found. */
struct writer {
    int number, count;
    char (*ids)[24]; /* of each order, from its 201 */
};

static atomic_int placed, retried, rejected, unanswered;
static atomic_bool writers_stop;

static void sleep_ms(long ms)
{
    nanosleep(&(struct timespec){.tv_nsec = ms * 1000000}, NULL);
}

static void read_id(const struct probe_reply *reply, char id[24])
{
    const char *at = strstr(buf_text(&reply->body), "\"id\":\"");
    snprintf(id, 24, "%.*s", at ? (int)strcspn(at + 6, "\"") : 0, at ? at + 6 : "");
}

/* One attempt. It may fail during an outage, but the reply must never say that the order
 * is wrong (4xx). */
static bool place(struct probe *probe, const char *key, char id[24])
{
    char url[SERVICE_URL_MAX], body[160], header[96];
    struct probe_reply reply = {0};
    struct err cause = ERR_INIT;
    snprintf(body, sizeof body, "{\"user_id\":\"7\",\"item\":\"%s\",\"quantity\":1}", key);
    snprintf(header, sizeof header, "Idempotency-Key: %s", key);
    const struct probe_request request = {.url = service_url(&orders, "/orders", url),
                                          .headers = (const char *const[]){header, NULL},
                                          .body = body,
                                          .timeout_ms = ANSWER_MS};
    int status = probe_send(probe, &request, &reply, &cause) == 0 ? reply.status : 0;
    if (status == 201)
        read_id(&reply, id);
    else if (status == 0)
        unanswered++;
    else if (status != 503 && rejected++ == 0)
        fprintf(stderr, "    %s: %d %s\n", key, status, buf_text(&reply.body));
    probe_reply_close(&reply);
    return status == 201;
}

static void order_key(const struct writer *writer, int n, char key[48])
{
    snprintf(key, 48, "writer-%d-order-%d", writer->number, n);
}

static void *write_orders(void *arg)
{
    struct writer *writer = arg;
    struct probe *probe = probe_new();
    while (!writers_stop && writer->count < ORDERS_MAX) {
        char key[48];
        order_key(writer, writer->count, key);
        while (!place(probe, key, writer->ids[writer->count])) {
            retried++;
            sleep_ms(20);
        }
        writer->count++;
        placed++;
        sleep_ms(2);
    }
    probe_free(probe);
    return NULL;
}

/* --- Checks after the outages ----------------------------------------------------------- */

struct again {
    struct probe *probe;
    char key[48], id[24];
};

static bool is_answered_again(void *arg)
{
    struct again *again = arg;
    return place(again->probe, again->key, again->id);
}

/* If the same key gives the same order again, the order is still stored. */
static void expect_kept(const struct writer *writer)
{
    struct probe *probe = probe_new();
    int lost = 0;
    for (int n = 0; n < writer->count; n++) {
        struct again again = {.probe = probe};
        order_key(writer, n, again.key);
        if (!wait_until(is_answered_again, &again, PATIENCE_MS) || strcmp(again.id, writer->ids[n]) != 0) {
            if (lost++ == 0)
                fprintf(stderr, "    %s was answered %s, now it is %s\n", again.key, writer->ids[n], again.id);
        }
    }
    cr_expect_eq(lost, 0, "writer %d: %d of %d", writer->number, lost, writer->count);
    probe_free(probe);
}

static void expect_counted(int expected)
{
    char sql[256];
    snprintf(sql, sizeof sql,
             "SELECT 1 / (count(*) = %d AND count(DISTINCT item) = %d)::int FROM orders WHERE item LIKE 'writer-%%'",
             expected, expected);
    cr_expect_eq(server_sql(&world.postgres, NULL, sql, &err), 0, "not %d orders, each once: %s", expected, err.text);
}

static bool is_placed(void *arg)
{
    return placed >= *(int *)arg;
}

static void write_while(void (*disturb)(int turn), const char *what)
{
    static struct writer writers[WRITERS];
    pthread_t threads[WRITERS];
    for (int i = 0; i < WRITERS; i++) {
        writers[i] = (struct writer){.number = i, .ids = calloc(ORDERS_MAX, sizeof *writers[i].ids)};
        pthread_create(&threads[i], NULL, write_orders, &writers[i]);
    }
    for (int turn = 0; turn < KILLS; turn++) {
        int target = placed + BETWEEN_KILLS;
        cr_expect(wait_until(is_placed, &target, PATIENCE_MS), "orders are placed again");
        disturb(turn);
    }
    int target = placed + BETWEEN_KILLS;
    cr_expect(wait_until(is_placed, &target, PATIENCE_MS), "orders are placed again");

    writers_stop = true;
    for (int i = 0; i < WRITERS; i++)
        pthread_join(threads[i], NULL);
    cr_expect_eq(rejected, 0, "a retry is never answered 4xx");
    cr_expect_gt(retried, 0, "no writer met the outage");
    for (int i = 0; i < WRITERS; i++) {
        expect_kept(&writers[i]);
        free(writers[i].ids);
    }
    expect_counted(placed);
    REPORT("%s: %d orders answered 201 with %d retries, none lost, none doubled", what, placed, retried);
}

/* --- The tests --------------------------------------------------------------------------- */

static void kill_postgres(int turn)
{
    (void)turn;
    server_kill(&world.postgres);
    start_server(&world.postgres);
}

Test(outages_orders, killed_postgresql_loses_and_doubles_no_order, .init = open_scene, .fini = close_scene)
{
    write_while(kill_postgres, "PostgreSQL killed 6 times");
    cr_expect_eq(unanswered, 0, "%d requests", unanswered);
}

/* Longer than DATABASE_TIMEOUT: a statement may be committed after its request got 503. */
static void hang_postgres(int turn)
{
    (void)turn;
    int retries = retried + WRITERS;
    server_pause(&world.postgres);
    while (retried < retries)
        sleep_ms(20);
    server_resume(&world.postgres);
}

Test(outages_orders, hung_postgresql_loses_and_doubles_no_order, .init = open_scene, .fini = close_scene)
{
    write_while(hang_postgres, "PostgreSQL hung 6 times");
    cr_expect_eq(unanswered, 0, "%d requests got no reply in time", unanswered);
}

static void kill_orders(int turn)
{
    (void)turn;
    proc_stop(&orders.proc, SIGKILL, 5000);
    start_orders();
}

Test(outages_orders, killed_order_service_loses_and_doubles_no_order, .init = open_scene, .fini = close_scene)
{
    write_while(kill_orders, "order-service killed 6 times");
}
