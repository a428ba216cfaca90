/* The settings that both services read from the environment: defaults, valid and wrong values. */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "registry/registry.h"
#include "service/settings.h"

static const struct settings_defaults defaults = {"user-service", "8001"};
static struct settings settings;
static struct err err;

static int read_with(const char *name, const char *value)
{
    err_clear(&err);
    setenv(name, value, 1);
    int status = settings_read(&settings, &defaults, &err);
    unsetenv(name);
    return status;
}

Test(settings, unset_variables_have_their_documented_defaults)
{
    cr_assert_eq(settings_read(&settings, &defaults, &err), 0, "%s", err.text);
    cr_expect_eq(settings.port, 8001);
    cr_expect_str_eq(settings.bind_address, "0.0.0.0");
    cr_expect_str_eq(settings.name, "user-service");
    cr_expect_str_eq(settings.address, "");
    cr_expect_str_eq(settings.tags, "v1,c");
    cr_expect_str_eq(settings.version, PROJECT_VERSION);
    cr_expect_eq(settings.weight, 1);
    cr_expect_eq(settings.check, CHECK_HTTP);
    cr_expect_eq(settings.check_interval_ms, 10000);
    cr_expect_eq(settings.check_timeout_ms, 5000);
    cr_expect_eq(settings.deregister_after_ms, 300000);
    cr_expect_eq(settings.register_jitter_ms, 30000);
    cr_expect_eq(settings.reconcile_ms, 5000);
    cr_expect_eq(settings.drain_timeout_ms, 8000);
    cr_expect_str_eq(settings.consul.address, "http://127.0.0.1:8500");
    cr_expect(settings.consul.ssl_verify);
    cr_expect_str_eq(settings.registries, "");
    cr_expect_str_eq(settings.etcd_endpoints, "");
    cr_expect_str_eq(settings.nacos.server_addr, "");
    cr_expect_str_eq(settings.nacos.namespace_id, "public");
    cr_expect_str_eq(settings.nacos.group, "DEFAULT_GROUP");
    cr_expect_str_eq(settings.nacos.username, "");
    cr_expect_str_eq(settings.eureka_url, "");
    cr_expect_str_eq(settings.database_url, "postgresql://lesson:lesson@127.0.0.1:5432/lesson");
    cr_expect_eq(settings.database_timeout_ms, 2000);
    cr_expect_eq(settings.health_timeout_ms, 1000);
    cr_expect_str_eq(settings.disk_min_free, "5%");
    cr_expect_eq(settings.log_level, LOG_INFO);
}

Test(settings, default_id_is_the_name_and_eight_hex_digits)
{
    cr_assert_eq(read_with("SERVICE_NAME", "accounts"), 0, "%s", err.text);
    cr_expect_eq(strlen(settings.id), strlen("accounts-") + 8);
    cr_expect_eq(strncmp(settings.id, "accounts-", 9), 0);
    cr_expect_eq(strspn(settings.id + 9, "0123456789abcdef"), 8);

    char first[80];
    snprintf(first, sizeof first, "%s", settings.id);
    read_with("SERVICE_NAME", "accounts");
    cr_expect_str_neq(settings.id, first);
}

