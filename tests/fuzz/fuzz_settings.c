/* Fuzzes the parser of settings in the environment, NAME=VALUE: each is accepted, or rejected
 * with one line that does not show a secret. */
#include "base/env.h"
#include "fuzz/fuzz.h"
#include "service/disk.h"
#include "service/settings.h"

static void parse_alone(const char *value)
{
    int64_t number;
    struct disk_min_free min;
    if (env_parse_duration(value, &number) == 0 && number < 0)
        abort();
    if (env_parse_size(value, &number) == 0 && number < 0)
        abort();
    if (disk_parse_min_free(value, &min) == 0 && (min.percent < 0 || min.percent > 100 || min.bytes < 0))
        abort();
    env_parse_int(value, &number);
}

static bool is_secret(const char *name)
{
    return strcmp(name, "DATABASE_URL") == 0 || strcmp(name, "REDIS_URL") == 0 || strcmp(name, "ETCD_ENDPOINTS") == 0 ||
           strncmp(name, "CONSUL_HTTP_", 12) == 0;
}

/* The fuzzer must not change PATH, LD_…, ASAN_… and the like. */
static bool is_ours(const char *name)
{
    static const char *const families[] = {"PORT",   "BIND_",        "SERVICE_", "CHECK_",    "DEREGISTER_",
                                           "REGISTER_", "RECONCILE_", "DRAIN_",   "ETCD_",    "CONSUL_HTTP_",
                                           "DATABASE_", "HEALTH_",    "DISK_",    "LOG_"};
    for (size_t i = 0; i < sizeof families / sizeof *families; i++)
        if (strncmp(name, families[i], strlen(families[i])) == 0)
            return true;
    return false;
}

/* If the setting is rejected, the error is one line. The marker must not be in it: it stands
 * for a secret. */
static void read_with(const char *name, const char *value, const char *marker)
{
    static const struct settings_defaults defaults = {"user-service", "8001"};
    static struct settings settings;
    struct err err = ERR_INIT;
    struct buf marked = BUF_INIT(SIZE_MAX / 2);
    buf_addf(&marked, "%s%s", value, marker);
    setenv(name, buf_text(&marked), 1);
    if (settings_read(&settings, &defaults, &err) != 0 &&
        (err.code == ERR_NONE || strpbrk(err.text, "\r\n") || (*marker && strstr(err.text, marker))))
        abort();
    unsetenv(name);
    buf_close(&marked);
}

FUZZ(text, len)
{
    char *value = strchr(text, '=');
    (void)len;
    if (!value)
        return parse_alone(text);
    *value++ = '\0';
    parse_alone(value);
    if (!is_ours(text))
        return;
    read_with(text, value, "");
    if (is_secret(text))
        read_with(text, value, "hunter2");
}
