/* A real Nacos 2, through version 1 of its API: the same tests as in test_java_nacos.c. */
#include <criterion/hooks.h>

#include "nacos_access.h"
#include "nacos_instances.h"
#include "nacos_many.h"
#include "nacos_operator.h"
#include "nacos_outages.h"
#include "nacos_stories.h"

TestSuite(java_nacos_2, .timeout = 900);

static struct shared_nacos shared;

ReportHook(PRE_ALL)(struct criterion_test_set *tests)
{
    (void)tests;
    start_shared_nacos(&shared, SERVER_NACOS_2);
}

ReportHook(POST_ALL)(struct criterion_global_stats *stats)
{
    (void)stats;
    stop_shared_nacos(&shared);
}

Test(java_nacos_2, instance_is_found_with_weight_zone_and_version)
{
    tell(SERVER_NACOS_2, "arrive", expect_entry);
}

Test(java_nacos_2, weight_0_is_maintenance_until_an_operator_ends_it)
{
    tell(SERVER_NACOS_2, "weight", take_weight_away);
}

Test(java_nacos_2, instance_obeys_the_command)
{
    tell(SERVER_NACOS_2, "command", obey_the_command);
}

Test(java_nacos_2, disabled_instance_is_not_called)
{
    tell(SERVER_NACOS_2, "disable", disable);
}

Test(java_nacos_2, instance_drains_without_a_failed_request)
{
    tell(SERVER_NACOS_2, "drain", drain_one);
}

Test(java_nacos_2, killed_instance_is_removed_and_an_ill_one_avoided)
{
    tell(SERVER_NACOS_2, "lose", lose_one_while_another_is_ill);
}

Test(java_nacos_2, all_ill_instances_are_called)
{
    tell(SERVER_NACOS_2, "ill", all_be_ill);
}

Test(java_nacos_2, login_is_renewed_before_it_expires)
{
    tell(SERVER_NACOS_2, "login", outlive_logins);
}

Test(java_nacos_2, missing_login_is_said)
{
    hear(SERVER_NACOS_2, "anonymous", hear_no_login);
}

Test(java_nacos_2, wrong_password_is_said)
{
    hear(SERVER_NACOS_2, "password", hear_wrong_password);
}

Test(java_nacos_2, unknown_namespace_is_said)
{
    hear(SERVER_NACOS_2, "namespace", hear_unknown_namespace);
}

Test(java_nacos_2, ten_thousand_instances_stay_listed)
{
    hear(SERVER_NACOS_2, "many", list_many);
}

Test(java_nacos_2, hung_server_fails_no_call_and_is_used_again)
{
    survive_a_hang(SERVER_NACOS_2);
}

Test(java_nacos_2, killed_server_that_returns_empty_fails_no_call)
{
    survive_a_kill(SERVER_NACOS_2);
}
