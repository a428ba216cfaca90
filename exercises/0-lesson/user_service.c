/* The lesson, part IV, 6: user_service.py. Each line of Python stands above the C code that does the same.
 *
 *     user_service PORT ID     (run register first: it registers the service and prints the ID)
 */
#include "consul.h"

#include <microhttpd.h>
#include <unistd.h>

static const char *service_id;

static enum MHD_Result reply(struct MHD_Connection *connection, char *body)
{
    struct MHD_Response *response = MHD_create_response_from_buffer(strlen(body), body, MHD_RESPMEM_MUST_COPY);
    MHD_add_response_header(response, "Content-Type", "application/json");
    enum MHD_Result result = MHD_queue_response(connection, MHD_HTTP_OK, response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result handle(void *arg, struct MHD_Connection *connection, const char *path, const char *method,
                              const char *version, const char *upload, size_t *size, void **state)
{
    (void)arg, (void)method, (void)version, (void)upload, (void)size, (void)state;
    char body[512];
    /* @app.route('/health')
     * def health(): return jsonify({"status": "healthy"}) */
    if (strcmp(path, "/health") == 0)
        return reply(connection, (char[]){"{\"status\": \"healthy\"}"});
    /* @app.route('/users/<user_id>')
     * def get_user(user_id): return jsonify({"id": user_id, "name": f"User{user_id}", "email": …}) */
    const char *user_id = strncmp(path, "/users/", 7) == 0 ? path + 7 : "";
    snprintf(body, sizeof body, "{\"id\": \"%.20s\", \"name\": \"User%.20s\", \"email\": \"user%.20s@example.com\"}",
             user_id, user_id, user_id);
    return reply(connection, body);
}

/* atexit.register(lambda: consul_client.agent.service.deregister(service_id)) */
static void deregister_service(void)
{
    char path[256], url[512];
    snprintf(path, sizeof path, "/v1/agent/service/deregister/%s", service_id);
    json_decref(http_json(consul_url(path, url), "", NULL));
}

int main(int argc, char **argv)
{
    if (argc != 3)
        return raise_error("usage: user_service PORT ID");
    service_id = argv[2];
    atexit(deregister_service);
    /* app.run(host='0.0.0.0', port=SERVICE_PORT) */
    struct MHD_Daemon *daemon = MHD_start_daemon(MHD_USE_INTERNAL_POLLING_THREAD, (uint16_t)atoi(argv[1]), NULL, NULL,
                                                 handle, NULL, MHD_OPTION_END);
    if (!daemon)
        return raise_error("app.run: %s", strerror(errno));
    getchar(); /* waits for Enter or the end of input; then atexit runs. On SIGTERM it does not run */
    MHD_stop_daemon(daemon);
    return 0;
}
