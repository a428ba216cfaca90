#include "state.h"

#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/hash.h"
#include "net/json.h"
#include "service_env.h"

static const char *const kinds[] = {"consul", "etcd", "postgres", "redis", "order-service", "user-service"};
static const char *const processes[] = {NULL, "starting", "running", "hung", "draining", "ended", "killed"};
static const char *const states[] = {"gone",        "hung",     "draining", "starting", "missing",
                                     "maintenance", "critical", "warning",  "ejected",  "passing"};

/* --- The state of a node ---------------------------------------------------------------- */

static bool consul_answers(const struct model *model)
{
    const struct node *consul = model_first(model, NODE_CONSUL);
    return consul->health == HEALTH_GOOD && node_is_alive(consul) && consul->process_state != PROCESS_HUNG;
}

/* While Consul does not answer, its last list says nothing. */
static enum listing consul_says(const struct model *model, const struct node *node)
{
    return consul_answers(model) ? node->consul : LISTING_ABSENT;
}

static enum node_state process_state(const struct node *node)
{
    switch (node->process_state) {
    case PROCESS_ENDED:
        return node->is_next ? STATE_STARTING : STATE_GONE;
    case PROCESS_KILLED:
        return STATE_GONE;
    case PROCESS_HUNG:
        return STATE_HUNG;
    case PROCESS_DRAINING:
        return STATE_DRAINING;
    case PROCESS_STARTING:
        return STATE_STARTING;
    default:
        return node->health == HEALTH_DRAINING ? STATE_DRAINING : STATE_PASSING;
    }
}

static enum node_state instance_state(const struct model *model, const struct node *node)
{
    enum listing consul = consul_says(model, node);
    if (node->orders == LISTING_MISSING)
        return STATE_MISSING;
    if (node->in_maintenance)
        return STATE_MAINTENANCE;
    if (consul == LISTING_CRITICAL || node->orders == LISTING_CRITICAL || node->health == HEALTH_BAD)
        return STATE_CRITICAL;
    if (consul == LISTING_WARNING || node->orders == LISTING_WARNING)
        return STATE_WARNING;
    if (node->ejected)
        return STATE_EJECTED;
    bool lists_are_known = consul_answers(model) || model->knowledge.known;
    if (lists_are_known && consul == LISTING_ABSENT && node->orders == LISTING_ABSENT)
        return STATE_STARTING; /* it waits for its random delay, then it registers */
    return STATE_PASSING;
}

enum node_state node_state(const struct model *model, const struct node *node)
{
    enum node_state state = process_state(node);
    if (state != STATE_PASSING)
        return state;
    if (node->kind == NODE_USERS)
        return instance_state(model, node);
    if (node->health == HEALTH_UNKNOWN)
        return STATE_STARTING;
    return node->health == HEALTH_GOOD ? STATE_PASSING : STATE_CRITICAL;
}

static const char *detail_of(const struct model *model, const struct node *node)
{
    if (*node->health_detail)
        return node->health_detail;
    return consul_says(model, node) > LISTING_PASSING ? node->consul_output : "";
}

/* --- JSON ---------------------------------------------------------------------------------- */

static void add_text(struct buf *out, const char *name, const char *text)
{
    buf_addf(out, ",\"%s\":", name);
    json_add_string(out, text, strlen(text));
}

static void add_text_or_null(struct buf *out, const char *name, const char *text)
{
    if (text && *text)
        add_text(out, name, text);
    else
        buf_addf(out, ",\"%s\":null", name);
}

static void add_instance(const struct model *model, const struct node *node, struct buf *out)
{
    buf_addf(out, ",\"weight\":%d", node->weight);
    add_text(out, "zone", node->zone);
    add_text(out, "version", node->version);
    buf_addf(out,
             ",\"ejected\":%s,\"picks\":%" PRId64 ",\"share\":%.3f,\"listed\":%s,\"warned\":%s,"
             "\"in_maintenance\":%s,\"calls\":%u,\"failed\":%u",
             node->ejected ? "true" : "false", node->picks, model_share(model, node),
             consul_says(model, node) != LISTING_ABSENT ? "true" : "false", node->warned ? "true" : "false",
             node->in_maintenance ? "true" : "false", node->calls, node->failed);
}

static void add_node(const struct model *model, const struct node *node, struct buf *out)
{
    buf_adds(out, "{\"id\":");
    json_add_string(out, node->id, strlen(node->id));
    add_text(out, "kind", kinds[node->kind]);
    if (node->port)
        buf_addf(out, ",\"port\":%d", node->port);
    else
        buf_adds(out, ",\"port\":null");
    add_text_or_null(out, "process", processes[node->is_next ? PROCESS_STARTING : node->process_state]);
    add_text(out, "state", states[node_state(model, node)]);
    if (node->pid)
        buf_addf(out, ",\"pid\":%d", node->pid);
    else
        buf_adds(out, ",\"pid\":null");
    add_text(out, "detail", detail_of(model, node));
    if (node->kind == NODE_USERS)
        add_instance(model, node, out);
    buf_adds(out, "}");
}

