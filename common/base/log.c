#include "base/log.h"

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/utf8.h"

/* One line fits into PIPE_BUF (4096 on Linux). Such a write to a pipe that poll()
 * reports as writable does not block, and does not mix with another process's lines. */
enum {
    LINE_MAX_BYTES = 4000,
    CUT_BYTES = 3900, /* no value goes on from here: room for what closes the line */
};

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

/* Bytes of the character at p; 0 if it is to be escaped: no UTF-8, a control character (also of those beyond
 * ASCII: U+0085 is a line break, U+009B begins a command to a terminal), or a line or paragraph separator. */
static size_t visible_len(const unsigned char *p)
{
    enum { LONGEST = 4 }; /* the '\0' ends a character that is cut off */
    bool is_control = p[0] < ' ' || p[0] == 0x7f || (p[0] == 0xc2 && p[1] < 0xa0);
    bool is_separator = p[0] == 0xe2 && p[1] == 0x80 && (p[2] == 0xa8 || p[2] == 0xa9); /* U+2028, U+2029 */
    return is_control || is_separator ? 0 : utf8_len(p, LONGEST);
}

static bool is_plain_word(const char *text)
{
    size_t len;
    for (const unsigned char *p = (const unsigned char *)text; *p; p += len) {
        len = visible_len(p);
        if (len == 0 || *p == ' ' || *p == '"' || *p == '\\')
            return false;
    }
    return *text != '\0';
}

/* Returns how many bytes at p it has put. */
static size_t put_character(struct line *line, const unsigned char *p)
{
    char escaped[5];
    size_t len = visible_len(p);
    if (*p == '"' || *p == '\\')
        snprintf(escaped, sizeof escaped, "\\%c", *p);
    else if (*p == '\n')
        snprintf(escaped, sizeof escaped, "\\n");
    else if (len == 0)
        snprintf(escaped, sizeof escaped, "\\x%02x", *p);
    else {
        put(line, (const char *)p, len);
        return len;
    }
    puts_raw(line, escaped);
    return 1;
}

/* A value that is too long is cut between two characters, and its quotes are closed. */
static void put_value(struct line *line, const char *text)
{
    if (line->len + strlen(text) < CUT_BYTES && is_plain_word(text)) {
        puts_raw(line, text);
        return;
    }
    puts_raw(line, "\"");
    const unsigned char *p = (const unsigned char *)text;
    while (*p && line->len < CUT_BYTES)
        p += put_character(line, p);
    puts_raw(line, *p ? "…\"" : "\"");
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
    for (const struct log_field *field = fields; field->key && line.len < CUT_BYTES; field++) {
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
