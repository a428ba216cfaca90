/* A real Nacos 3 as the only registry. What each test does is in the headers nacos_….h. */
#include <criterion/hooks.h>

#include "nacos_access.h"
#include "nacos_instances.h"
#include "nacos_many.h"
#include "nacos_operator.h"
#include "nacos_outages.h"
#include "nacos_stories.h"

TestSuite(java_nacos, .timeout = 900);

static struct shared_nacos shared;

ReportHook(PRE_ALL)(struct criterion_test_set *tests)
{
    (void)tests;
    start_shared_nacos(&shared, SERVER_NACOS);
}

ReportHook(POST_ALL)(struct criterion_global_stats *stats)
{
    (void)stats;
    stop_shared_nacos(&shared);
}

Test(java_nacos, instance_is_found_with_weight_zone_and_version)
{
    tell(SERVER_NACOS, "arrive", expect_entry);
}

Test(java_nacos, weight_0_is_maintenance_until_an_operator_ends_it)
{
    tell(SERVER_NACOS, "weight", take_weight_away);
}

Test(java_nacos, instance_obeys_the_command)
{
    tell(SERVER_NACOS, "command", obey_the_command);
}

Test(java_nacos, disabled_instance_is_not_called)
{
    tell(SERVER_NACOS, "disable", disable);
}

Test(java_nacos, instance_drains_without_a_failed_request)
{
    tell(SERVER_NACOS, "drain", drain_one);
}

Test(java_nacos, killed_instance_is_removed_and_an_ill_one_avoided)
{
    tell(SERVER_NACOS, "lose", lose_one_while_another_is_ill);
}

Test(java_nacos, all_ill_instances_are_called)
{
    tell(SERVER_NACOS, "ill", all_be_ill);
}

Test(java_nacos, login_is_renewed_before_it_expires)
{
    tell(SERVER_NACOS, "login", outlive_logins);
}

Test(java_nacos, missing_login_is_said)
{
    hear(SERVER_NACOS, "anonymous", hear_no_login);
}

Test(java_nacos, wrong_password_is_said)
{
    hear(SERVER_NACOS, "password", hear_wrong_password);
}

Test(java_nacos, unknown_namespace_is_said)
{
    hear(SERVER_NACOS, "namespace", hear_unknown_namespace);
}

Test(java_nacos, ten_thousand_instances_stay_listed)
{
    hear(SERVER_NACOS, "many", list_many);
}

Test(java_nacos, hung_server_fails_no_call_and_is_used_again)
{
    survive_a_hang(SERVER_NACOS);
}

Test(java_nacos, killed_server_that_returns_empty_fails_no_call)
{
    survive_a_kill(SERVER_NACOS);
}
