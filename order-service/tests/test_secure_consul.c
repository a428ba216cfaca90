/* A Consul as in production: TLS with client certificates, and ACLs that deny by default.
 * Each CONSUL_HTTP_… setting works as it does for Consul's own tools. */
#include <stdlib.h>

#include "scene.h"
#include "scene_requests.h"

TestSuite(secure_consul, .timeout = 300);

#define TOKEN "11111111-aaaa-4aaa-8aaa-111111111111"
#define NEXT_TOKEN "22222222-bbbb-4bbb-8bbb-222222222222"
#define WRONG_TOKEN "33333333-cccc-4ccc-8ccc-333333333333"
#define AGENT_TOKEN "44444444-dddd-4ddd-8ddd-444444444444"

static struct port https;
static char admin_header[96];
static char token_path[PLACE_PATH_MAX + 16];

/* Settings with the ports and files of this run. */
static char address[64], host_address[64], plain_address[64];
static char ca[PLACE_PATH_MAX + 64], cert[PLACE_PATH_MAX + 64], key[PLACE_PATH_MAX + 64];
static char token_file[PLACE_PATH_MAX + 64];

/* --- Consul with TLS and ACLs -------------------------------------------------------------- */

static void make_certificates(void)
{
    char source[PLACE_PATH_MAX], script[3 * PLACE_PATH_MAX], log[PLACE_PATH_MAX + 16];
    source_path(source);
    snprintf(log, sizeof log, "%s/tls.log", world.folder.path);
    snprintf(script, sizeof script,
             "consul=$('%s/consul-dev/get-consul') && cd '%s' && $consul tls ca create && "
             "$consul tls cert create -server && $consul tls cert create -client",
             source, world.folder.path);
    const char *const argv[] = {"bash", "-c", script, NULL};
    cr_assert_eq(proc_run(argv, NULL, log, PATIENCE_MS, &err), 0, "%s", err.text);
    snprintf(ca, sizeof ca, "CONSUL_CACERT=%s/consul-agent-ca.pem", world.folder.path);
    snprintf(cert, sizeof cert, "CONSUL_CLIENT_CERT=%s/dc1-client-consul-0.pem", world.folder.path);
    snprintf(key, sizeof key, "CONSUL_CLIENT_KEY=%s/dc1-client-consul-0-key.pem", world.folder.path);
}

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    cr_assert(file && fputs(text, file) >= 0 && fclose(file) == 0, "%s", path);
}

/* The plain port stays open for the test itself; ACLs apply there as well. */
static void configure_consul(void)
{
    static char option[PLACE_PATH_MAX + 64];
    char path[PLACE_PATH_MAX + 16], text[4 * PLACE_PATH_MAX];
    cr_assert_eq(port_take(&https, &err), 0, "%s", err.text);
    snprintf(path, sizeof path, "%s/secure.hcl", world.folder.path);
    snprintf(text, sizeof text,
             "ports { https = %d }\n"
             "verify_incoming_https = true\n"
             "ca_file = \"%s/consul-agent-ca.pem\"\n"
             "cert_file = \"%s/dc1-server-consul-0.pem\"\n"
             "key_file = \"%s/dc1-server-consul-0-key.pem\"\n"
             "acl { enabled = true default_policy = \"deny\" }\n",
             https.number, world.folder.path, world.folder.path, world.folder.path);
    write_file(path, text);
    snprintf(option, sizeof option, "-config-file=%s", path);
    world.consul.options[0] = "-dev";
    world.consul.options[1] = option;
}

/* Sends a request with the administrator's token. body: NULL for none. reply: may be NULL. */
static int admin(const char *method, const char *path, const char *body, struct probe_reply *reply)
{
    char url[256];
    struct probe_reply own = {0};
    struct err ignored = ERR_INIT;
    const char *const headers[] = {*admin_header ? admin_header : NULL, NULL};
    snprintf(url, sizeof url, "%s%s", world.consul.url, path);
    struct probe_request request = {.method = method, .url = url, .headers = headers, .body = body};
    int status = probe_send(NULL, &request, reply ? reply : &own, &ignored) == 0 ? (reply ? reply : &own)->status : 0;
    probe_reply_close(&own);
    return status;
}

static bool bootstraps(void *arg)
{
    static const char name[] = "\"SecretID\": \""; /* in dev mode Consul formats its JSON with spaces */
    struct probe_reply reply = {0};
    (void)arg;
    bool so = admin("PUT", "/v1/acl/bootstrap", NULL, &reply) == 200;
    const char *secret = so ? strstr(buf_text(&reply.body), name) : NULL;
    if (secret)
        snprintf(admin_header, sizeof admin_header, "X-Consul-Token: %.36s", secret + strlen(name));
    probe_reply_close(&reply);
    return secret != NULL;
}

