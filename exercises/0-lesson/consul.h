/* The parts of python-consul and requests that the lesson uses; each is one blocking call.
 *
 * json_t values are jansson's; the caller frees them with json_decref(). */
#ifndef LESSON_CONSUL_H
#define LESSON_CONSUL_H

#include <curl/curl.h>
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static size_t lesson_collect(char *bytes, size_t size, size_t count, void *stream)
{
    return fwrite(bytes, size, count, stream);
}

/* Prints an error as Python prints an uncaught exception. Its value is 1, for main to return. */
#define raise_error(...) (fprintf(stderr, "Error: " __VA_ARGS__), fputc('\n', stderr), 1)

/* GET, or PUT if there is a body ("": an empty one). NULL: the call failed, or the answer is not JSON. *status is 0
 * if no answer came; status may be NULL. */
static inline json_t *http_json(const char *url, const char *body, long *status)
{
    char *text = NULL;
    size_t length = 0;
    FILE *stream = open_memstream(&text, &length);
    CURL *curl = curl_easy_init();
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, 3L);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, lesson_collect);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, stream);
    if (body) {
        curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, "PUT");
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
    }
    CURLcode result = curl_easy_perform(curl);
    if (status)
        curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, status);
    fclose(stream);
    json_t *json = result == CURLE_OK ? json_loads(text, JSON_DECODE_ANY, NULL) : NULL;
    curl_easy_cleanup(curl);
    free(text);
    return json;
}

/* consul.Consul(host='localhost', port=8500), or CONSUL_HTTP_ADDR=http://host:port. Writes the URL of a path to `out`. */
static inline const char *consul_url(const char *path, char out[512])
{
    const char *address = getenv("CONSUL_HTTP_ADDR");
    snprintf(out, 512, "%s%s", address ? address : "http://localhost:8500", path);
    return out;
}

#endif
