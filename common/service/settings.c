#include "service/settings.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/rand.h"
#include "registry/etcd/etcd.h"
#include "registry/eureka/eureka.h"
#include "registry/nacos/nacos.h"
#include "registry/registry.h"
#include "service/registry_order.h"
#include "store/pg.h"

enum {
    SECOND = 1000,
    MINUTE = 60 * SECOND,
    HOUR = 60 * MINUTE,
    LISTENER_ROWS = 2, /* PORT and BIND_ADDRESS come first in the table */
};

/* --- The table -------------------------------------------------------------------- */

enum { ROWS_MAX = 50 };

struct table {
    struct env_var rows[ROWS_MAX];
    size_t count;
};

static void add_rows(struct table *table, const struct env_var *rows, size_t count)
{
    assert(table->count + count <= ROWS_MAX);
    memcpy(table->rows + table->count, rows, count * sizeof *rows);
    table->count += count;
}

/* Where this instance listens, and what it registers. */
static void add_instance_rows(struct table *table, struct settings *s, const struct settings_defaults *defaults)
{
    const struct env_var rows[] = {
        {"PORT", ENV_INT, defaults->port, &s->port, .max = 65535,
         .help = "port to listen on; 0: any free port, which the log line msg=listening shows"},
        {"BIND_ADDRESS", ENV_TEXT, "0.0.0.0", &s->bind_address, .check = settings_check_bind_address,
         .accepts = "an IPv4 or IPv6 address",
         .help = "address to listen on; 127.0.0.1 accepts only callers on this machine"},
        {"SERVICE_NAME", ENV_TEXT, defaults->name, &s->name, .check = settings_check_name,
         .accepts = SERVICE_NAME_ACCEPTS, .help = "name under which callers discover the service"},
        {"SERVICE_ID", ENV_TEXT, "", &s->id, .check = settings_check_id, .accepts = INSTANCE_ID_ACCEPTS,
         .help = "id of this instance, unique in the registry; empty: <name>-<8 hex digits>, new at each start"},
        {"SERVICE_ADDRESS", ENV_TEXT, "", &s->address, .check = settings_check_service_address,
         .accepts = "an IPv4 or IPv6 address or a host name; not 0.0.0.0 or ::",
         .help = "address to register, to which callers connect; empty: the local address that reaches the registry. "
                 "Set it if callers cannot use that one"},
        {"SERVICE_TAGS", ENV_TEXT, "v1,c", &s->tags, .max = 1024, .check = settings_check_printable,
         .accepts = "at most 1024 bytes of printable UTF-8 text, comma-separated", .help = "tags to register"},
        {"SERVICE_VERSION", ENV_TEXT, PROJECT_VERSION, &s->version, .max = 128, .check = settings_check_printable,
         .accepts = "at most 128 bytes of printable UTF-8 text", .help = "version to register, in the metadata"},
        {"SERVICE_ZONE", ENV_TEXT, "", &s->zone, .max = 128, .check = settings_check_printable,
         .accepts = "at most 128 bytes of printable UTF-8 text",
         .help = "zone to register, in the metadata; callers prefer instances of their own zone; empty: none"},
        {"SERVICE_WEIGHT", ENV_INT, "1", &s->weight, .min = 1, .max = 65535,
         .help = "share of the requests relative to other instances; registered as the weight"},
    };
    add_rows(table, rows, sizeof rows / sizeof *rows);
}

/* How this instance is checked, registered and drained. */
static void add_registration_rows(struct table *table, struct settings *s)
{
    const struct env_var rows[] = {
        {"SERVICE_CHECK", ENV_CHOICE, "http", &s->check, .choices = CHECK_KIND_NAMES,
         .help = "how the registry checks this instance: http calls /health, tcp connects, ttl gets heartbeats, "
                 "grpc calls grpc.health.v1, none does not check"},
        {"GRPC_PORT", ENV_INT, "0", &s->grpc_port, .max = 65535,
         .help = "port of the gRPC health service for SERVICE_CHECK=grpc; 0: any free port"},
        {"CHECK_INTERVAL", ENV_DURATION, "10s", &s->check_interval_ms, .min = SECOND, .max = HOUR,
         .help = "time between two checks by the registry; with SERVICE_CHECK=ttl the TTL is three times this"},
        {"CHECK_TIMEOUT", ENV_DURATION, "5s", &s->check_timeout_ms, .min = SECOND, .max = HOUR,
         .help = "time after which a check without a reply fails"},
        {"DEREGISTER_CRITICAL_AFTER", ENV_DURATION, "5m", &s->deregister_after_ms, .min = MINUTE, .max = 24 * HOUR,
         .help = "time after which Consul removes an instance that stays critical"},
        {"REGISTER_JITTER", ENV_DURATION, "30s", &s->register_jitter_ms, .max = 5 * MINUTE,
         .help = "longest random wait before each registration, so that many instances do not register at once; "
                 "0: no wait"},
        {"RECONCILE_INTERVAL", ENV_DURATION, "5s", &s->reconcile_ms, .min = SECOND / 10, .max = 10 * MINUTE,
         .help = "time between two checks that this instance is still registered; also the longest backoff "
                 "towards a registry"},
        {"DRAIN_TIMEOUT", ENV_DURATION, "8s", &s->drain_timeout_ms, .max = 10 * MINUTE,
         .help = "longest drain after SIGTERM or SIGINT; requests still in progress are then cut off"},
    };
    add_rows(table, rows, sizeof rows / sizeof *rows);
}