static void add_policy(const char *name, const char *rules)
{
    char body[512];
    snprintf(body, sizeof body, "{\"Name\":\"%s\",\"Rules\":\"%s\"}", name, rules);
    cr_expect_eq(admin("PUT", "/v1/acl/policy", body, NULL), 200, "%s", name);
}

/* The accessor equals the secret, so that delete_token() needs only the secret. */
static void add_token(const char *token, const char *policy)
{
    char body[256];
    snprintf(body, sizeof body, "{\"AccessorID\":\"%s\",\"SecretID\":\"%s\",\"Policies\":[{\"Name\":\"%s\"}]}",
             token, token, policy);
    cr_expect_eq(admin("PUT", "/v1/acl/token", body, NULL), 200, "%s", token);
}

static void open_secure(void)
{
    open_world();
    server_stop(&world.consul);
    make_certificates();
    configure_consul();
    start_server(&world.consul);
    cr_assert(wait_until(bootstraps, NULL, PATIENCE_MS), "ACLs cannot be bootstrapped");
    add_policy("services", "service_prefix \\\"\\\" { policy = \\\"write\\\" } "
                           "node_prefix \\\"\\\" { policy = \\\"read\\\" } "
                           "key_prefix \\\"config/user-service/\\\" { policy = \\\"read\\\" }");
    add_token(TOKEN, "services");
    /* Newer agents remove a service from the catalog with a token of their own. */
    add_policy("agent", "node_prefix \\\"\\\" { policy = \\\"write\\\" } "
                        "service_prefix \\\"\\\" { policy = \\\"read\\\" }");
    add_token(AGENT_TOKEN, "agent");
    cr_expect_eq(admin("PUT", "/v1/agent/token/agent", "{\"Token\":\"" AGENT_TOKEN "\"}", NULL), 200);
    snprintf(address, sizeof address, "CONSUL_HTTP_ADDR=https://127.0.0.1:%d", https.number);
    snprintf(host_address, sizeof host_address, "CONSUL_HTTP_ADDR=127.0.0.1:%d", https.number);
    snprintf(plain_address, sizeof plain_address, "CONSUL_HTTP_ADDR=http://127.0.0.1:%d", https.number);
    snprintf(token_path, sizeof token_path, "%s/token", world.folder.path);
    snprintf(token_file, sizeof token_file, "CONSUL_HTTP_TOKEN_FILE=%s", token_path);
    write_file(token_path, TOKEN "\n");
}

static void close_secure(void)
{
    close_world();
    port_release(&https);
}

/* --- Every setting ---------------------------------------------------------------------------- */

/* settings: override address, ca, cert, key and the valid token. */
static void expect_log(const char *said, const char *const settings[])
{
    const char *env[SETTINGS_MAX] = {address, ca, cert, key, "CONSUL_HTTP_TOKEN=" TOKEN};
    for (size_t i = 5; *settings; settings++)
        env[i++] = *settings;
    cr_assert_eq(service_start(&users[0], &world, "user-service", env, &err), 0, "%s", err.text);
    bool so = proc_wait_output(&users[0].proc, said, NULL, 0, PATIENCE_MS);
    char *log = proc_output(&users[0].proc);
    cr_expect(so, "want %s, have %s", said, log);
    cr_expect_null(strstr(log, TOKEN), "%s", log);
    cr_expect_null(strstr(log, WRONG_TOKEN), "%s", log);
    free(log);
    proc_stop(&users[0].proc, SIGKILL, PATIENCE_MS);
}

#define EXPECT_LOG(said, ...) expect_log(said, (const char *const[]){__VA_ARGS__ __VA_OPT__(, ) NULL})
#define REGISTERED "msg=registered registry=consul"

Test(secure_consul, consul_settings_work_as_in_consuls_own_tools, .init = open_secure)
{
    EXPECT_LOG(REGISTERED);
    EXPECT_LOG(REGISTERED, host_address, "CONSUL_HTTP_SSL=true");
    EXPECT_LOG(REGISTERED, "CONSUL_CACERT=", "CONSUL_HTTP_SSL_VERIFY=false");
    EXPECT_LOG(REGISTERED, "CONSUL_TLS_SERVER_NAME=server.dc1.consul");
    EXPECT_LOG(REGISTERED, "CONSUL_HTTP_TOKEN=" WRONG_TOKEN, token_file);

    EXPECT_LOG("HTTP 403: ACL not found", "CONSUL_HTTP_TOKEN=" WRONG_TOKEN);
    EXPECT_LOG("HTTP 403: Permission denied", "CONSUL_HTTP_TOKEN=");
    EXPECT_LOG("SSL certificate problem", "CONSUL_CACERT=");
    EXPECT_LOG("no alternative certificate subject name matches", "CONSUL_TLS_SERVER_NAME=other.example");
    /* "bad certificate", or "certificate required" from a newer Consul */
    EXPECT_LOG(" alert ", "CONSUL_CLIENT_CERT=", "CONSUL_CLIENT_KEY=");
    EXPECT_LOG("msg=register_failed", plain_address);
    close_secure();
}

