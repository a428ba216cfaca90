#include "client.h"

#include <ctype.h>
#include <errno.h>
#include <jansson.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/clock.h"
#include "checker/check.h"
#include "harness/proc.h"
#include "program.h"

enum {
    FIRST_LIMIT_MS = 20000, /* the first line: a virtual machine or a compiler may have to start */
    LIMIT_MS = 10000,
    LATE_MS = 3000, /* after the end of its input, for a client that did not flush */
    END_LIMIT_MS = 10000,
    LINE_MAX_BYTES = 16384,
    SHOWN = 120, /* bytes of a line in a message */
    MEASURE_MS = 500,
    WAIT_MS = 300, /* a call waits if it takes this much longer than WAIT_TIMES the usual time: the load may grow */
    WAIT_TIMES = 4,
};

static struct {
    struct proc proc;
    int in, out;
    int id; /* of the last call */
    char unread[LINE_MAX_BYTES], line[LINE_MAX_BYTES];
    size_t length; /* of unread */
    char error[200];
    int64_t usual_ms; /* of a call */
} client = {.in = -1, .out = -1};

/* --- Messages ------------------------------------------------------------------------------- */

/* For a message: without control characters, and cut between two characters of UTF-8. */
static const char *shown(const char *line)
{
    static char text[SHOWN + sizeof "…"];
    size_t length = strlen(line);
    if (!length)
        return text_of(TEXT("(an empty line)", "（空行）"));
    bool whole = length <= SHOWN;
    if (!whole)
        for (length = SHOWN; length > 0 && ((unsigned char)line[length] & 0xC0) == 0x80; length--)
            ;
    snprintf(text, sizeof text, "%.*s%s", (int)length, line, whole ? "" : "…");
    for (char *at = text; *at; at++)
        if (iscntrl((unsigned char)*at))
            *at = '?';
    return text;
}

/* --- Its output -------------------------------------------------------------------------------- */

static bool take_line(void)
{
    const char *end = memchr(client.unread, '\n', client.length);
    if (!end)
        return false;
    size_t length = (size_t)(end - client.unread);
    memcpy(client.line, client.unread, length);
    client.line[length] = '\0';
    client.length -= length + 1;
    memmove(client.unread, end + 1, client.length);
    return true;
}

/* Reads what is there now. False: nothing. */
static bool read_more(void)
{
    if (client.length == sizeof client.unread)
        fail(TEXT("%sfor id %d the client printed %d KB without a newline: print one line",
                  "%sid %d：客户端输出了 %d KB，没有换行：请只输出一行"),
             program_situation(), client.id, LINE_MAX_BYTES / 1024);
    ssize_t n = read(client.out, client.unread + client.length, sizeof client.unread - client.length);
    client.length += n > 0 ? (size_t)n : 0;
    return n > 0;
}

/* False at the limit, or if the client has ended without a line. */
static bool read_line(int64_t limit_ms)
{
    int64_t deadline = deadline_in(limit_ms);
    while (!take_line()) {
        bool running = proc_is_running(&client.proc); /* before the output is read, to include its last lines */
        if (read_more())
            continue;
        if (!running || deadline_left(deadline) == 0)
            return false;
        poll(&(struct pollfd){.fd = client.out, .events = POLLIN}, 1, 20);
    }
    return true;
}

static void end_input(void)
{
    close(client.in);
    client.in = -1;
}

static _Noreturn void fail_silent(int limit_ms)
{
    if (client.length) {
        snprintf(client.line, sizeof client.line, "%.*s", (int)client.length, client.unread);
        fail(TEXT("%sfor id %d the client printed `%s` without a newline", "%sid %d：客户端输出了 `%s`，没有换行"),
             program_situation(), client.id, shown(client.line));
    }
    end_input();
    if (read_line(LATE_MS))
        fail(TEXT("%sfor id %d the client printed its line only after its input had ended: print it as soon as the id "
                  "is read, and flush standard output after each line",
                  "%sid %d：输入结束之后，客户端才输出这一行：请读到 id 就处理，并且每输出一行就刷新（flush）标准输出"),
             program_situation(), client.id);
    program_show_errors(&client.proc);
    fail(TEXT("%sfor id %d the client printed nothing within %d s: it %swaits for something without a timeout",
              "%sid %d：客户端 %d 秒内没有任何输出：它%s在等待某个调用，而且没有设置超时"),
         program_situation(), client.id, limit_ms / 1000,
         client.id > 1 ? "" : text_of(TEXT("does not read standard input, or ", "没有读标准输入，或者")));
}

