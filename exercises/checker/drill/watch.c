#include "watch.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#include "base/clock.h"

enum {
    LOOK_LIMIT_MS = 400, /* below half a second: a caller that does not answer must not delay the next step */
    SILENT_FOR = 16,     /* half seconds without an answer until the caller counts as lost */
};

/* --- Observe --------------------------------------------------------------------------- */

static void keep_first_error(struct caller *caller, const struct half_second *seen, const struct view *view)
{
    if (seen->failed && !*caller->error)
        snprintf(caller->error, sizeof caller->error, "%s", view->error);
}

static void observe_caller(struct watch *watch, int i, struct half_second *seen)
{
    struct stage *stage = watch->stage;
    struct load_count count;
    if (i == NAIVE)
        naive_take(stage->naive, &count);
    else
        load_take(stage->load[i], &count);
    *seen = (struct half_second){.ok = (int)count.ok, .failed = (int)count.failed, .slow = (int)count.slow};
    if (i == NAIVE || !proc_is_running(&stage->orders[i].proc))
        return;
    struct view view;
    view_take_within(&stage->orders[i], "user-service", LOOK_LIMIT_MS, &view);
    seen->answered = view.known;
    seen->age_ms = view.age_ms;
    seen->instances = view.usable;
    if (strcmp(view.source, "none") != 0)
        snprintf(seen->source, sizeof seen->source, "%s", view.source);
    keep_first_error(&watch->record->caller[i], seen, &view);
}

/* --- Report events ---------------------------------------------------------------------- */

static void report_list(struct watch *watch, int i, const struct half_second *seen)
{
    struct notice *notice = &watch->notice[i];
    struct record *record = watch->record;
    const char *name = text_of(record->caller[i].name);
    bool fresh = strcmp(seen->source, "consul") == 0;
    double age = (double)seen->age_ms / 1000;
    notice->stale_for = fresh ? 0 : notice->stale_for + 1;
    notice->failed = fresh ? 0 : notice->failed + seen->failed;
    if (fresh && !seen->failed && !notice->fresh && record_is_silent(record)) {
        notice->fresh = true;
        record_event(record, text_of(TEXT("%s: the cache is still fresh: %.1f s old", "%s：缓存仍新鲜（%.1f 秒）")),
                     name, age);
    }
    if (notice->stale_for == 2 && !notice->stale) {
        notice->stale = true;
        record_event(record,
                     notice->failed ? text_of(TEXT("%s: the cache has expired (%.1f s), and calls fail",
                                                 "%s：缓存已过期（%.1f 秒），调用失败"))
                                  : text_of(TEXT("%s: the cache is stale, and still in use: %.1f s old",
                                                 "%s：缓存已过期，仍在用（%.1f 秒）")),
                     name, age);
    }
    if (fresh && notice->stale) {
        notice->stale = false;
        record_event(record, text_of(TEXT("%s: Consul's list is in use again", "%s：重新使用 Consul 的列表")), name);
    }
}

static void describe_end(int status, char *out, size_t size)
{
    if (WIFSIGNALED(status))
        snprintf(out, size, "%s", strsignal(WTERMSIG(status)));
    else
        snprintf(out, size, "exit(%d)", WEXITSTATUS(status));
}

/* One process with one event loop serves all requests, so an endless loop or a crash in one of them stops them all. */
static void report_loss(struct watch *watch, int i, const struct half_second *seen)
{
    struct notice *notice = &watch->notice[i];
    struct record *record = watch->record;
    const char *name = text_of(record->caller[i].name);
    struct proc *proc = &watch->stage->orders[i].proc;
    char how[40] = "";
    notice->silent_for = seen->answered || seen->ok ? 0 : notice->silent_for + 1;
    if (notice->lost)
        return;
    if (!proc_is_running(proc)) {
        describe_end(proc->status, how, sizeof how);
        record_event(record, text_of(TEXT("%s: the service has ended: %s", "%s：服务已退出：%s")), name, how);
        record_loss(record, i, record_now(record), how);
        notice->lost = true;
    } else if (notice->silent_for == SILENT_FOR) {
        record_event(record, text_of(TEXT("%s: the service no longer answers", "%s：服务不再回答任何请求")), name);
        record_loss(record, i, record_now(record) - SILENT_FOR * STEP_MS, how);
        notice->lost = true;
    }
}

static void step(struct watch *watch)
{
    struct half_second seen[CALLERS_MAX] = {{0}};
    struct record *record = watch->record;
    for (int i = 0; i < record->callers; i++)
        observe_caller(watch, i, &seen[i]);
    record_step(record, seen);
    for (int i = NAIVE + 1; i < record->callers; i++) {
        report_loss(watch, i, &seen[i]);
        if (seen[i].answered && *seen[i].source)
            report_list(watch, i, &seen[i]);
    }
}

/* --- The thread --------------------------------------------------------------------------- */

static void *run(void *arg)
{
    struct watch *watch = arg;
    struct half_second ignored; /* the calls before the first half second */
    for (int i = 0; i < watch->record->callers; i++)
        observe_caller(watch, i, &ignored);
    for (int64_t next = watch->record->began + STEP_MS; !watch->stop; next += STEP_MS) {
        int64_t left = deadline_left(next);
        nanosleep(&(struct timespec){.tv_sec = left / 1000, .tv_nsec = left % 1000 * 1000000}, NULL);
        step(watch);
    }
    return NULL;
}

int watch_start(struct watch *watch, struct stage *stage, struct record *record, struct err *err)
{
    *watch = (struct watch){.stage = stage, .record = record};
    return pthread_create(&watch->thread, NULL, run, watch) == 0
               ? 0
               : err_set(err, ERR_FAILED, "cannot start the watch: cannot create a thread");
}

void watch_stop(struct watch *watch)
{
    watch->stop = true;
    pthread_join(watch->thread, NULL);
}
