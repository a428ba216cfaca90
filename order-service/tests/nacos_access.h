/* nacos_access: access to a real Nacos. A login that is missing or wrong and a namespace that does not exist are said
 * in the log. A login is renewed before it expires. */
#ifndef ORDER_SERVICE_TESTS_NACOS_ACCESS_H
#define ORDER_SERVICE_TESTS_NACOS_ACCESS_H

#include <stdlib.h>

#include "nacos_lists.h"
#include "nacos_scene.h"

/* Starts user-service with these settings besides those of the scene. It says `said`, and not its password. */
static void start_to_hear(const char *said, const char *const settings[])
{
    const char *env[SETTINGS_MAX] = {NULL};
    size_t count = 0;
    for (; user_settings[count]; count++)
        env[count] = user_settings[count];
    for (; *settings; settings++)
        env[count++] = *settings;
    cr_assert_eq(service_start(&users[0], &world, "user-service", env, &err), 0, "%s", err.text);
    bool so = proc_wait_output(&users[0].proc, said, NULL, 0, PATIENCE_MS);
    char *log = proc_output(&users[0].proc);
    cr_expect(so, "want %s, have %s", said, log);
    cr_expect_null(strstr(log, "wrong-word"), "%s", log);
    free(log);
}

static void expect_message(const char *said, const char *setting)
{
    start_to_hear(said, (const char *const[]){setting, NULL});
    proc_stop(&users[0].proc, SIGKILL, PATIENCE_MS);
}

static bool namespace_has_one(void *arg)
{
    (void)arg;
    json_t *list = nacos_list_new(&nacos, "user-service", "dev");
    size_t count = json_array_size(list);
    json_decref(list);
    return count == 1;
}

/* The namespace is created while the service asks for it again and again. */
static void hear_unknown_namespace(void)
{
    start_to_hear("error=\"nacos: NACOS_NAMESPACE=dev: Nacos has no namespace with this id; create it, or correct the "
                  "setting (an id is not the name)\"",
                  (const char *const[]){"NACOS_NAMESPACE=dev", NULL});
    json_t *list = nacos_list_new(&nacos, "user-service", "dev");
    cr_expect(json_is_array(list) && json_array_size(list) == 0, "not registered");
    json_decref(list);
    if (is_nacos_3())
        expect_sent("POST", "/v3/admin/core/namespace", "namespaceId=dev&namespaceName=for-development");
    else
        expect_sent("POST", "/v1/console/namespaces", "customNamespaceId=dev&namespaceName=for-development");
    cr_expect(proc_wait_output(&users[0].proc, "msg=registered registry=nacos", NULL, 0, PATIENCE_MS));
    await(namespace_has_one, NULL, PATIENCE_MS, "registered in the namespace");
    cr_expect_eq(healthy_count(&nacos, "user-service"), 0, "the namespace public stays empty");
    cr_expect_eq(service_stop(&users[0]), 0);
}

static void hear_no_login(void)
{
    expect_message(is_nacos_3() ? "error=\"nacos: HTTP 403: Code: 401, Message: User not found! Please check user "
                                  "exist or password is right!.; set NACOS_USERNAME and NACOS_PASSWORD\""
                                : "error=\"nacos: HTTP 403: user not found!; set NACOS_USERNAME and NACOS_PASSWORD\"",
                   "NACOS_USERNAME=");
}

static void hear_wrong_password(void)
{
    expect_message(is_nacos_3() ? "error=\"nacos: cannot log in: HTTP 500; check NACOS_USERNAME and NACOS_PASSWORD;"
                                : "error=\"nacos: cannot log in: HTTP 403; check NACOS_USERNAME and NACOS_PASSWORD;",
                   "NACOS_PASSWORD=wrong-word");
}

/* On a busy machine a login may be late, but neither it nor another request is refused. */
static void expect_no_refusal(const struct service *service)
{
    char *log = proc_output(&service->proc);
    cr_expect_null(strstr(log, "HTTP 403"), "%s", log);
    cr_expect_null(strstr(log, "cannot log in: HTTP"), "%s", log);
    free(log);
}

static void outlive_logins(void)
{
    int64_t twice = deadline_in(2 * 1000 * TOKEN_SECONDS);
    wait_until(is_past, &twice, 3 * 1000 * TOKEN_SECONDS);
    await(is_the_source, "nacos", PATIENCE_MS, "after two logins have expired, Nacos is the source");
    expect_no_refusal(&orders);
    for (int i = 0; i < USERS; i++)
        expect_no_refusal(&users[i]);
}

#endif