/* The configuration center has the same address, token and TLS. */
Test(secure_consul, keys_are_read_with_the_services_token, .init = open_secure)
{
    cr_expect_eq(admin("PUT", "/v1/kv/config/user-service/LOG_LEVEL", "debug", NULL), 200);
    EXPECT_LOG("msg=config_changed key=LOG_LEVEL value=debug was=info source=consul-kv");
    EXPECT_LOG("the token needs key_prefix \\\"config/user-service/\\\"", "CONSUL_HTTP_TOKEN=" WRONG_TOKEN);
    close_secure();
}

/* --- Change the token ------------------------------------------------------------------------------- */

#define PASSES "\"Status\": \"passing\""
#define FAILS "\"Status\": \"critical\""

/* True: the text is in the servers' catalog, which can differ from what the agent has. */
static bool catalog_has(void *text)
{
    struct probe_reply reply = {0};
    bool so = admin("GET", "/v1/health/checks/user-service", NULL, &reply) == 200 &&
              strstr(buf_text(&reply.body), text);
    probe_reply_close(&reply);
    return so;
}

static void delete_token(const char *token)
{
    char path[96];
    snprintf(path, sizeof path, "/v1/acl/token/%s", token);
    cr_expect_eq(admin("DELETE", path, NULL, NULL), 200, "%s", token);
}

static void expect_passing(const char *when)
{
    await(catalog_has, PASSES, PATIENCE_MS, when);
}

Test(secure_consul, changed_token_file_is_used_without_restart, .init = open_secure)
{
    const char *const env[] = {address, ca, cert, key, token_file, NULL};
    write_file(token_path, WRONG_TOKEN);
    memcpy(user_settings, env, sizeof env);
    memcpy(order_settings, env, sizeof env);
    start_user(0);
    start_orders();
    cr_expect(proc_wait_output(&users[0].proc, "HTTP 403: ACL not found", NULL, 0, PATIENCE_MS));
    cr_expect_eq(get_status(&orders, "/users/7", NULL), 503);

    write_file(token_path, TOKEN);
    expect_passing("token corrected: registered, and passing in the catalog");
    await(user_is_usable, &(int){0}, PATIENCE_MS, "order-service finds it");
    cr_expect_eq(get_status(&orders, "/users/7", NULL), 200);

    add_token(NEXT_TOKEN, "services");
    write_file(token_path, NEXT_TOKEN);
    delete_token(TOKEN);
    server_stop(&world.redis);
    await(catalog_has, FAILS, PATIENCE_MS, "token replaced: the new status reaches the catalog");
    start_server(&world.redis);
    expect_passing("passing again, with the new token");
    await(user_is_usable, &(int){0}, PATIENCE_MS, "order-service finds it");
    cr_expect_eq(service_stop(&users[0]), 0);
    await_reply(&orders, "/users/7", 503, "No healthy user-service instances");
    cr_expect_eq(service_stop(&orders), 0);
    close_secure();
}

Test(secure_consul, maintenance_outlives_a_new_token, .init = open_secure)
{
    const char *const env[] = {address, ca, cert, key, token_file, NULL};
    memcpy(user_settings, env, sizeof env);
    start_user(0);
    expect_passing("registered, and passing in the catalog");
    cr_expect_eq(admin("PUT", "/v1/agent/service/maintenance/user-service-1?enable=true", NULL, NULL), 200);
    await(catalog_has, "_service_maintenance:", PATIENCE_MS, "in maintenance");

    add_token(NEXT_TOKEN, "services");
    write_file(token_path, NEXT_TOKEN);
    delete_token(TOKEN);
    server_stop(&world.redis);
    await(catalog_has, "503 Service Unavailable", PATIENCE_MS, "token replaced: the new output reaches the catalog");
    cr_expect(catalog_has("_service_maintenance:"));
    start_server(&world.redis);
    cr_expect_eq(service_stop(&users[0]), 0);
    close_secure();
}
