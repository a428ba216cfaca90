/* What registry.c does for every kind of registry: it counts the calls by their result. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "registry/registry.h"

TestSuite(registry, .timeout = 300);

static enum err_code result;

static int fake_heartbeat(struct registry *registry, const struct registration_spec *spec, bool healthy,
                          const char *note, int64_t deadline, struct err *err)
{
    (void)registry, (void)spec, (void)healthy, (void)note, (void)deadline;
    return result == ERR_NONE ? 0 : err_set(err, result, "fake");
}

static const struct registry_ops ops = {.kind = "consul", .heartbeat = fake_heartbeat};
static struct registry consul = {.ops = &ops};

static void send_heartbeat(enum err_code code)
{
    struct err err = ERR_INIT;
    result = code;
    registry_heartbeat(&consul, NULL, true, "", 0, &err);
}

static void expect_line(const char *line)
{
    struct registry *registries[] = {&consul};
    struct buf out = BUF_INIT(16 * 1024);
    registry_metrics(registries, 1, &out);
    cr_expect(strstr(buf_text(&out), line), "%s not in:\n%s", line, buf_text(&out));
    buf_close(&out);
}

Test(registry, call_without_reply_is_an_error_unless_cancelled)
{
    expect_line("registry_up{registry=\"consul\"} 0\n");
    send_heartbeat(ERR_NONE);
    expect_line("registry_up{registry=\"consul\"} 1\n");
    send_heartbeat(ERR_UNREACHABLE);
    expect_line("registry_up{registry=\"consul\"} 0\n");
    send_heartbeat(ERR_NOT_FOUND); /* the registry has forgotten us, but it replies */
    expect_line("registry_up{registry=\"consul\"} 1\n");
    send_heartbeat(ERR_TIMEOUT);
    send_heartbeat(ERR_CANCELLED); /* by us */
    expect_line("registry_requests_total{registry=\"consul\",call=\"heartbeat\"} 4\n");
    expect_line("registry_errors_total{registry=\"consul\",call=\"heartbeat\"} 2\n");
    expect_line("registry_errors_total{registry=\"consul\",call=\"fetch\"} 0\n");
}

Test(registry, leader_metric_appears_with_the_first_reply)
{
    struct registry *registries[] = {&consul};
    struct buf out = BUF_INIT(16 * 1024);
    registry_metrics(registries, 1, &out);
    cr_expect_not(strstr(buf_text(&out), "registry_leader_known{"));
    buf_close(&out);
    consul.leader = LEADER_KNOWN;
    consul.last_contact_ms = 250;
    expect_line("registry_leader_known{registry=\"consul\"} 1\n");
    expect_line("registry_last_contact_seconds{registry=\"consul\"} 0.250\n");
    consul.leader = LEADER_NONE;
    expect_line("registry_leader_known{registry=\"consul\"} 0\n");
}
