/* servers.c: which URLs it accepts, and which server gets a call. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "registry/servers.h"

TestSuite(servers, .timeout = 300);

/* --- Parse --------------------------------------------------------------------------------- */

static const struct servers_syntax strict = {.user = true, .error = "STRICT"};
static const struct servers_syntax lenient = {.scheme = "http", .port = 8848, .path = "/nacos", .error = "LENIENT"};

static void expect_one(const struct servers_syntax *syntax, const char *text, const char *expected)
{
    struct url url;
    char found[400] = "";
    if (servers_parse(text, syntax, NULL) == 1 && servers_parse(text, syntax, &url) == 1)
        snprintf(found, sizeof found, "%s %s %d %s", url.scheme, url.host, url.port, url.path);
    cr_expect_str_eq(found, expected, "%s: %s", text, found);
}

Test(servers, url_must_be_whole_unless_its_parts_have_defaults)
{
    expect_one(&strict, "http://a:1", "http a 1 ");
    expect_one(&strict, "https://u:p@[::1]:1/", "https ::1 1 ");
    expect_one(&strict, "http://a", "");
    expect_one(&strict, "a:1", "");
    expect_one(&strict, "http://a:1/path", "");
    expect_one(&strict, "ftp://a:1", "");
    expect_one(&strict, "http://a:1?x=1", "");

    expect_one(&lenient, "a", "http a 8848 /nacos");
    expect_one(&lenient, "10.0.0.1:80/", "http 10.0.0.1 80 /nacos");
    expect_one(&lenient, "https://[2001:db8::1]/a/b//", "https 2001:db8::1 8848 /a/b");
    expect_one(&lenient, "2001:db8::1", "");
    expect_one(&lenient, "u:p@a", "");
    expect_one(&lenient, ":p@a", "");
    expect_one(&lenient, "", "");
    expect_one(&lenient, "a b", "");
}