static void add_registry_rows(struct table *table, struct settings *s)
{
    const struct env_var rows[] = {
        {"REGISTRIES", ENV_TEXT, "", &s->registries, .check = registry_order_check,
         .accepts = "some of consul, etcd, nacos, eureka, each once, comma-separated",
         .help = "the registries to use, the most trusted first; empty: consul, and then those whose address is set"},
        {"CONSUL_HTTP_ADDR", ENV_TEXT, "http://127.0.0.1:8500", &s->consul.address, .check = consul_check_address,
         .accepts = "http://host:port, https://host:port or host:port, such as http://127.0.0.1:8500",
         .help = "address of the Consul agent", .secret = true},
        {"CONSUL_HTTP_TOKEN", ENV_TEXT, "", &s->consul.token, .max = 1024, .check = settings_check_printable,
         .accepts = "one word of at most 512 bytes", .help = "ACL token for Consul; empty: none", .secret = true},
        {"CONSUL_HTTP_TOKEN_FILE", ENV_TEXT, "", &s->consul.token_file, .accepts = "a file that holds such a token",
         .help = "used instead of CONSUL_HTTP_TOKEN", .secret = true},
        {"CONSUL_HTTP_SSL", ENV_BOOL, "false", &s->consul.ssl,
         .help = "use https, whatever scheme CONSUL_HTTP_ADDR has", .secret = true},
        {"CONSUL_HTTP_SSL_VERIFY", ENV_BOOL, "true", &s->consul.ssl_verify,
         .help = "verify Consul's certificate; false is only for tests", .secret = true},
        {"CONSUL_CACERT", ENV_TEXT, "", &s->consul.ca_file, .check = settings_check_pem,
         .accepts = "a PEM file that can be read", .help = "CA that signed Consul's certificate; empty: the system's"},
        {"CONSUL_CLIENT_CERT", ENV_TEXT, "", &s->consul.client_cert, .check = settings_check_pem,
         .accepts = "a PEM file that can be read", .help = "client certificate, if Consul requires one"},
        {"CONSUL_CLIENT_KEY", ENV_TEXT, "", &s->consul.client_key, .check = settings_check_pem,
         .accepts = "a PEM file that can be read", .help = "key of CONSUL_CLIENT_CERT"},
        {"CONSUL_TLS_SERVER_NAME", ENV_TEXT, "", &s->consul.tls_server_name, .check = settings_check_host,
         .accepts = "a host name or an IP address",
         .help = "name to expect in Consul's certificate; empty: the host of CONSUL_HTTP_ADDR"},
        {"ETCD_ENDPOINTS", ENV_TEXT, "", &s->etcd_endpoints, .max = 4096, .check = etcd_check_endpoints,
         .accepts = "http[s]://[user:password@]host:port, comma-separated, "
                    "such as http://127.0.0.1:2379,http://127.0.0.2:2379",
         .help = "etcd as a registry; empty: none", .secret = true},
        {"NACOS_SERVER_ADDR", ENV_TEXT, "", &s->nacos.server_addr, .max = 4096, .check = nacos_check_server_addr,
         .accepts = "[http[s]://]host[:port][/path], comma-separated, without a user, such as 127.0.0.1:8848",
         .help = "Nacos' servers as a registry; empty: none", .secret = true},
        {"NACOS_NAMESPACE", ENV_TEXT, "public", &s->nacos.namespace_id, .max = 128, .check = settings_check_printable,
         .accepts = "at most 128 bytes of printable UTF-8 text", .help = "id of the namespace in Nacos"},
        {"NACOS_GROUP", ENV_TEXT, "DEFAULT_GROUP", &s->nacos.group, .max = 128, .check = settings_check_printable,
         .accepts = "at most 128 bytes of printable UTF-8 text", .help = "group of the services in Nacos"},
        {"NACOS_USERNAME", ENV_TEXT, "", &s->nacos.username, .max = 256, .check = settings_check_printable,
         .accepts = "at most 256 bytes of printable UTF-8 text", .help = "user for Nacos; empty: no login"},
        {"NACOS_PASSWORD", ENV_TEXT, "", &s->nacos.password, .max = 256, .check = settings_check_printable,
         .accepts = "at most 256 bytes of printable UTF-8 text", .help = "password of NACOS_USERNAME", .secret = true},
        {"NACOS_PASSWORD_FILE", ENV_TEXT, "", &s->nacos.password_file, .accepts = "a file that holds such a password",
         .help = "used instead of NACOS_PASSWORD", .secret = true},
        {"EUREKA_URL", ENV_TEXT, "", &s->eureka_url, .max = 4096, .check = eureka_check_url,
         .accepts = "http[s]://[user:password@]host:port/eureka, comma-separated, such as http://127.0.0.1:8761/eureka",
         .help = "Eureka's servers as a registry; empty: none", .secret = true},
    };
    add_rows(table, rows, sizeof rows / sizeof *rows);
}

