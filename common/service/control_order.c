#include "service/control_order.h"

#include "registration/registration.h"
#include "service/input.h"

enum { REASON_CHARACTERS_MAX = 200, PROGRAM_CHARACTERS_MAX = 100, NOT_ACCEPTABLE = 422 };

static int read_weight(const json_t *object, struct control_order *order, struct err *err)
{
    int64_t weight;
    int rejected = input_whole(object, "weight", 1, REGISTRATION_WEIGHT_MAX, &weight, err);
    if (rejected == 0)
        order->weight = (int)weight;
    return rejected;
}

static int read_maintenance(const json_t *object, struct control_order *order, struct err *err)
{
    const json_t *on = json_object_get(object, "maintenance");
    if (!json_is_boolean(on)) {
        err_set(err, ERR_INVALID, "maintenance: want true or false");
        return NOT_ACCEPTABLE;
    }
    order->state = json_is_true(on) ? ORDER_MAINTENANCE : ORDER_SERVICE;
    return 0;
}

static int read_reason(const json_t *object, struct control_order *order, struct err *err)
{
    if (order->state == ORDER_MAINTENANCE)
        return input_text(object, "reason", 1, REASON_CHARACTERS_MAX, &order->reason, err);
    err_set(err, ERR_INVALID, "reason: want \"maintenance\":true too");
    return NOT_ACCEPTABLE;
}

static int read_program(const json_t *object, struct control_order *order, struct err *err)
{
    return input_text(object, "program", 1, PROGRAM_CHARACTERS_MAX, &order->program, err);
}

int control_order_read(const json_t *object, struct control_order *order, struct err *err)
{
    const struct {
        const char *member;
        int (*read)(const json_t *object, struct control_order *order, struct err *err);
    } members[] = {{"weight", read_weight}, {"maintenance", read_maintenance}, {"reason", read_reason},
                 {"program", read_program}};
    *order = (struct control_order){.reason = ""};
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        int rejected = json_object_get(object, members[i].member) ? members[i].read(object, order, err) : 0;
        if (rejected)
            return rejected;
    }
    if (order->weight || order->state != ORDER_NO_CHANGE)
        return 0;
    err_set(err, ERR_INVALID, "want weight or maintenance");
    return NOT_ACCEPTABLE;
}
