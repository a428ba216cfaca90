#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "net/url.h"

TestSuite(url, .timeout = 300);

/* The parts, joined by "|", or "rejected". */
static const char *parts(const char *text)
{
    static char out[1024];
    struct url url;
    if (url_parse(text, &url) != 0)
        return "rejected";
    snprintf(out, sizeof out, "%s|%s|%s|%s|%d|%s", url.scheme, url.user, url.password, url.host, url.port, url.path);
    return out;
}

Test(url, url_is_split_into_its_parts)
{
    cr_expect_str_eq(parts("http://127.0.0.1:8500"), "http|||127.0.0.1|8500|");
    cr_expect_str_eq(parts("https://consul.example/"), "https|||consul.example|0|/");
    cr_expect_str_eq(parts("http://a_b-c:1/x/../y%20z"), "http|||a_b-c|1|/x/../y%20z");
    cr_expect_str_eq(parts("redis://user:p%40ss@cache:6379/0"), "redis|user|p@ss|cache|6379|/0");
    cr_expect_str_eq(parts("redis://:secret@cache"), "redis||secret|cache|0|");
    cr_expect_str_eq(parts("http://[::1]:65535/"), "http|||::1|65535|/");
}

Test(url, text_that_is_not_a_plain_url_is_rejected)
{
    const char *const bad[] = {
        "", "http", "http:", "http://", "http:///", "http://:80", "http:/host", "http:///host", "host:8500", "//host",
        "http://host:0", "http://host:70000", "http://host:", "http://host:8x", "http://host:-1", "http://host:80:81",
        "http://a b", "http://host/a b", " http://host", "http://host\n", "http://ho\tst", "http://h\xc3\xb6st",
        "http://host?x=1", "http://host/?x", "http://host/#top", "http://host#", "http://user@", "http://ho%73t%20",
        "http://ho%00st", "http://host%2f.example", "http://a%00:b@host", "http://ho*st", "http://ho,st",
        "http://[::1", "http://[::1]x", "http://[1.2.3.4]", "http://[fe80::1%25eth0]/", "http://::1/",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        cr_expect_str_eq(parts(bad[i]), "rejected", "%s -> %s", bad[i], parts(bad[i]));
}

Test(url, text_before_the_host_is_not_taken_as_host)
{
    cr_expect_str_eq(parts("http://good.example:80@evil.example/"), "http|good.example|80|evil.example|0|/");
    cr_expect_str_eq(parts("http://good.example@evil.example@third.example/"), "rejected");
    cr_expect_str_eq(parts("http://evil.example\\@good.example/"), "rejected");
    cr_expect_str_eq(parts("http://good.example#@evil.example/"), "rejected");
}

Test(url, too_long_part_is_rejected)
{
    char text[600] = "http://host/";
    memset(text + 12, 'x', 254);
    cr_expect_str_neq(parts(text), "rejected");
    text[12 + 254] = 'x';
    cr_expect_str_eq(parts(text), "rejected");
    snprintf(text, sizeof text, "http://u:%0256d@host", 1);
    cr_expect_str_eq(parts(text), "rejected");
}

Test(url, segment_is_percent_encoded)
{
    struct buf out = BUF_INIT(100);
    cr_expect(url_add_segment(&out, "user-service_1.2~x"));
    cr_expect(url_add_segment(&out, "/?#% \xc3\xa9"));
    cr_expect_str_eq(buf_text(&out), "user-service_1.2~x%2F%3F%23%25%20%C3%A9");
    buf_close(&out);
}

Test(url, dot_segments_are_not_added)
{
    struct buf out = BUF_INIT(100);
    cr_expect_not(url_add_segment(&out, "."));
    cr_expect_not(url_add_segment(&out, ".."));
    cr_expect_eq(out.len, 0);
    cr_expect(url_add_segment(&out, "..."));
    cr_expect(url_add_segment(&out, "..a"));
    cr_expect(url_add_segment(&out, ""));
    cr_expect_str_eq(buf_text(&out), ".....a");
    buf_close(&out);
}

Test(url, segment_that_does_not_fit_is_not_added)
{
    struct buf out = BUF_INIT(4);
    buf_adds(&out, "/");
    cr_expect_not(url_add_segment(&out, "ab/"));
    cr_expect_str_eq(buf_text(&out), "/");
    buf_close(&out);
}

Test(url, escapes_are_decoded_and_broken_ones_rejected)
{
    char text[] = "a%2Fb%00c%c3%A9+%25";
    size_t len;
    cr_expect_eq(url_decode(text, &len), 0);
    cr_expect_eq(len, 9);
    cr_expect_arr_eq(text, "a/b\0c\xc3\xa9+%", 10);

    const char *const bad[] = {"%", "a%2", "%zz", "%2g", "%%41", "% 1"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char copy[8];
        snprintf(copy, sizeof copy, "%s", bad[i]);
        cr_expect_eq(url_decode(copy, &len), -1, "%s", bad[i]);
    }
}