Test(settings, wrong_value_is_rejected_with_one_line)
{
    static const char *const wrong[][2] = {
        {"PORT", "70000"},
        {"PORT", "-1"},
        {"PORT", "80a"},
        {"BIND_ADDRESS", "localhost"},
        {"SERVICE_NAME", "user service"},
        {"SERVICE_NAME", "a/b"},
        {"SERVICE_NAME", "0123456789012345678901234567890123456789012345678901234567890123"},
        {"SERVICE_ID", "a b"},
        {"SERVICE_ID", "a\r\nX-Evil: 1"},
        {"SERVICE_ADDRESS", "127.0.0.1:80"},
        {"SERVICE_ADDRESS", "a b"},
        {"SERVICE_ADDRESS", "0.0.0.0"},
        {"SERVICE_ADDRESS", "0"},
        {"SERVICE_ADDRESS", "0:0::0"},
        {"SERVICE_TAGS", "a\nb"},
        {"SERVICE_WEIGHT", "0"},
        {"SERVICE_WEIGHT", "65536"},
        {"SERVICE_CHECK", "HTTP"},
        {"CHECK_INTERVAL", "500ms"},
        {"CHECK_INTERVAL", "10"},
        {"CHECK_TIMEOUT", "0"},
        {"DEREGISTER_CRITICAL_AFTER", "59s"},
        {"REGISTER_JITTER", "6m"},
        {"REGISTER_JITTER", "1.5s"},
        {"DRAIN_TIMEOUT", "-1s"},
        {"DISK_PATH", "tmp"},
        {"DISK_MIN_FREE", "5"},
        {"DISK_MIN_FREE", "101%"},
        {"DISK_MIN_FREE", "5 %"},
        {"DISK_MIN_FREE", "-5%"},
        {"DISK_MIN_FREE", "MB"},
        {"LOG_LEVEL", "trace"},
        {"GRPC_PORT", "x"},
        {"CONSUL_CACERT", "/nonexistent.pem"},
        {"CONSUL_CACERT", "/proc/self/exe"},
        {"CONSUL_CLIENT_CERT", "/dev/zero"},
        {"CONSUL_CLIENT_KEY", "/"},
        {"CONSUL_TLS_SERVER_NAME", "a b"},
        {"DATABASE_URL", "postgresql://h:543x/db"},
        {"REGISTRIES", "consul,zookeeper"},
        {"REGISTRIES", "consul,etcd,consul"},
        {"NACOS_SERVER_ADDR", "127.0.0.1:8848,"},
        {"NACOS_SERVER_ADDR", "http://root:secret@127.0.0.1:8848"},
        {"NACOS_NAMESPACE", "a\nb"},
        {"NACOS_GROUP", "a\tb"},
        {"SERVICE_VERSION", "a\xff"},
        {"NACOS_USERNAME", "a\nb"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        cr_expect_eq(read_with(wrong[i][0], wrong[i][1]), -1, "%s=%s", wrong[i][0], wrong[i][1]);
        cr_expect_eq(strncmp(err.text, wrong[i][0], strlen(wrong[i][0])), 0, "%s", err.text);
        cr_expect_not(strchr(err.text, '\n'), "one line");
        cr_expect(strstr(err.text, "want "), "%s", err.text);
    }
}

Test(settings, secret_value_is_never_shown)
{
    static const char *const wrong[][2] = {
        {"DATABASE_URL", "mysql://root:hunter2@localhost/db"},
        {"CONSUL_HTTP_ADDR", "ftp://root:hunter2@localhost"},
        {"CONSUL_HTTP_TOKEN", "hunter2\n"},
        {"CONSUL_HTTP_SSL", "hunter2"},
        {"ETCD_ENDPOINTS", "http://root:hunter2@"},
        {"NACOS_SERVER_ADDR", "http://root:hunter2@127.0.0.1:8848"},
        {"NACOS_PASSWORD", "hunter2\n"},
        {"EUREKA_URL", "http://root:hunter2@127.0.0.1/eureka"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        cr_expect_eq(read_with(wrong[i][0], wrong[i][1]), -1, "%s", wrong[i][0]);
        cr_expect(strstr(err.text, "=***: "), "%s", err.text);
        cr_expect_not(strstr(err.text, "hunter2"), "%s", err.text);
    }
}

Test(settings, etcd_endpoints_are_urls_with_a_port)
{
    cr_expect_eq(read_with("ETCD_ENDPOINTS", "http://127.0.0.1:2379"), 0, "%s", err.text);
    cr_expect_eq(read_with("ETCD_ENDPOINTS", "http://a:2379,https://u:p@[::1]:2379/"), 0, "%s", err.text);
    cr_expect_eq(read_with("ETCD_ENDPOINTS", "http://127.0.0.1:2379,"), -1);
    cr_expect_eq(read_with("ETCD_ENDPOINTS", "127.0.0.1:2379"), -1);
    cr_expect_eq(read_with("ETCD_ENDPOINTS", "http://127.0.0.1"), -1);
    cr_expect_eq(read_with("ETCD_ENDPOINTS", "http://127.0.0.1:2379/v3"), -1);
}

Test(settings, nacos_addresses_may_be_short)
{
    cr_expect_eq(read_with("NACOS_SERVER_ADDR", "nacos-1,10.0.0.2:8849,https://[::1]/registry"), 0, "%s", err.text);
    cr_expect_eq(read_with("NACOS_SERVER_ADDR", "ftp://nacos"), -1);
    cr_expect_eq(read_with("EUREKA_URL", "http://u:p@a:8761/eureka,https://[::1]:8761"), 0, "%s", err.text);
    cr_expect_eq(read_with("EUREKA_URL", "http://a/eureka"), -1);
    cr_expect_eq(read_with("EUREKA_URL", "a:8761"), -1);
}

Test(settings, valid_values_are_accepted)
{
    static const char *const right[][2] = {
        {"PORT", "0"},
        {"BIND_ADDRESS", "::1"},
        {"SERVICE_ID", "user-service:host-1:8001"},
        {"SERVICE_ADDRESS", "db_1.example.com"},
        {"SERVICE_ADDRESS", "fe80::1"},
        {"REGISTER_JITTER", "0"},
        {"DISK_MIN_FREE", "0%"},
        {"DISK_MIN_FREE", "0.5%"},
        {"DISK_MIN_FREE", "500MB"},
        {"DISK_MIN_FREE", "2GiB"},
        {"SERVICE_ZONE", "\xe4\xb8\x8a\xe6\xb5\xb7"},
        {"CONSUL_HTTP_ADDR", "localhost:8500"},
        {"CONSUL_CACERT", "/etc/ssl/certs/ca-certificates.crt"},
        {"CONSUL_TLS_SERVER_NAME", "server.dc1.consul"},
        {"PORT", ""},
        {"REGISTRIES", "eureka,nacos,etcd,consul"},
        {"NACOS_NAMESPACE", "f2b0d5a6-8f4e-4f0c-9c3b-0a6d1f0e7b11"},
        {"NACOS_GROUP", "\xe4\xb8\x8a"},
        {"NACOS_PASSWORD", "p w&\xc3\xa9"},
    };
    for (size_t i = 0; i < sizeof right / sizeof *right; i++)
        cr_expect_eq(read_with(right[i][0], right[i][1]), 0, "%s", err.text);
}
