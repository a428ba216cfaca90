#include "net/http_client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/hash.h"
#include "net/http_call_request.h"
#include "net/http_call_response.h"
#include "net/http_call_result.h"
#include "net/http_multi.h"

enum { PREFERRED_SLOTS = 16 }; /* two names in one slot only cost each other the preference */

struct http_client {
    struct http_multi *multi;
    struct transfer *pool; /* unused ones, each set for a plain GET */
    char preferred[PREFERRED_SLOTS][ADDRESS_MAX]; /* of names with several addresses, by a hash of the name */
};

/* --- Transfers: made once, then reused from the pool --------------------------------- */

/* Sets it for a plain GET. */
static void transfer_set_defaults(struct http_client *client, struct transfer *transfer)
{
    http_multi_attach(client->multi, transfer);
    CURL *easy = transfer->easy;
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_NOPROXY, "*"); /* else curl reads the environment for each call */
    curl_easy_setopt(easy, CURLOPT_DNS_CACHE_TIMEOUT, -1L); /* curl gets addresses only: no cached name expires */
    curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(easy, CURLOPT_HTTP09_ALLOWED, 0L);
    curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(easy, CURLOPT_CURLU, transfer->origin);
    curl_easy_setopt(easy, CURLOPT_TCP_NODELAY, 1L);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->curl_error);
    response_attach(transfer);
}

static void transfer_free(struct transfer *transfer)
{
    if (!transfer)
        return;
    curl_easy_cleanup(transfer->easy);
    curl_url_cleanup(transfer->origin); /* last: the easy handle borrows it */
    free(transfer);
}

static struct transfer *transfer_take(struct http_client *client)
{
    struct transfer *transfer = client->pool;
    if (transfer) {
        client->pool = transfer->next;
        return transfer;
    }
    transfer = calloc(1, sizeof *transfer);
    if (!transfer || !(transfer->easy = curl_easy_init()) || !(transfer->origin = curl_url())) {
        transfer_free(transfer);
        return NULL;
    }
    transfer_set_defaults(client, transfer);
    return transfer;
}

/* `altered`: it is no longer set for a plain GET. */
static void transfer_give_back(struct http_client *client, struct transfer *transfer, bool altered)
{
    if (altered) {
        curl_easy_reset(transfer->easy);
        transfer_set_defaults(client, transfer);
    }
    transfer->next = client->pool;
    client->pool = transfer;
}

/* --- One transfer ------------------------------------------------------------------------- */

static int run_transfer(struct http_client *client, struct transfer *transfer, struct err *err)
{
    transfer->deadline = transfer->call->deadline;
    switch (http_multi_run(client->multi, transfer)) {
    case WAIT_TIMEOUT:
        return err_set(err, ERR_TIMEOUT, "no whole reply in time");
    case WAIT_CANCELLED:
        return err_set(err, ERR_CANCELLED, "cancelled");
    default:
        return transfer_result(transfer, err);
    }
}

/* --- A name with several addresses -------------------------------------------------------- */

/* Nothing was sent, so another address may be tried. The only time limit that curl gets is for connecting. */
static bool never_connected(const struct transfer *transfer)
{
    return transfer->result == CURLE_COULDNT_CONNECT || transfer->result == CURLE_OPERATION_TIMEDOUT;
}

static char *preferred_by(struct http_client *client, const char *host)
{
    return client->preferred[hash_bytes(host, strlen(host)) % PREFERRED_SLOTS];
}

static void prefer(struct http_client *client, const char *host, const char *address)
{
    memcpy(preferred_by(client, host), address, ADDRESS_MAX);
}

/* The call begins with the preferred address, and goes on in the resolver's order. */
static void rotate(struct http_client *client, const char *host, struct addresses *addresses)
{
    struct addresses resolved = *addresses;
    for (int first = 1; first < resolved.count; first++)
        if (strcmp(resolved.list[first], preferred_by(client, host)) == 0)
            for (int i = 0; i < resolved.count; i++)
                memcpy(addresses->list[i], resolved.list[(first + i) % resolved.count], ADDRESS_MAX);
}

