#include "base/log.h"

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

/* One line fits into PIPE_BUF (4096 on Linux). Such a write to a pipe that poll()
 * reports as writable does not block, and does not mix with another process's lines. */
enum { LINE_MAX_BYTES = 4000 };

struct line {
    char bytes[LINE_MAX_BYTES + 2];
    size_t len;
};

static enum log_level lowest = LOG_INFO;
static unsigned long dropped;

void log_set_level(enum log_level level)
{
    lowest = level;
}

bool log_shows(enum log_level level)
{
    return level >= lowest;
}

static void put(struct line *line, const char *bytes, size_t len)
{
    size_t room = LINE_MAX_BYTES - line->len;
    if (len > room)
        len = room;
    memcpy(line->bytes + line->len, bytes, len);
    line->len += len;
}

static void puts_raw(struct line *line, const char *text)
{
    put(line, text, strlen(text));
}

static bool is_plain_word(const char *text)
{
    if (!*text)
        return false;
    for (const unsigned char *p = (const unsigned char *)text; *p; p++)
        if (*p <= ' ' || *p == '"' || *p == '\\' || *p == 0x7f)
            return false;
    return true;
}

static void put_value(struct line *line, const char *text)
{
    if (is_plain_word(text)) {
        puts_raw(line, text);
        return;
    }
    puts_raw(line, "\"");
    for (const unsigned char *p = (const unsigned char *)text; *p; p++) {
        char escaped[5] = {(char)*p};
        if (*p == '"' || *p == '\\')
            snprintf(escaped, sizeof escaped, "\\%c", *p);
        else if (*p == '\n')
            snprintf(escaped, sizeof escaped, "\\n");
        else if (*p < 0x20 || *p == 0x7f)
            snprintf(escaped, sizeof escaped, "\\x%02x", *p);
        puts_raw(line, escaped);
    }
    puts_raw(line, "\"");
}

static void put_number(struct line *line, int64_t number)
{
    char digits[24];
    snprintf(digits, sizeof digits, "%lld", (long long)number);
    puts_raw(line, digits);
}

static void put_time(struct line *line)
{
    int64_t wall = clock_wall_ms();
    time_t seconds = (time_t)(wall / 1000);
    struct tm utc;
    char text[40];
    gmtime_r(&seconds, &utc);
    size_t len = strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &utc);
    snprintf(text + len, sizeof text - len, ".%03dZ", (int)(wall % 1000));
    puts_raw(line, text);
}

static void emit(struct line *line)
{
    line->bytes[line->len++] = '\n';
    struct pollfd out = {.fd = STDERR_FILENO, .events = POLLOUT};
    if (poll(&out, 1, 0) != 1 || write(STDERR_FILENO, line->bytes, line->len) < 0)
        dropped++;
    else
        dropped = 0;
}

void log_write(enum log_level level, const char *msg, const struct log_field *fields)
{
    static const char *const names[] = {"debug", "info", "warn", "error"};
    if (!log_shows(level))
        return;

    struct line line = {.len = 0};
    puts_raw(&line, "time=");
    put_time(&line);
    puts_raw(&line, " level=");
    puts_raw(&line, names[level]);
    puts_raw(&line, " msg=");
    put_value(&line, msg);
    for (const struct log_field *field = fields; field->key; field++) {
        puts_raw(&line, " ");
        puts_raw(&line, field->key);
        puts_raw(&line, "=");
        if (field->text)
            put_value(&line, field->text);
        else
            put_number(&line, field->number);
    }
    if (dropped) {
        puts_raw(&line, " lines_dropped_before=");
        put_number(&line, (int64_t)dropped);
    }
    emit(&line);
}