/* PostgreSQL, health checks, log. */
static void add_dependency_rows(struct table *table, struct settings *s)
{
    const struct env_var rows[] = {
        {"DATABASE_URL", ENV_TEXT, "postgresql://lesson:lesson@127.0.0.1:5432/lesson", &s->database_url,
         .check = pg_check_url, .accepts = "a libpq URI, such as postgresql://user:password@127.0.0.1:5432/database",
         .help = "PostgreSQL to use", .secret = true},
        {"DATABASE_TIMEOUT", ENV_DURATION, "2s", &s->database_timeout_ms, .min = SECOND / 10, .max = 5 * MINUTE,
         .help = "longest wait for PostgreSQL; then the reply is 503"},
        {"HEALTH_TIMEOUT", ENV_DURATION, "1s", &s->health_timeout_ms, .min = SECOND / 20, .max = MINUTE,
         .help = "longest wait of /health for each dependency; all are checked at the same time"},
        {"DISK_PATH", ENV_TEXT, "/", &s->disk_path, .max = 4095, .check = settings_check_absolute_path,
         .accepts = "an absolute path", .help = "/health checks the free space and inodes of this path's file system"},
        {"DISK_MIN_FREE", ENV_TEXT, "5%", &s->disk_min_free, .check = settings_check_min_free,
         .accepts = "0% to 100%, or a size such as 500MB (B, KB to TB, KiB to TiB)",
         .help = "with less free space, or a smaller share of free inodes, the instance is unhealthy; a size needs one "
                 "free inode; 0%: nothing needs to be free"},
        {"LOG_LEVEL", ENV_CHOICE, "info", &s->log_level, .choices = "debug|info|warn|error",
         .help = "lowest level to log; debug logs every request"},
    };
    add_rows(table, rows, sizeof rows / sizeof *rows);
}

static struct table table_of(struct settings *s, const struct settings_defaults *defaults)
{
    struct table table = {0};
    add_instance_rows(&table, s, defaults);
    add_registration_rows(&table, s);
    add_registry_rows(&table, s);
    add_dependency_rows(&table, s);
    return table;
}

int settings_read(struct settings *settings, const struct settings_defaults *defaults, struct err *err)
{
    struct table table = table_of(settings, defaults);
    if (env_read(table.rows, table.count, err) != 0)
        return -1;
    if (!*settings->id) {
        snprintf(settings->made_id, sizeof settings->made_id, "%s-%08x", settings->name, (unsigned)rand_u64());
        settings->id = settings->made_id;
    }
    return 0;
}

int settings_read_listener(struct settings *settings, const struct settings_defaults *defaults, struct err *err)
{
    struct table table = table_of(settings, defaults);
    return env_read(table.rows, LISTENER_ROWS, err);
}

const char *settings_own_host(const struct settings *settings)
{
    if (strcmp(settings->bind_address, "0.0.0.0") == 0)
        return "127.0.0.1";
    return strcmp(settings->bind_address, "::") == 0 ? "::1" : settings->bind_address;
}

struct env_var settings_row(struct settings *settings, const struct settings_defaults *defaults, const char *name)
{
    struct table table = table_of(settings, defaults);
    const struct env_var *row = env_find(table.rows, table.count, name);
    assert(row);
    return *row;
}

void settings_help(FILE *out, const struct settings_defaults *defaults)
{
    struct settings ignored;
    struct table table = table_of(&ignored, defaults);
    env_help(out, table.rows, table.count);
}
