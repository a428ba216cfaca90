#include "net/url.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "loop/resolve.h"

static const char letters_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/* The characters of a URL (RFC 3986, 2.2 and 2.3), except '?' and '#'. */
static bool has_only_url_characters(const char *text)
{
    for (; *text; text++)
        if (!strchr(letters_digits, *text) && !strchr("-._~:/[]@!$&'()*+,;=%", *text))
            return false;
    return true;
}

/* Copies one part of the URL; "" if it is absent. */
static int get_part(CURLU *parsed, CURLUPart part, unsigned flags, char *out, size_t size)
{
    char *text = NULL;
    CURLUcode code = curl_url_get(parsed, part, &text, flags);
    if (code == CURLUE_NO_USER || code == CURLUE_NO_PASSWORD || code == CURLUE_NO_PORT) {
        out[0] = '\0';
        return 0;
    }
    int len = code == CURLUE_OK ? snprintf(out, size, "%s", text) : -1;
    curl_free(text);
    return len < 0 || (size_t)len >= size ? -1 : 0;
}

/* Removes the brackets of an IPv6 address. A name has letters, digits, '.', '-', '_'. */
static int check_host(char *host)
{
    size_t len = strlen(host);
    if (host[0] == '[') {
        memmove(host, host + 1, len - 2);
        host[len - 2] = '\0';
        return address_is_numeric(host) ? 0 : -1;
    }
    for (const char *p = host; *p; p++)
        if (!strchr(letters_digits, *p) && !strchr(".-_", *p))
            return -1;
    return len > 0 ? 0 : -1;
}

static int read_parts(CURLU *parsed, struct url *url)
{
    char port[8];
    if (get_part(parsed, CURLUPART_SCHEME, 0, url->scheme, sizeof url->scheme) != 0 ||
        get_part(parsed, CURLUPART_USER, CURLU_URLDECODE, url->user, sizeof url->user) != 0 ||
        get_part(parsed, CURLUPART_PASSWORD, CURLU_URLDECODE, url->password, sizeof url->password) != 0 ||
        get_part(parsed, CURLUPART_HOST, 0, url->host, sizeof url->host) != 0 ||
        get_part(parsed, CURLUPART_PORT, 0, port, sizeof port) != 0 || check_host(url->host) != 0)
        return -1;
    url->port = (uint16_t)strtoul(port, NULL, 10); /* curl accepts only 0 to 65535 */
    return port[0] && url->port == 0 ? -1 : 0;
}

/* curl accepts sloppy URLs, as a browser does: one slash or three, a second '@', escapes
 * in the host, a colon without a port. In a setting these are mistakes, so we reject them. */
static int find_path(const char *text, const char **path)
{
    const char *authority = strstr(text, "://");
    if (!authority)
        return -1;
    authority += 3;
    *path = authority + strcspn(authority, "/");
    const char *at = memchr(authority, '@', (size_t)(*path - authority));
    const char *host = at ? at + 1 : authority;
    size_t len = (size_t)(*path - host);
    return len == 0 || host[len - 1] == ':' || memchr(host, '@', len) || memchr(host, '%', len) ? -1 : 0;
}

int url_parse(const char *text, struct url *url)
{
    const char *path;
    *url = (struct url){.port = 0};
    if (!has_only_url_characters(text) || find_path(text, &path) != 0 || strlen(path) >= sizeof url->path)
        return -1;
    snprintf(url->path, sizeof url->path, "%s", path);

    CURLU *parsed = curl_url();
    int status = -1;
    if (parsed && curl_url_set(parsed, CURLUPART_URL, text, CURLU_NON_SUPPORT_SCHEME | CURLU_PATH_AS_IS) == CURLUE_OK)
        status = read_parts(parsed, url);
    curl_url_cleanup(parsed);
    return status;
}

/* --- Percent-encoding ------------------------------------------------------------ */

bool url_is_dot_segment(const char *text, size_t len)
{
    return (len == 1 || len == 2) && memcmp(text, "..", len) == 0;
}

bool url_add_query(struct buf *out, const char *text)
{
    size_t before = out->len;
    for (; *text; text++) {
        bool unreserved = strchr(letters_digits, *text) || strchr("-._~", *text);
        if (unreserved ? buf_add(out, text, 1) : buf_addf(out, "%%%02X", (unsigned char)*text))
            continue;
        out->len = before;
        if (out->data)
            out->data[before] = '\0';
        return false;
    }
    return true;
}

bool url_add_segment(struct buf *out, const char *text)
{
    return !url_is_dot_segment(text, strlen(text)) && url_add_query(out, text);
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20; /* to lower case */
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int url_decode(char *text, size_t *len)
{
    char *out = text;
    for (const char *in = text; *in; in++, out++) {
        *out = *in;
        if (*in != '%')
            continue;
        int high = hex_digit(in[1]);
        int low = high < 0 ? -1 : hex_digit(in[2]);
        if (low < 0)
            return -1;
        *out = (char)(high << 4 | low);
        in += 2;
    }
    *out = '\0';
    *len = (size_t)(out - text);
    return 0;
}
