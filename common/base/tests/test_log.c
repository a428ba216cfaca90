/* log: whatever a value holds, its line is one whole line of logfmt. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"

TestSuite(log, .timeout = 300);

/* What log_write writes for these fields, from level= on. */
static const char *line_of(const struct log_field *fields)
{
    static char written[8192];
    int pipe_ends[2], before = dup(STDERR_FILENO);
    cr_assert_eq(pipe(pipe_ends), 0);
    dup2(pipe_ends[1], STDERR_FILENO);
    log_write(LOG_WARN, "event", fields);
    dup2(before, STDERR_FILENO);
    ssize_t len = read(pipe_ends[0], written, sizeof written - 1);
    written[len > 0 ? len : 0] = '\0';
    close(before);
    close(pipe_ends[0]);
    close(pipe_ends[1]);
    const char *level = strstr(written, "level=");
    return level ? level : "";
}

static void expect_value(const char *value, const char *written)
{
    char line[400];
    snprintf(line, sizeof line, "level=warn msg=event v=%s\n", written);
    cr_expect_str_eq(line_of(LOG_FIELDS(log_s("v", value))), line);
}

Test(log, value_without_blanks_is_not_quoted)
{
    expect_value("élan=中😀", "élan=中😀");
    expect_value("", "\"\"");
    expect_value("a \"b\" \\", "\"a \\\"b\\\" \\\\\"");
}

Test(log, control_characters_are_escaped)
{
    expect_value("a\nb\r\t\x1b[0m\x7f", "\"a\\nb\\x0d\\x09\\x1b[0m\\x7f\"");
    /* Beyond ASCII: a line break, a terminal's command, and the line and paragraph separators. */
    expect_value("a\xc2\x85" "b\xc2\x9b" "c\u2028d\u2029e",
                 "\"a\\xc2\\x85b\\xc2\\x9bc\\xe2\\x80\\xa8d\\xe2\\x80\\xa9e\"");
}

Test(log, bytes_that_are_not_utf8_are_escaped)
{
    expect_value("caf\xe9", "\"caf\\xe9\"");
    expect_value("\xe4\xb8", "\"\\xe4\\xb8\"");
}

Test(log, long_value_is_cut_and_stays_quoted)
{
    static char text[3 * 4000 + 1]; /* "中 中 …": it is cut between two characters, and closed */
    for (size_t i = 0; i + 4 < sizeof text; i += 4)
        memcpy(text + i, "中 ", 4);
    const char *line = line_of(LOG_FIELDS(log_s("v", text), log_i("after", 7)));
    size_t len = strlen(line);
    cr_expect_lt(len, 4000);
    cr_assert_gt(len, 3800);
    cr_expect(strcmp(line + len - 9, "中 …\"\n") == 0 || strcmp(line + len - 9, " 中…\"\n") == 0, "%s", line + len - 40);
}