/* curl could try several addresses by itself, but driven by our loop it does not leave one that hangs.
 * The one that was reached last is preferred: curl may still have a connection to it. After one that
 * connects and gives no reply, the next one is, so that it does not keep the others from use. */
static int try_addresses(struct http_client *client, struct transfer *transfer, struct request *request,
                         struct err *err)
{
    const struct http_call *call = transfer->call;
    struct addresses *addresses = &request->addresses;
    if (addresses->count == 1)
        return run_transfer(client, transfer, err);
    rotate(client, call->host, addresses);
    for (int i = 0;; i++) {
        struct err seen = ERR_INIT;
        transfer->curl_error[0] = '\0';
        request_aim(request, i, call, transfer);
        if (run_transfer(client, transfer, &seen) == 0) {
            prefer(client, call->host, addresses->list[i]);
            return 0;
        }
        bool ended = seen.code == ERR_UNREACHABLE || seen.code == ERR_TIMEOUT;
        if (seen.code == ERR_TIMEOUT || seen.code == ERR_BROKEN || seen.code == ERR_PROTOCOL)
            prefer(client, call->host, addresses->list[(i + 1) % addresses->count]);
        if (i + 1 == addresses->count || !ended || deadline_left(call->deadline) == 0 || !never_connected(transfer))
            return err_set(err, seen.code, "%s", seen.text);
    }
}

/* --- The call ------------------------------------------------------------------------------ */

int http_call(struct http_client *client, const struct http_call *call, struct http_response *response,
              struct err *err)
{
    struct request request;
    response_reset(response, call);
    struct transfer *transfer = transfer_take(client);
    if (!transfer)
        return err_set(err, ERR_BUSY, "out of memory");
    transfer->call = call;
    transfer->response = response;
    transfer->received = transfer->turn_bytes = 0;
    transfer->paused = false;
    transfer->head_ended = false;
    transfer->socket_error = 0;
    transfer->callback_error = ERR_BROKEN;
    transfer->curl_error[0] = '\0';

    int status = request_set(&request, call, transfer, err);
    if (status == 0)
        status = try_addresses(client, transfer, &request, err);
    transfer_give_back(client, transfer, request.altered);
    if (status == 0)
        return 0;
    response->status = 0;
    return err_prefix(err, "%s %s:%u", call->method ? call->method : "GET", call->host, call->port);
}

bool http_response_header(const struct http_response *response, const char *name, char *out, size_t size)
{
    size_t name_len = strlen(name);
    const char *line = buf_text(&response->head);
    while ((line = strchr(line, '\n')) != NULL) {
        line++;
        if (strncasecmp(line, name, name_len) != 0 || line[name_len] != ':')
            continue;
        const char *value = line + name_len + 1;
        value += strspn(value, " \t");
        size_t len = strcspn(value, "\r\n");
        while (len > 0 && (value[len - 1] == ' ' || value[len - 1] == '\t'))
            len--;
        snprintf(out, size, "%.*s", (int)len, value);
        return true;
    }
    return false;
}

void http_response_close(struct http_response *response)
{
    buf_close(&response->body);
    buf_close(&response->head);
}

/* --- Create and free ----------------------------------------------------------------------- */

struct http_client *http_client_new(size_t max_connections)
{
    struct http_client *client = calloc(1, sizeof *client);
    if (client && (client->multi = http_multi_new(max_connections)))
        return client;
    free(client);
    return NULL;
}

void http_client_limit(struct http_client *client, size_t connections)
{
    http_multi_limit(client->multi, connections);
}

void http_client_free(struct http_client *client)
{
    while (client->pool) {
        struct transfer *transfer = client->pool;
        client->pool = transfer->next;
        transfer_free(transfer);
    }
    http_multi_free(client->multi);
    free(client);
}
