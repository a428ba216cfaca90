/* consul_difference.c: which entries under our id count as ours. */
#include <criterion/criterion.h>

#include "registry/consul/consul_difference.h"

TestSuite(consul_difference, .timeout = 300);

static const struct registration_spec spec = {
    .service = "user-service", .id = "u-1", .address = "", .port = 8001, .tags = "v1,c", .version = "1.0", .zone = "",
    .weight = 3, .check = CHECK_TTL, .check_interval_ms = 1000, .check_timeout_ms = 1000, .deregister_after_ms = 60000};

#define NOTES "ttl 3s, reaped after 60s"
#define OUR_CHECKS "{\"service:u-1\":{\"ServiceID\":\"u-1\",\"Type\":\"ttl\",\"Notes\":\"" NOTES "\"}}"

/* "" if they do not differ. */
static const char *difference_of(const struct registration_spec *ours, const char *service, const char *checks)
{
    static char text[200];
    struct err err = ERR_INIT;
    json_t *entry = json_parse_new(service, strlen(service), &err);
    json_t *list = checks ? json_parse_new(checks, strlen(checks), &err) : NULL;
    cr_assert(err.code == ERR_NONE, "%s: %s", service, err.text);
    text[0] = '\0';
    bool differs = consul_find_difference(ours, "10.0.0.1", entry, list, text, sizeof text);
    cr_expect_eq(differs, *text != '\0', "%s", text);
    json_decref(entry);
    json_decref(list);
    return text;
}

#define EXPECT(service, checks, text) cr_expect_str_eq(difference_of(&spec, service, checks), text)

Test(consul_difference, entry_as_the_agent_shows_it_is_ours)
{
    EXPECT("{\"ID\":\"u-1\",\"Service\":\"user-service\",\"Tags\":[\"c\",\"v1\"],\"Meta\":{\"version\":\"1.0\"},"
           "\"Port\":8001,\"Address\":\"10.0.0.1\",\"TaggedAddresses\":{\"lan_ipv4\":{\"Address\":\"10.0.0.1\"}},"
           "\"Weights\":{\"Passing\":3,\"Warning\":1},\"EnableTagOverride\":false,\"Kind\":\"\",\"ContentHash\":\"8b\"}",
           OUR_CHECKS, "");
    EXPECT("{}", NULL, "");
    EXPECT("{\"Meta\":{\"version\":\"1.0\",\"owner\":\"ops\",\"zone\":\"\"}}", NULL, "");
}

Test(consul_difference, each_changed_member_is_named)
{
    EXPECT("{\"Service\":\"other\"}", NULL, "Service is other, not user-service");
    EXPECT("{\"Address\":\"10.0.0.9\"}", NULL, "Address is 10.0.0.9, not 10.0.0.1");
    EXPECT("{\"Address\":\"\"}", NULL, "Address is empty, not 10.0.0.1");
    EXPECT("{\"Port\":9}", NULL, "Port is 9, not 8001");
    EXPECT("{\"Weights\":{\"Passing\":1,\"Warning\":1}}", NULL, "Passing is 1, not 3");
    EXPECT("{\"Weights\":{\"Passing\":3,\"Warning\":5}}", NULL, "Warning is 5, not 1");
    EXPECT("{\"Tags\":null}", NULL, "the tags are others");
    EXPECT("{\"Tags\":[\"v1\",\"c\",\"d\"]}", NULL, "the tags are others");
    EXPECT("{\"EnableTagOverride\":true}", NULL, "EnableTagOverride is true, not empty");
    EXPECT("{\"Kind\":\"ingress-gateway\"}", NULL, "Kind is ingress-gateway, not empty");
    EXPECT("{\"Meta\":null}", NULL, "version is empty, not 1.0");
    EXPECT("{\"Meta\":{\"version\":\"1.0\",\"zone\":\"z9\"}}", NULL, "zone is z9, not empty");
}

Test(consul_difference, changed_or_missing_check_is_named)
{
    EXPECT("{}", "{}", "its check is gone");
    EXPECT("{}", "{\"service:u-1\":{\"ServiceID\":\"u-2\",\"Notes\":\"" NOTES "\"}}", "its check is gone");
    EXPECT("{}", "{\"service:u-1\":{\"ServiceID\":\"u-1\",\"Type\":\"tcp\",\"Notes\":\"\"}}", "its check is tcp, not " NOTES);
    EXPECT("{}", "{\"service:u-1\":{\"ServiceID\":\"u-1\",\"Notes\":\"" NOTES "\"},"
                 "\"service:u-1:2\":{\"ServiceID\":\"u-1\"}}", "it has another check: service:u-1:2");
    struct registration_spec unchecked = spec;
    unchecked.check = CHECK_NONE;
    cr_expect_str_eq(difference_of(&unchecked, "{}", OUR_CHECKS), "it has a check");
    cr_expect_str_eq(difference_of(&unchecked, "{}", "{}"), "");
}

Test(consul_difference, lost_maintenance_is_named)
{
    struct registration_spec own = spec;
    own.maintenance = MAINTENANCE_ON;
    own.maintenance_reason = "upgrade";
    cr_expect_str_eq(difference_of(&own, "{}", OUR_CHECKS), "it is not in maintenance");
    cr_expect_str_eq(difference_of(&own, "{}", NULL), "", "the agent does not show its checks");
    cr_expect_str_eq(difference_of(&own, "{}", "{\"service:u-1\":{\"ServiceID\":\"u-1\",\"Notes\":\"" NOTES "\"},"
                                               "\"_service_maintenance:u-1\":{\"ServiceID\":\"u-1\"}}"), "");
}

/* A check that an operator adds, the maintenance mode, and the checks of other entries. */
Test(consul_difference, checks_that_are_not_ours_are_no_difference)
{
    EXPECT("{}", "{\"service:u-1\":{\"ServiceID\":\"u-1\",\"Notes\":\"" NOTES "\"},"
                 "\"_service_maintenance:u-1\":{\"ServiceID\":\"u-1\"},\"disk\":{\"ServiceID\":\"u-1\"},"
                 "\"service:u-1:2\":{\"ServiceID\":\"u-1:2\"},\"service:u-10\":{\"ServiceID\":\"u-10\"}}", "");
}
