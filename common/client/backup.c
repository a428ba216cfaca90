#include "client/backup.h"

#include <stdio.h>

#include "base/clock.h"
#include "loop/sync.h"

struct race;

struct racer {
    struct race *race;
    int which;
    bool ended;
    struct attempt attempt;
    struct service_reply reply;
};

struct race {
    const struct backup *backup;
    struct group group;
    struct racer racers[2];
    int running;
    struct racer *best; /* the first that succeeded; until then the last that failed */
    struct wait *waiting;
};

/* --- One of the two attempts --------------------------------------------------------- */

static bool has_won(const struct race *race)
{
    return race->best && race->best->attempt.outcome == SERVICE_OK;
}

/* A backup is chosen only here: the first attempt may have ended just before this fiber runs. */
static bool may_go(const struct racer *racer)
{
    const struct race *race = racer->race;
    return racer->which == 0 || (!race->racers[0].ended && race->backup->choose(race->backup->arg));
}

static void run_racer(void *arg)
{
    struct racer *racer = arg;
    struct race *race = racer->race;
    if (may_go(racer)) {
        racer->attempt = race->backup->attempt(race->backup->arg, racer->which, &racer->reply);
        racer->ended = true;
        if (!has_won(race))
            race->best = racer;
    }
    race->running--;
    if (race->waiting)
        wait_wake(race->waiting);
}

/* False: this process is at its limit of fibers. */
static bool start_racer(struct race *race, int which)
{
    race->racers[which] = (struct racer){.race = race, .which = which, .reply = SERVICE_REPLY_INIT};
    bool started = group_go(&race->group, run_racer, &race->racers[which]) == 0;
    race->running += started;
    return started;
}

/* --- The race ------------------------------------------------------------------------ */

/* Until an attempt has succeeded, or none runs. */
static enum wait_result wait_for_end(struct race *race, int64_t deadline)
{
    enum wait_result result = WAIT_WOKEN;
    while (result == WAIT_WOKEN && race->running > 0 && !has_won(race)) {
        struct wait wait;
        wait_init(&wait);
        race->waiting = &wait;
        result = wait_park(&wait, deadline);
        race->waiting = NULL;
    }
    return result;
}

static void hand_over(struct service_reply *from, struct service_reply *to)
{
    buf_close(&to->body);
    to->body = from->body;
    from->body = (struct buf){0};
    to->status = from->status;
    to->err = from->err;
    snprintf(to->instance, sizeof to->instance, "%s", from->instance);
}

struct backup_result backup_run(const struct backup *backup, struct service_reply *reply)
{
    struct race race = {.backup = backup};
    struct racer *first = &race.racers[0], *second = &race.racers[1];
    if (!start_racer(&race, 0))
        return (struct backup_result){.attempt = backup->attempt(backup->arg, 0, reply)};
    if (wait_for_end(&race, deadline_in(backup->after_ms)) == WAIT_TIMEOUT) {
        start_racer(&race, 1);
        wait_for_end(&race, DEADLINE_NONE);
    }
    bool won = has_won(&race) && race.best == second && !first->ended;
    group_cancel(&race.group);
    group_join(&race.group);
    hand_over(&race.best->reply, reply);
    service_reply_close(&first->reply);
    service_reply_close(&second->reply);
    return (struct backup_result){.attempt = race.best->attempt, .won = won};
}