Test(servers, list_is_accepted_only_whole)
{
    struct url urls[3];
    cr_expect_eq(servers_parse("a,b:1,https://c/d", &lenient, urls), 3);
    cr_expect_str_eq(urls[1].host, "b");
    cr_expect_str_eq(urls[2].path, "/d");
    static const char *const bad[] = {"a,", ",a", "a,,b", "a,b c", "a, b", "a;b"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        cr_expect_eq(servers_parse(bad[i], &lenient, NULL), -1, "%s", bad[i]);

    char longest[600];
    memset(longest, 'a', sizeof longest);
    longest[599] = '\0';
    cr_expect_eq(servers_parse(longest, &lenient, NULL), -1, "too long for a URL");
}

Test(servers, error_names_the_setting)
{
    struct servers servers;
    struct err err = ERR_INIT;
    cr_expect_eq(servers_open(&servers, "http://u:secret@a", &lenient, NULL, &err), -1);
    cr_expect_eq(err.code, ERR_INVALID);
    cr_expect_str_eq(err.text, "LENIENT");
}

/* --- Call ---------------------------------------------------------------------------------- */

/* What each server does; the calls, as a text such as "ab". */
static struct {
    int status[3]; /* of the reply; 0: none */
    enum err_code code, code_of_a;
    char calls[20];
    int64_t share_ms[20];
} fake;

static struct servers servers;
static struct err err; /* of the last call */

static int call_fake(void *arg, const struct url *server, int64_t deadline, struct http_response *response,
                     struct err *why)
{
    size_t count = strlen(fake.calls), at = (size_t)(server->host[0] - 'a');
    cr_expect_eq(arg, &fake);
    cr_assert(count < sizeof fake.calls - 1);
    fake.calls[count] = server->host[0];
    fake.share_ms[count] = deadline_left(deadline);
    response->status = fake.status[at];
    return fake.status[at] ? 0 : err_set(why, at == 0 ? fake.code_of_a : fake.code, "no reply from %s", server->host);
}

/* The status of the reply; -1: none. */
static int call_any(int64_t time_ms)
{
    struct http_response response = HTTP_RESPONSE_INIT;
    memset(fake.calls, 0, sizeof fake.calls);
    err_clear(&err);
    int rc = servers_call(&servers, call_fake, &fake, deadline_in(time_ms), &response, &err);
    return rc == 0 ? response.status : -1;
}

static void open_three(void)
{
    cr_assert_eq(servers_open(&servers, "a,b,c", &lenient, NULL, &err), 0);
    fake.code = fake.code_of_a = ERR_UNREACHABLE;
    fake.status[0] = fake.status[1] = fake.status[2] = 200;
}

static void close_three(void)
{
    servers_close(&servers);
}

Test(servers, calls_stay_with_the_server_that_answers, .init = open_three, .fini = close_three)
{
    cr_expect_eq(call_any(1000), 200);
    cr_expect_str_eq(fake.calls, "a");
    fake.status[0] = 0;
    cr_expect_eq(call_any(1000), 200);
    cr_expect_str_eq(fake.calls, "ab");
    fake.status[0] = 200;
    cr_expect_eq(call_any(1000), 200);
    cr_expect_str_eq(fake.calls, "b", "it does not go back");
    fake.status[1] = fake.status[2] = 0;
    cr_expect_eq(call_any(1000), 200);
    cr_expect_str_eq(fake.calls, "bca", "each once, around");
}

Test(servers, only_a_fault_of_the_server_leads_to_the_next, .init = open_three, .fini = close_three)
{
    fake.status[0] = 404;
    cr_expect_eq(call_any(1000), 404);
    cr_expect_str_eq(fake.calls, "a");
    fake.status[0] = 503;
    cr_expect_eq(call_any(1000), 200);
    cr_expect_str_eq(fake.calls, "ab");
    cr_expect_eq(err.code, ERR_NONE);
}

Test(servers, result_is_that_of_the_last_one_tried, .init = open_three, .fini = close_three)
{
    fake.status[0] = 500;
    fake.status[1] = 0;
    fake.status[2] = 503;
    cr_expect_eq(call_any(1000), 503);
    fake.status[0] = fake.status[2] = 0;
    cr_expect_eq(call_any(1000), -1);
    cr_expect_eq(strlen(fake.calls), 3);
    cr_expect_eq(err.code, ERR_UNREACHABLE);
    cr_expect_str_eq(err.text, "no reply from c");
}

Test(servers, error_that_says_why_is_kept, .init = open_three, .fini = close_three)
{
    fake.status[0] = fake.status[1] = fake.status[2] = 0;
    fake.code_of_a = ERR_FAILED;
    cr_expect_eq(call_any(1000), -1);
    cr_expect_str_eq(err.text, "no reply from a", "a login that was refused says more than a server that is down");
    cr_expect_eq(err.code, ERR_FAILED);
    fake.status[2] = 200;
    cr_expect_eq(call_any(1000), 200);
    cr_expect_eq(err.code, ERR_NONE);
}

Test(servers, each_server_is_called_once, .init = open_three, .fini = close_three)
{
    struct http_response response = HTTP_RESPONSE_INIT;
    servers.current = 1;
    fake.status[2] = 0;
    cr_expect_eq(servers_call_each(&servers, call_fake, &fake, deadline_in(1000), &response, &err), 0, "two succeeded");
    cr_expect_str_eq(fake.calls, "bca");
    cr_expect_eq(err.code, ERR_NONE);
    cr_expect_eq(servers.current, 1, "the others are used as before");

    memset(fake.calls, 0, sizeof fake.calls);
    fake.status[0] = fake.status[1] = 0;
    fake.code_of_a = ERR_FAILED;
    cr_expect_eq(servers_call_each(&servers, call_fake, &fake, deadline_in(1000), &response, &err), -1);
    cr_expect_str_eq(fake.calls, "bca");
    cr_expect_str_eq(err.text, "no reply from a", "the one that says why");
}

Test(servers, time_is_shared_among_those_not_tried_yet, .init = open_three, .fini = close_three)
{
    fake.status[0] = fake.status[1] = fake.status[2] = 0;
    call_any(300 * 1000);
    cr_expect(fake.share_ms[0] > 90 * 1000 && fake.share_ms[0] <= 100 * 1000, "a third");
    cr_expect(fake.share_ms[1] > 130 * 1000 && fake.share_ms[1] <= 150 * 1000, "half of what is left");
    cr_expect(fake.share_ms[2] > 270 * 1000, "all that is left");
}

Test(servers, cancelled_call_does_not_go_on, .init = open_three, .fini = close_three)
{
    fake.code_of_a = ERR_CANCELLED;
    fake.status[0] = 0;
    cr_expect_eq(call_any(1000), -1);
    cr_expect_str_eq(fake.calls, "a");
    cr_expect_eq(err.code, ERR_CANCELLED);
}