static void add_nodes(const struct model *model, struct buf *out)
{
    buf_adds(out, ",\"nodes\":[");
    for (size_t i = 0; i < model->node_count; i++) {
        buf_adds(out, i ? "," : "");
        add_node(model, model->nodes[i], out);
    }
    buf_adds(out, "]");
}

static void add_knowledge(const struct model *model, struct buf *out)
{
    const struct knowledge *known = &model->knowledge;
    if (!known->known) {
        buf_adds(out, ",\"discovery\":null");
        return;
    }
    buf_addf(out, ",\"discovery\":{\"age_ms\":%" PRId64 ",\"ttl_ms\":%d,\"panic\":%s",
             known->age_ms + clock_ms() - known->at_ms, model->settings.ttl_s * 1000, known->panic ? "true" : "false");
    add_text(out, "source", known->source);
    add_text_or_null(out, "last_error", known->last_error);
    buf_addf(out, ",\"next\":{\"passed_over\":%s", known->passed_over.len ? buf_text(&known->passed_over) : "[]");
    add_text_or_null(out, "instance", known->next);
    add_text(out, "tier", known->tier);
    buf_adds(out, "}}");
}

static void add_scenario(const struct model *model, struct buf *out)
{
    const struct scenario_view *scenario = &model->scenario;
    if (!scenario->name) {
        buf_adds(out, ",\"scenario\":null");
        return;
    }
    buf_addf(out, ",\"scenario\":{\"name\":\"%s\",\"step\":%d,\"steps\":%d,\"state\":\"%s\",\"seen\":{%s}}",
             scenario->name, scenario->step, scenario->steps, scenario->state, buf_text(&scenario->seen));
}

static void add_settings(const struct caller_settings *settings, struct buf *out)
{
    buf_addf(out, ",\"settings\":{\"policy\":\"%s\",\"ttl_s\":%d,\"slow_start_s\":%d,\"backup_ms\":%d",
             policy_name(settings->policy), settings->ttl_s, settings->slow_start_s, settings->backup_ms);
    if (settings->canary_percent == CANARY_OFF)
        buf_adds(out, ",\"canary_percent\":null}");
    else
        buf_addf(out, ",\"canary_percent\":%d}", settings->canary_percent);
}

void state_write(const struct model *model, uint64_t seq, struct buf *out)
{
    buf_addf(out, "{\"seq\":%" PRIu64 ",\"time_ms\":%" PRId64 ",\"mode\":\"%s\"", seq, clock_wall_ms(),
             model->options->observes ? "observe" : "control");
    add_text_or_null(
        out, "why_read_only",
        model->options->observes ? "the playground has not started these processes, so it cannot control them" : NULL);
    add_nodes(model, out);
    add_knowledge(model, out);
    buf_addf(out, ",\"load\":{\"on\":%s,\"rate\":%d", model->load.on ? "true" : "false", model->load.rate);
    add_text(out, "key", model->load.key);
    buf_adds(out, "}");
    add_settings(&model->settings, out);
    buf_addf(out, ",\"resetting\":%s", model->resetting ? "true" : "false");
    add_scenario(model, out);
    buf_adds(out, "}");
}

/* --- Digest --------------------------------------------------------------------------------- */

static uint64_t mix_text(uint64_t digest, const char *text)
{
    return hash_bytes(text, strlen(text)) ^ (digest * 31);
}

static uint64_t mix(uint64_t digest, int64_t number)
{
    return (uint64_t)number ^ (digest * 31);
}

uint64_t state_digest(const struct model *model)
{
    uint64_t digest = mix(1, (int64_t)model->node_count);
    for (size_t i = 0; i < model->node_count; i++) {
        const struct node *node = model->nodes[i];
        digest = mix_text(digest, node->id);
        digest = mix_text(digest, detail_of(model, node));
        digest = mix(mix(digest, (int)node_state(model, node)), (int)consul_says(model, node));
        digest = mix(mix(digest, node->ejected), node->warned);
        digest = mix(mix(mix(digest, node->pid), node->in_maintenance), node->weight);
    }
    const struct knowledge *known = &model->knowledge;
    digest = mix_text(mix_text(digest, known->source), known->last_error);
    digest = mix(mix(digest, known->known), known->panic);
    digest = mix_text(mix(mix(digest, model->load.on), model->load.rate), model->load.key);
    const struct caller_settings *settings = &model->settings;
    digest = mix(mix(mix(digest, settings->policy), settings->ttl_s), settings->slow_start_s);
    digest = mix(mix(mix(digest, settings->backup_ms), settings->canary_percent), model->resetting);
    const struct scenario_view *scenario = &model->scenario;
    if (!scenario->name)
        return digest;
    return mix_text(mix_text(mix_text(mix(digest, scenario->step), scenario->name), scenario->state),
                    buf_text(&scenario->seen));
}