/* A user's id is text or a number: 7 or "7". */
static bool is_user(const char *line, int id)
{
    char text[16];
    json_t *user = json_loads(line, JSON_DECODE_INT_AS_REAL, NULL);
    const json_t *member = json_object_get(user, "id");
    snprintf(text, sizeof text, "%d", id);
    bool is = json_is_string(member) ? strcmp(json_string_value(member), text) == 0 : json_number_value(member) == id;
    json_decref(user);
    return is;
}

/* --- The client ---------------------------------------------------------------------------------- */

void client_start(const struct folder *folder, const char *consul_url)
{
    char in[PLACE_PATH_MAX + 16], out[PLACE_PATH_MAX + 16], consul[160], ttl[32];
    client.in = program_pipe(folder, "in", in);
    client.out = program_pipe(folder, "out", out);
    snprintf(consul, sizeof consul, "CONSUL_HTTP_ADDR=%s", consul_url);
    snprintf(ttl, sizeof ttl, "CACHE_TTL=%d", CACHE_TTL_S);
    program_start(&client.proc, folder, in, out, (const char *const[]){consul, ttl, NULL});
}

#define GO_ON                                                                                                          \
    TEXT("it must read ids until its input ends: catch errors, print `error: …`, and go on",                           \
         "它要一直读到输入结束：请捕获错误，输出 `error: …`，然后继续")
#define READ_IDS                                                                                                       \
    TEXT("it must read ids until its input ends, also if a call fails. Paths in CMD start at the project's folder",    \
         "它要一直读到输入结束，调用失败时也一样。CMD 中的路径从项目根目录算起")

bool client_call(void)
{
    char id[16];
    int limit_ms = client.id ? LIMIT_MS : FIRST_LIMIT_MS;
    int length = snprintf(id, sizeof id, "%d\n", ++client.id);
    if (write(client.in, id, (size_t)length) != length)
        fail_here("%s", strerror(errno));
    if (!read_line(limit_ms)) {
        if (!proc_is_running(&client.proc))
            program_fail_ended(&client.proc, client.id > 1 ? GO_ON : READ_IDS);
        fail_silent(limit_ms);
    }
    if (strncasecmp(client.line, "error:", strlen("error:")) == 0) {
        snprintf(client.error, sizeof client.error, "%s", shown(client.line + strcspn(client.line, " ")));
        return false;
    }
    if (!is_user(client.line, client.id)) {
        program_show_errors(&client.proc);
        fail(TEXT("%sfor id %d the client printed `%s`: expected one line, {\"id\":\"%d\", …} or `error: …`. Log to "
                  "standard error",
                  "%sid %d：客户端输出了 `%s`：期望一行 {\"id\":\"%d\", …} 或者 `error: …`。日志请写到标准错误"),
             program_situation(), client.id, shown(client.line), client.id);
    }
    return true;
}

const char *client_error(void)
{
    return client.error + strspn(client.error, " ");
}

/* One call, and what became of it. */
static void count_call(struct client_calls *calls)
{
    int64_t begin = clock_ms();
    calls->answered++;
    if (!client_call() && calls->failed++ == 0)
        snprintf(calls->first_error, sizeof calls->first_error, "%s", client_error());
    int64_t took_ms = clock_ms() - begin;
    calls->took_ms += took_ms;
    if (took_ms > WAIT_MS + WAIT_TIMES * client.usual_ms) {
        calls->waited++;
        calls->waited_ms += took_ms;
    }
}

void client_calls_for(int64_t ms, struct client_calls *calls)
{
    *calls = (struct client_calls){.planned = (int)(ms * CALLS_A_SECOND / 1000)};
    int64_t begin = clock_ms(), next = begin;
    while (clock_ms() - begin < ms) {
        count_call(calls);
        next += 1000 / CALLS_A_SECOND;
        if (next > clock_ms())
            poll(NULL, 0, (int)(next - clock_ms()));
        else
            next = clock_ms(); /* calls that were missed are not made up for */
    }
}

void client_measure_usual(void)
{
    struct client_calls calls;
    client_calls_for(MEASURE_MS, &calls);
    client.usual_ms = calls.answered ? calls.took_ms / calls.answered : 0;
}

void client_end(void)
{
    end_input();
    if (!proc_wait(&client.proc, END_LIMIT_MS))
        fail(
            TEXT("the client did not end within %d s after the end of its input", "输入结束后 %d 秒内，客户端没有退出"),
            END_LIMIT_MS / 1000);
    if (read_line(0))
        fail(TEXT("the client printed `%s` after the line of the last id: print one line for each id, and nothing else",
                  "最后一个 id 的那一行之后，客户端又输出了 `%s`：每个 id 只输出一行，不要输出其他内容"),
             shown(client.line));
}
