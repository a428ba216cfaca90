#include "harness/load.h"

#include <curl/curl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { THREADS_MAX = 64 };

struct load {
    char url_prefix[256];
    int per_second;
    int threads;
    pthread_t thread[THREADS_MAX];
    atomic_int running; /* threads that have begun */
    atomic_bool stop;
    pthread_mutex_t lock; /* protects count */
    struct load_count count;
};

static int64_t now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static size_t discard(char *bytes, size_t size, size_t n, void *arg)
{
    (void)bytes, (void)arg;
    return size * n;
}

static void count_result(struct load *load, CURL *curl, CURLcode code, int64_t took_ms, const char *url)
{
    long status = 0;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    pthread_mutex_lock(&load->lock);
    struct load_count *count = &load->count;
    if (took_ms > count->slowest_ms)
        count->slowest_ms = took_ms;
    count->slow += took_ms > LOAD_SLOW_MS;
    if (code == CURLE_OK && status == 200) {
        count->ok++;
    } else {
        if (count->failed++ == 0)
            snprintf(count->first_failure, sizeof count->first_failure, "%s: %s, status %ld, after %lld ms", url,
                     curl_easy_strerror(code), status, (long long)took_ms);
    }
    pthread_mutex_unlock(&load->lock);
}

static void wait_until(struct load *load, int64_t moment_us)
{
    int64_t left;
    while (!load->stop && (left = moment_us - now_us()) > 0) {
        if (left > 50000)
            left = 50000;
        nanosleep(&(struct timespec){.tv_nsec = (long)left * 1000}, NULL);
    }
}

static void *run(void *arg)
{
    struct load *load = arg;
    CURL *curl = curl_easy_init();
    unsigned seed = (unsigned)now_us();
    int64_t pause_us = 1000000 / load->per_second;
    int64_t next = now_us() + pause_us * load->running++ / load->threads; /* starts are spread: an even rate */
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, discard);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, 30000L);
    wait_until(load, next);
    while (!load->stop) {
        char url[300];
        snprintf(url, sizeof url, "%s%d", load->url_prefix, 1 + rand_r(&seed) % LOAD_USERS);
        curl_easy_setopt(curl, CURLOPT_URL, url);
        int64_t begin = now_us();
        CURLcode code = curl_easy_perform(curl);
        count_result(load, curl, code, (now_us() - begin) / 1000, url);
        next += pause_us;
        wait_until(load, next);
    }
    curl_easy_cleanup(curl);
    return NULL;
}

struct load *load_start(const char *url_prefix, int threads, int per_second)
{
    struct load *load = calloc(1, sizeof *load);
    if (!load)
        return NULL;
    snprintf(load->url_prefix, sizeof load->url_prefix, "%s", url_prefix);
    load->per_second = per_second;
    load->threads = threads < THREADS_MAX ? threads : THREADS_MAX;
    pthread_mutex_init(&load->lock, NULL);
    for (int i = 0; i < load->threads; i++) {
        if (pthread_create(&load->thread[i], NULL, run, load) != 0) {
            struct load_count ignored;
            load->threads = i;
            load_stop(load, &ignored);
            return NULL;
        }
    }
    return load;
}

void load_take(struct load *load, struct load_count *count)
{
    pthread_mutex_lock(&load->lock);
    *count = load->count;
    load->count = (struct load_count){0};
    pthread_mutex_unlock(&load->lock);
}

void load_stop(struct load *load, struct load_count *count)
{
    load->stop = true;
    for (int i = 0; i < load->threads; i++)
        pthread_join(load->thread[i], NULL);
    load_take(load, count);
    pthread_mutex_destroy(&load->lock);
    free(load);
}
