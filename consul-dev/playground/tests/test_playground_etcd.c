/* The playground's program with ETCD=1: etcd is a process of the picture, and the second registry. */
#include "buttons.h"
#include "fixture.h"

TestSuite(playground_etcd, .timeout = 300);

static bool list_comes_from_etcd(void *arg)
{
    (void)arg;
    json_t *state = state_new();
    bool etcd = strcmp(text_in(json_object_get(state, "discovery"), "source"), "etcd") == 0;
    json_decref(state);
    return etcd;
}

Test(playground_etcd, etcd_has_all_buttons_and_stands_in_for_consul, .fini = teardown)
{
    start_playground((const char *const[]){"ETCD=1", NULL});
    expect_shown("hang", "etcd", "hung");
    expect_shown("continue", "etcd", "passing");
    expect_shown("stop", "etcd", "gone");
    expect_shown("start", "etcd", "passing");
    expect_shown("kill", "etcd", "gone");
    expect_shown("start", "etcd", "passing");
    expect_shown("stop", "consul", "gone");
    cr_expect(wait_until(list_comes_from_etcd, NULL, PATIENCE_MS));
    cr_expect(wait_until(is_called, "user-service-1", PATIENCE_MS), "calls go on with its list");
    put_everything_back();
    await_state(NULL, "passing");
}
