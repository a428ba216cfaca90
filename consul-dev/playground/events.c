#include "events.h"

#include <inttypes.h>
#include <stdlib.h>

#include "base/clock.h"
#include "loop/fiber.h"
#include "net/json.h"
#include "state.h"

enum {
    TICK_MS = 200,        /* at most 5 states a second */
    REFRESH_MS = 1000,    /* ages and counts change all the time; once a second is enough to read */
    KEEP_ALIVE_MS = 5000, /* a comment, so that a lost connection is noticed */
};

void events_init(struct events *events, const struct model *model)
{
    *events = (struct events){.model = model, .state = BUF_INIT(EVENTS_MAX_BYTES)};
}

void events_close(struct events *events)
{
    buf_close(&events->state);
}

/* --- The newest state ------------------------------------------------------------------- */

static void write_state(struct events *events)
{
    buf_clear(&events->state);
    state_write(events->model, ++events->seq, &events->state);
    events->digest = state_digest(events->model);
    events->written_ms = clock_ms();
}

const char *events_state(struct events *events)
{
    write_state(events);
    return buf_text(&events->state);
}

void events_run(void *arg)
{
    struct events *events = arg;
    while (fiber_sleep(TICK_MS) == 0) {
        if (!events->pages)
            continue;
        if (clock_ms() - events->written_ms >= REFRESH_MS || state_digest(events->model) != events->digest)
            write_state(events);
        for (struct page *page = events->pages; page; page = page->next)
            http_stream_wake(page->req);
    }
}

/* --- One page ------------------------------------------------------------------------------ */

static void add_event(struct buf *out, const char *name, const char *data)
{
    buf_addf(out, "event: %s\ndata: %s\n\n", name, data);
}

static void add_mark(struct buf *out, const struct mark *mark)
{
    buf_addf(out, "id: %" PRIu64 "\nevent: mark\ndata: ", mark->id);
    mark_write(mark, out);
    buf_adds(out, "\n\n");
}

static void add_marks(const struct marks *marks, struct page *page, struct buf *out)
{
    for (; page->mark < marks->last; page->mark++) {
        const struct mark *mark = marks_get(marks, page->mark + 1);
        if (mark)
            add_mark(out, mark);
    }
}

/* Only what is new. */
static void add_output(const struct scenario_view *scenario, struct page *page, struct buf *out)
{
    if (page->run != scenario->run)
        page->output = 0;
    page->run = scenario->run;
    if (page->output == scenario->output.len)
        return;
    buf_addf(out, "event: output\ndata: {\"name\":\"%s\",\"language\":\"%s\",\"at\":%zu,\"text\":", scenario->name,
             scenario->language, page->output);
    json_add_string(out, scenario->output.data + page->output, scenario->output.len - page->output);
    buf_adds(out, "}\n\n");
    page->output = scenario->output.len;
}

static void add_news(const struct events *events, struct page *page, struct buf *out)
{
    const struct model *model = events->model;
    if (page->state < events->seq)
        add_event(out, "state", buf_text(&events->state));
    page->state = events->seq;
    for (; page->second < model->seconds.count; page->second++) {
        const char *line = seconds_line(&model->seconds, page->second);
        if (line)
            add_event(out, "second", line);
    }
    add_output(&model->scenario, page, out);
    add_marks(&model->marks, page, out);
    if (out->len == 0 && clock_ms() - page->quiet_since_ms >= KEEP_ALIVE_MS)
        buf_adds(out, ": alive\n\n");
    if (out->len > 0)
        page->quiet_since_ms = clock_ms();
}

static void add_history(const struct model *model, struct buf *out)
{
    buf_adds(out, "event: history\ndata: {\"seconds\":");
    seconds_write(&model->seconds, out);
    buf_adds(out, ",\"marks\":");
    marks_write(&model->marks, out);
    buf_adds(out, "}\n\n");
}

/* The number of the last mark that the browser got; a number of an earlier run of this program is unknown. */
static uint64_t last_seen(const struct http_request *req, const struct marks *marks)
{
    const char *text = http_header(req, "Last-Event-ID");
    uint64_t id = text ? strtoull(text, NULL, 10) : 0;
    return id > 0 && id < marks->last ? id : marks->last;
}

static void open_page(struct events *events, struct page *page, struct buf *out)
{
    const struct model *model = events->model;
    page->next = events->pages;
    events->pages = page;
    events->count++;
    events_state(events);
    buf_adds(out, "retry: 1000\n\n");
    add_event(out, "state", buf_text(&events->state));
    add_history(model, out);
    page->state = events->seq;
    page->second = model->seconds.count;
    page->mark = last_seen(page->req, &model->marks);
    page->quiet_since_ms = clock_ms();
}

static void close_page(struct events *events, const struct page *gone)
{
    struct page **at = &events->pages;
    while (*at != gone)
        at = &(*at)->next;
    *at = gone->next;
    events->count--;
}

void events_serve(struct events *events, struct http_request *req)
{
    if (events->count >= PAGES_MAX) {
        http_problem(req, 503, "%d pages are open; close one", PAGES_MAX);
        return;
    }
    struct page page = {.req = req};
    struct buf out = BUF_INIT(EVENTS_MAX_BYTES);
    http_add_header(req, "Cache-Control", "no-store");
    if (!http_stream_begin(req, 200, "text/event-stream"))
        return;
    open_page(events, &page, &out);
    bool open = true;
    while (open) {
        add_news(events, &page, &out);
        open = out.len == 0 || http_stream_write(req, out.data, out.len);
        buf_clear(&out);
        open = open && http_stream_wait(req, deadline_in(KEEP_ALIVE_MS));
    }
    close_page(events, &page);
    buf_close(&out);
}
