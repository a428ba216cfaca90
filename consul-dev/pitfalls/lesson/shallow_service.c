/* The lesson, part IV, 6: user_service.py, with a database, and with the mistakes of pitfalls 1 and 2. Each line of
 * Python stands above the C code that does the same.
 *
 *     shallow_service SERVICE ID CHECK_INTERVAL     (listens on any free port of 127.0.0.1)
 */
#include "0-lesson/consul.h"

#include <arpa/inet.h>
#include <libpq-fe.h>
#include <microhttpd.h>
#include <stdbool.h>
#include <unistd.h>

static const char *service_name, *service_id, *check_interval;
static int port;
static PGconn *db;

static enum MHD_Result reply(struct MHD_Connection *connection, unsigned status, const char *body)
{
    struct MHD_Response *response =
        MHD_create_response_from_buffer(strlen(body), (void *)(uintptr_t)body, MHD_RESPMEM_MUST_COPY);
    MHD_add_response_header(response, "Content-Type", "application/json");
    enum MHD_Result result = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return result;
}

/* @app.route('/users/<user_id>')
 * def get_user(user_id): reads the user from the database; without it Flask replies 500 */
static enum MHD_Result get_user(struct MHD_Connection *connection, const char *user_id)
{
    char body[512];
    const char *const values[] = {user_id};
    if (PQstatus(db) != CONNECTION_OK)
        PQreset(db);
    PGresult *result =
        PQexecParams(db, "SELECT name, email FROM users WHERE id = $1::bigint", 1, NULL, values, NULL, NULL, 0);
    bool found = PQresultStatus(result) == PGRES_TUPLES_OK && PQntuples(result) == 1;
    if (found)
        snprintf(body, sizeof body, "{\"id\": \"%.20s\", \"name\": \"%.100s\", \"email\": \"%.100s\"}", user_id,
                 PQgetvalue(result, 0, 0), PQgetvalue(result, 0, 1));
    PQclear(result);
    return found ? reply(connection, MHD_HTTP_OK, body)
                 : reply(connection, MHD_HTTP_INTERNAL_SERVER_ERROR, "{\"error\": \"Internal Server Error\"}");
}

static enum MHD_Result handle(void *arg, struct MHD_Connection *connection, const char *path, const char *method,
                              const char *version, const char *upload, size_t *size, void **state)
{
    (void)arg, (void)method, (void)version, (void)upload, (void)size, (void)state;
    /* @app.route('/health')
     * def health(): return jsonify({"status": "healthy"})     # pitfall 1: it checks only that the process runs */
    if (strcmp(path, "/health") == 0)
        return reply(connection, MHD_HTTP_OK, "{\"status\": \"healthy\"}");
    return get_user(connection, strncmp(path, "/users/", 7) == 0 ? path + 7 : "");
}

/* consul_client.agent.service.register(name=…, service_id=…, address=…, port=…, check=consul.Check.http(…)) */
static void register_service(void)
{
    char check_url[64], url[512];
    snprintf(check_url, sizeof check_url, "http://127.0.0.1:%d/health", port);
    json_t *service =
        json_pack("{s:s, s:s, s:s, s:i, s:{s:s, s:s, s:s}}", "Name", service_name, "ID", service_id, "Address",
                  "127.0.0.1", "Port", port, "Check", "HTTP", check_url, "Interval", check_interval, "Timeout", "5s");
    char *body = json_dumps(service, 0);
    json_decref(http_json(consul_url("/v1/agent/service/register", url), body, NULL));
    free(body);
    json_decref(service);
}

static bool consul_has_forgotten(void)
{
    char path[160], url[512];
    long status = 0;
    snprintf(path, sizeof path, "/v1/agent/service/%.100s", service_id);
    json_decref(http_json(consul_url(path, url), NULL, &status));
    return status == 404;
}

int main(int argc, char **argv)
{
    if (argc != 4)
        return raise_error("usage: shallow_service SERVICE ID CHECK_INTERVAL");
    service_name = argv[1], service_id = argv[2], check_interval = argv[3];
    db = PQconnectdb(getenv("DATABASE_URL") ? getenv("DATABASE_URL") : "");

    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct MHD_Daemon *daemon = MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD, 0, NULL, NULL, handle, NULL,
                                                 MHD_OPTION_SOCK_ADDR, (struct sockaddr *)&address, MHD_OPTION_END);
    if (!daemon)
        return raise_error("app.run: %s", strerror(errno));
    port = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_BIND_PORT)->port;
    register_service();

    /* while True:
     *     time.sleep(1)
     *     if forgotten(): register()     # pitfall 2: at once, as all others do in the same second */
    for (;;) {
        sleep(1);
        if (consul_has_forgotten())
            register_service();
    }
}
