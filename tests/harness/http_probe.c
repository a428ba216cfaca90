#include "harness/http_probe.h"

#include <curl/curl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"

enum { REPLY_MAX = 64 << 20, DEFAULT_TIMEOUT_MS = 15000 };

struct probe {
    CURL *easy;
};

struct probe *probe_new(void)
{
    struct probe *probe = calloc(1, sizeof *probe);
    if (probe && !(probe->easy = curl_easy_init())) {
        free(probe);
        return NULL;
    }
    return probe;
}

void probe_free(struct probe *probe)
{
    if (!probe)
        return;
    curl_easy_cleanup(probe->easy);
    free(probe);
}

static size_t collect(char *bytes, size_t size, size_t count, void *arg)
{
    return buf_add(arg, bytes, size * count) ? size * count : 0;
}

static void set_request(CURL *easy, const struct probe_request *request, struct probe_reply *reply)
{
    const char *method = request->method ? request->method : request->body ? "POST" : "GET";
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_URL, request->url);
    curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, method);
    curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)(request->timeout_ms ? request->timeout_ms : DEFAULT_TIMEOUT_MS));
    if (request->body) {
        curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request->body);
        curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE, (long)strlen(request->body));
    }
    if (strcmp(method, "HEAD") == 0)
        curl_easy_setopt(easy, CURLOPT_NOBODY, 1L);
    curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, collect);
    curl_easy_setopt(easy, CURLOPT_WRITEDATA, &reply->body);
    curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, collect);
    curl_easy_setopt(easy, CURLOPT_HEADERDATA, &reply->headers);
}

/* "Expect:" without a value: curl sends no Expect header, and does not wait for a 100. */
static struct curl_slist *make_headers(const struct probe_request *request)
{
    struct curl_slist *list = curl_slist_append(NULL, "Expect:");
    bool typed = false;
    for (const char *const *header = request->headers; header && *header; header++) {
        list = curl_slist_append(list, *header);
        typed = typed || strncasecmp(*header, "Content-Type:", 13) == 0;
    }
    if (request->body && !typed)
        list = curl_slist_append(list, "Content-Type: application/json");
    return list;
}

static enum err_code code_of(CURLcode code)
{
    switch (code) {
    case CURLE_COULDNT_CONNECT:
    case CURLE_COULDNT_RESOLVE_HOST:
        return ERR_UNREACHABLE;
    case CURLE_OPERATION_TIMEDOUT:
        return ERR_TIMEOUT;
    case CURLE_GOT_NOTHING:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR:
    case CURLE_PARTIAL_FILE:
        return ERR_BROKEN;
    default:
        return ERR_FAILED;
    }
}

static void reply_reset(struct probe_reply *reply)
{
    reply->status = 0;
    reply->headers.cap = reply->body.cap = REPLY_MAX;
    buf_clear(&reply->headers);
    buf_clear(&reply->body);
}

int probe_send(struct probe *probe, const struct probe_request *request, struct probe_reply *reply, struct err *err)
{
    reply_reset(reply);
    struct probe *own = probe ? NULL : probe_new();
    CURL *easy = probe ? probe->easy : own ? own->easy : NULL;
    if (!easy)
        return err_set(err, ERR_FAILED, "out of memory");

    struct curl_slist *headers = make_headers(request);
    curl_easy_reset(easy);
    set_request(easy, request, reply);
    curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
    int64_t begin = clock_us();
    CURLcode code = curl_easy_perform(easy);
    reply->took_us = clock_us() - begin;
    long status = 0;
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
    curl_slist_free_all(headers);
    probe_free(own);

    if (code != CURLE_OK)
        return err_set(err, code_of(code), "cannot get %s: %s", request->url, curl_easy_strerror(code));
    reply->status = (int)status;
    return 0;
}

int probe_get(struct probe *probe, const char *url, struct probe_reply *reply)
{
    struct probe_reply ignored = {0};
    struct probe_reply *to = reply ? reply : &ignored;
    struct err err = ERR_INIT;
    int status = probe_send(probe, &(struct probe_request){.url = url}, to, &err) == 0 ? to->status : 0;
    probe_reply_close(&ignored);
    return status;
}

const char *probe_header(const struct probe_reply *reply, const char *name, char *out, size_t size)
{
    size_t len = strlen(name);
    out[0] = '\0';
    for (const char *line = buf_text(&reply->headers); *line; line += strcspn(line, "\n"), line += *line == '\n') {
        if (strncasecmp(line, name, len) != 0 || line[len] != ':')
            continue;
        const char *value = line + len + 1 + strspn(line + len + 1, " ");
        snprintf(out, size, "%.*s", (int)strcspn(value, "\r\n"), value);
    }
    return out;
}

void probe_reply_close(struct probe_reply *reply)
{
    buf_close(&reply->headers);
    buf_close(&reply->body);
}
