#include "net/http_call_result.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/own_limit.h"

/* The errno of a limit of our own that prevented the connection; 0: none. IPv4 only: with IPv6, EADDRNOTAVAIL
 * also means that this machine has no such address at all. */
static int own_limit_of(const struct transfer *transfer)
{
    long os_error = 0;
    if (transfer->result != CURLE_COULDNT_CONNECT)
        return 0;
    if (own_limit_is(transfer->socket_error))
        return transfer->socket_error;
    curl_easy_getinfo(transfer->easy, CURLINFO_OS_ERRNO, &os_error);
    return os_error == EADDRNOTAVAIL && !strchr(transfer->host, ':') ? EADDRNOTAVAIL : 0;
}

static enum err_code code_of(const struct transfer *transfer)
{
    switch (transfer->result) {
    case CURLE_WRITE_ERROR:
        return transfer->callback_error;
    case CURLE_URL_MALFORMAT:
        return ERR_INVALID;
    case CURLE_COULDNT_CONNECT:
    case CURLE_SSL_CONNECT_ERROR: /* the request is sent only after the handshake */
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_SSL_ISSUER_ERROR:
        return ERR_UNREACHABLE;
    case CURLE_OPERATION_TIMEDOUT:
        return ERR_TIMEOUT;
    case CURLE_UNSUPPORTED_PROTOCOL: /* no status line: HTTP/0.9 or something else */
    case CURLE_WEIRD_SERVER_REPLY:
    case CURLE_BAD_CONTENT_ENCODING:
        return ERR_PROTOCOL;
    case CURLE_FILESIZE_EXCEEDED:
    case CURLE_OUT_OF_MEMORY: /* what curl reports for a header line over 100 KB */
        return ERR_TOO_LARGE;
    case CURLE_FAILED_INIT:
        return ERR_BUSY;
    default:
        return ERR_BROKEN;
    }
}

/* OpenSSL's text, such as "OpenSSL/3.0: error:0A000412:SSL routines::sslv3 alert bad certificate": its last part
 * says what is wrong. Without such a part OpenSSL found no fault in what arrived: the connection ended, or curl says
 * what it found in the certificate. */
static const char *tls_reason_of(const struct transfer *transfer)
{
    static const char before[] = "routines::";
    const char *text = transfer->curl_error, *last = strstr(text, before);
    if (strstr(text, "wrong version number"))
        return "the server does not speak TLS";
    if (!last && transfer->result == CURLE_SSL_CONNECT_ERROR)
        return "the connection closed within the TLS handshake";
    return last ? last + strlen(before) : text;
}

/* The texts of curl name its options and its internal steps, and a caller of ours may read them. */
static const char *reason_of(const struct transfer *transfer)
{
    long os_error = transfer->socket_error;
    bool may_have_one = transfer->result == CURLE_COULDNT_CONNECT || transfer->result == CURLE_RECV_ERROR ||
                        transfer->result == CURLE_SEND_ERROR;
    if (may_have_one && !os_error)
        curl_easy_getinfo(transfer->easy, CURLINFO_OS_ERRNO, &os_error);
    if (os_error)
        return strerror((int)os_error);
    switch (code_of(transfer)) {
    case ERR_TOO_LARGE:
        return "the reply is too large";
    case ERR_CANCELLED:
        return "the reader of the stream ended it";
    case ERR_PROTOCOL:
        return "the reply is not valid HTTP";
    case ERR_BROKEN:
        if (strstr(transfer->curl_error, "alert")) /* of TLS, such as "alert certificate required": nothing else says why */
            return tls_reason_of(transfer);
        return transfer->result == CURLE_GOT_NOTHING ? "the connection closed without a reply"
                                                     : "the connection closed within the reply";
    default: /* TLS: curl names what is wrong with the certificate */
        return transfer->curl_error[0] ? tls_reason_of(transfer) : curl_easy_strerror(transfer->result);
    }
}

int transfer_result(struct transfer *transfer, struct err *err)
{
    struct http_response *response = transfer->response;
    int own_limit = own_limit_of(transfer);
    if (own_limit) {
        own_limit_log(own_limit);
        return err_set(err, ERR_BUSY, "%s", reason_of(transfer));
    }
    if (transfer->result != CURLE_OK)
        return err_set(err, code_of(transfer), "%s", reason_of(transfer));

    const char *local = NULL;
    curl_easy_getinfo(transfer->easy, CURLINFO_LOCAL_IP, &local);
    /* If the connection closes within the head, curl takes that for the end of the head. */
    if (!transfer->head_ended)
        return err_set(err, ERR_BROKEN, "the connection closed within the head of the reply");
    snprintf(response->local_address, sizeof response->local_address, "%s", local ? local : "");
    return 0;
}
