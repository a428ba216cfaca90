#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "net/http_router.h"

static const struct http_route routes[] = {
    {"GET", "/", NULL, 0},
    {"GET", "/users/{id}", NULL, 0},
    {"POST", "/users", NULL, 0},
    {"GET", "/users", NULL, 0},
    {"GET", "/discovery/explain", NULL, 0},
    {"POST", "/only/{x}/post", NULL, 0},
};

static struct http_match match(const char *method, const char *path)
{
    static char copy[256];
    struct http_match found;
    snprintf(copy, sizeof copy, "%s", path);
    http_route_match(routes, sizeof routes / sizeof routes[0], method, copy, &found);
    return found;
}

static const char *pattern(const char *method, const char *path)
{
    struct http_match found = match(method, path);
    return found.route ? found.route->pattern : "none";
}

TestSuite(http_router, .timeout = 300);

Test(http_router, path_finds_its_route_and_parameter)
{
    struct http_match found = match("GET", "/users/123");
    cr_expect_eq(found.status, 200);
    cr_expect_str_eq(found.route->pattern, "/users/{id}");
    cr_expect_str_eq(found.param.text, "123");
    cr_expect_eq(found.param.len, 3);
    cr_expect_str_eq(pattern("GET", "/"), "/");
    cr_expect_str_eq(pattern("GET", "/discovery/explain"), "/discovery/explain");
    cr_expect_null(match("POST", "/users").param.text);
}

Test(http_router, parameter_in_the_middle_ends_at_the_slash)
{
    cr_expect_str_eq(match("POST", "/only/a%20b/post").param.text, "a b");
}

Test(http_router, head_matches_the_routes_of_get)
{
    cr_expect_str_eq(pattern("HEAD", "/users/7"), "/users/{id}");
    cr_expect_eq(match("HEAD", "/only/1/post").status, 405);
}

Test(http_router, wrong_method_is_405_with_the_allowed_methods)
{
    struct http_match found = match("DELETE", "/users");
    cr_expect_eq(found.status, 405);
    cr_expect_null(found.route);
    cr_expect_str_eq(found.allow, "POST, GET, HEAD");
    cr_expect_str_eq(match("get", "/only/1/post").allow, "POST");
}

Test(http_router, unknown_path_is_404)
{
    static const char *const paths[] = {"/nothing",    "/users/1/",       "/users/",  "/users/1/2", "//users", "/USERS",
                                        "/discovery/", "/discoveryexplain", "/users{id}", "/1/2/3/4/5/6/7/8/9/10"};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++)
        cr_expect_eq(match("GET", paths[i]).status, 404, "%s", paths[i]);
}

Test(http_router, path_is_split_before_it_is_decoded)
{
    struct http_match found = match("GET", "/users/a%2Fb");
    cr_expect_eq(found.status, 200);
    cr_expect_str_eq(found.param.text, "a/b");
    cr_expect_eq(match("GET", "/users%2F1").status, 404);
    cr_expect_str_eq(pattern("GET", "/%75sers/1"), "/users/{id}");
}

Test(http_router, encoded_nul_is_part_of_the_parameter)
{
    struct http_match found = match("GET", "/users/1%00x");
    cr_expect_eq(found.param.len, 3);
    cr_expect_eq(memcmp(found.param.text, "1\0x", 4), 0);
    cr_expect_eq(match("GET", "/users%00").status, 404);
}

Test(http_router, broken_escape_is_400_anywhere_in_the_path)
{
    static const char *const paths[] = {"/users/%", "/users/%4", "/users/%zz", "/%g0/nothing", "/1/2/3/4/5/6/7/8/9/%"};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++)
        cr_expect_eq(match("GET", paths[i]).status, 400, "%s", paths[i]);
}
