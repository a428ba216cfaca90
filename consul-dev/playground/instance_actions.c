#include "instance_actions.h"

#include <stdio.h>

#include "observers.h"
#include "operate.h"
#include "warning.h"

/* --- A warning -------------------------------------------------------------------------- */

static int change_warning(struct control *control, const json_t *request, bool on, struct refusal *refusal)
{
    struct node *node = model_find(control->model, text_member(request, "target"));
    char id[TARGET_MAX];
    if (!node || node->kind != NODE_USERS)
        return refuse(refusal, 404, "no_such_process", "target: want a user-service");
    snprintf(id, sizeof id, "%s", node->id);
    if (warning_set(control->model, node, on, &refusal->err) != 0)
        return cannot(refusal, refusal->err.code == ERR_CONFLICT ? "not_listed" : "no_registry");
    node = model_find(control->model, id); /* it may have been removed meanwhile */
    if (node)
        node->warned = on;
    return 0;
}

int instance_warn(struct control *control, const json_t *request, struct refusal *refusal)
{
    return change_warning(control, request, true, refusal);
}

int instance_unwarn(struct control *control, const json_t *request, struct refusal *refusal)
{
    return change_warning(control, request, false, refusal);
}

/* --- Maintenance and weight ---------------------------------------------------------------- */

/* NULL with *refusal: it is not an instance that runs. */
static struct node *running_instance(struct control *control, const json_t *request, struct refusal *refusal)
{
    struct node *node = model_find(control->model, text_member(request, "target"));
    if (!node || node->kind != NODE_USERS)
        refuse(refusal, 404, "no_such_process", "target: want a user-service");
    else if (node->process_state != PROCESS_RUNNING)
        refuse(refusal, 409, "not_running", "the instance does not run, so it cannot change anything");
    else
        return node;
    return NULL;
}

static int change_maintenance(struct control *control, const json_t *request, bool on, struct refusal *refusal)
{
    struct node *node = running_instance(control, request, refusal);
    if (!node)
        return -1;
    mark(control->model, on ? "maintenance" : "maintenance_over", node, "");
    return operate_maintenance(control->model, node, on, &refusal->err) == 0 ? 0 : cannot(refusal, "instance_refused");
}

int instance_maintain(struct control *control, const json_t *request, struct refusal *refusal)
{
    return change_maintenance(control, request, true, refusal);
}

int instance_unmaintain(struct control *control, const json_t *request, struct refusal *refusal)
{
    return change_maintenance(control, request, false, refusal);
}

/* The weight also counts at its next start. */
int instance_weigh(struct control *control, const json_t *request, struct refusal *refusal)
{
    struct node *node = running_instance(control, request, refusal);
    int64_t weight = number_member(request, "weight", 1, WEIGHT_MAX, -1);
    char id[TARGET_MAX], text[32];
    if (!node)
        return -1;
    if (weight < 0)
        return wrong_value(refusal, "weight: want a whole number, 1 to 65535");
    snprintf(id, sizeof id, "%s", node->id);
    snprintf(text, sizeof text, "%d -> %d", node->weight, (int)weight);
    if (operate_weight(control->model, node, (int)weight, &refusal->err) != 0)
        return cannot(refusal, "instance_refused");
    node = model_find(control->model, id); /* it may have been removed meanwhile */
    if (!node)
        return 0;
    node->weight = (int)weight;
    mark(control->model, "weight", node, text);
    model_restart_shares(control->model);
    return 0;
}
