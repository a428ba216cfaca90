#include "naive.h"

#include <fcntl.h>
#include <pthread.h>
#include <spawn.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"

enum { THREADS_MAX = 8 };

struct naive {
    char program[1100], consul[200];
    int threads, pause_ms;
    pthread_t thread[THREADS_MAX];
    atomic_int running; /* threads that have begun */
    atomic_bool stop;
    atomic_int ok, failed, slow;
};

static bool call(const struct naive *naive, int user)
{
    char id[16], consul[sizeof naive->consul + 20];
    snprintf(id, sizeof id, "%d", user);
    snprintf(consul, sizeof consul, "CONSUL_HTTP_ADDR=%s", naive->consul);
    char *const argv[] = {(char *)naive->program, id, NULL}, *const env[] = {consul, NULL};
    posix_spawn_file_actions_t quiet;
    posix_spawn_file_actions_init(&quiet);
    posix_spawn_file_actions_addopen(&quiet, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&quiet, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    pid_t pid;
    int status = posix_spawn(&pid, naive->program, &quiet, NULL, argv, env);
    posix_spawn_file_actions_destroy(&quiet);
    return status == 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

static void *run(void *arg)
{
    struct naive *naive = arg;
    unsigned seed = (unsigned)clock_ms();
    usleep((useconds_t)(naive->pause_ms * naive->running++ / naive->threads) * 1000); /* spreads the calls evenly */
    while (!naive->stop) {
        int64_t begin = clock_ms();
        if (call(naive, 1 + rand_r(&seed) % LOAD_USERS))
            naive->ok++;
        else
            naive->failed++;
        int64_t took = clock_ms() - begin, left = naive->pause_ms - took;
        if (took > LOAD_SLOW_MS)
            naive->slow++;
        if (left > 0)
            usleep((useconds_t)left * 1000);
    }
    return NULL;
}

struct naive *naive_start(const char *program, const char *consul_url, int threads, int per_second)
{
    struct naive *naive = calloc(1, sizeof *naive);
    if (!naive)
        return NULL;
    snprintf(naive->program, sizeof naive->program, "%s", program);
    snprintf(naive->consul, sizeof naive->consul, "%s", consul_url);
    naive->pause_ms = 1000 / per_second;
    naive->threads = threads < THREADS_MAX ? threads : THREADS_MAX;
    for (int i = 0; i < naive->threads; i++) {
        if (pthread_create(&naive->thread[i], NULL, run, naive) != 0) {
            naive->threads = i;
            naive_stop(naive);
            return NULL;
        }
    }
    return naive;
}

void naive_take(struct naive *naive, struct load_count *count)
{
    *count = (struct load_count){.ok = (uint64_t)atomic_exchange(&naive->ok, 0),
                                 .failed = (uint64_t)atomic_exchange(&naive->failed, 0),
                                 .slow = (uint64_t)atomic_exchange(&naive->slow, 0)};
}

void naive_stop(struct naive *naive)
{
    naive->stop = true;
    for (int i = 0; i < naive->threads; i++)
        pthread_join(naive->thread[i], NULL);
    free(naive);
}
