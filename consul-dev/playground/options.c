#include "options.h"

#include <stdio.h>
#include <string.h>

#include "balance/balancer.h"
#include "base/env.h"
#include "loop/resolve.h"

enum { ROWS = 11 };

static int check_url(const char *text)
{
    struct url url;
    return url_parse(text, &url) == 0 && strcmp(url.scheme, "http") == 0 && url.port != 0 ? 0 : -1;
}

static int check_address(const char *text)
{
    return address_is_numeric(text) ? 0 : -1;
}

static void fill_table(struct options *o, struct env_var rows[ROWS])
{
    const struct env_var table[ROWS] = {
        {"PLAYGROUND_PORT", ENV_INT, "8088", &o->port, .max = 65535, .help = "port of the page; 0: any free port"},
        {"CONSUL_PORT", ENV_INT, "8500", &o->consul_port, .max = 65535, .help = "port of Consul"},
        {"USER_PORT", ENV_INT, "8001", &o->user_port, .max = 65400,
         .help = "port of user-service-1; the others get the next ones"},
        {"ORDER_PORT", ENV_INT, "8080", &o->order_port, .max = 65535, .help = "port of order-service"},
        {"ETCD", ENV_BOOL, "false", &o->etcd, .help = "also starts etcd, as a second registry"},
        {"LB_POLICY", ENV_CHOICE, "weighted", &o->policy, .choices = BALANCE_POLICY_NAMES,
         .help = "how order-service chooses an instance, until the page changes it"},
        {"DISCOVERY_CACHE_TTL", ENV_DURATION, "10s", &o->ttl_ms, .min = 1000, .max = 3600 * 1000,
         .help = "after this time without confirmation a list is stale, until the page changes it"},
        {"LB_SLOW_START", ENV_DURATION, "10s", &o->slow_start_ms, .max = 3600 * 1000,
         .help = "a new instance gets its full share of the calls only after this time; 0: at once; until the page "
                 "changes it"},
        {"ORDER_SERVICE_URL", ENV_TEXT, "http://127.0.0.1:8080", &o->orders_text, .check = check_url,
         .accepts = "http://host:port", .help = "with --observe: the order-service to look at and to call"},
        {"CONSUL_HTTP_ADDR", ENV_TEXT, "http://127.0.0.1:8500", &o->consul_text, .check = check_url,
         .accepts = "http://host:port", .help = "with --observe: the Consul to look at"},
        {"BIND_ADDRESS", ENV_TEXT, "127.0.0.1", &o->bind_address, .check = check_address,
         .accepts = "an IPv4 or IPv6 address",
         .help = "with --observe: the address to listen on. Publish its port only on 127.0.0.1"},
    };
    memcpy(rows, table, sizeof table);
}

static int read_arguments(struct options *options, int argc, char **argv, enum options_action *action, struct err *err)
{
    *action = OPTIONS_RUN;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0)
            *action = OPTIONS_HELP;
        else if (strcmp(argv[i], "--healthcheck") == 0)
            *action = OPTIONS_HEALTHCHECK;
        else if (strcmp(argv[i], "--observe") == 0)
            options->observes = true;
        else
            return err_set(err, ERR_INVALID, "%.60s: want --observe, --healthcheck or --help", argv[i]);
    }
    return 0;
}

int options_read(struct options *options, int argc, char **argv, enum options_action *action, struct err *err)
{
    struct env_var rows[ROWS];
    *options = (struct options){.observes = false};
    fill_table(options, rows);
    if (read_arguments(options, argc, argv, action, err) != 0 || env_read(rows, ROWS, err) != 0)
        return -1;
    url_parse(options->orders_text, &options->orders_url);
    url_parse(options->consul_text, &options->consul_url);
    if (!options->observes)
        options->bind_address = "127.0.0.1"; /* its buttons kill processes, so only this machine may reach them */
    return 0;
}

void options_help(void)
{
    struct options options;
    struct env_var rows[ROWS];
    fill_table(&options, rows);
    printf("build/playground [--observe | --healthcheck | --help]\n"
           "A page that shows the services and servers of this project at work, and lets you break them.\n"
           "Without arguments it starts them itself. With --observe it only looks at those that run.\n\n");
    env_help(stdout, rows, ROWS);
}
