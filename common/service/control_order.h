/* control_order: what an operator asks of a running instance, as JSON. A pure function.
 *
 * {"weight":3}, {"maintenance":true,"reason":"upgrade"}, {"maintenance":false}, or both at once. With
 * "program":"user-service" it is for an instance of this program only: a wrong port must not change another one.
 * The command line checks an order with it before it sends it, and the instance when it has received it.
 */
#ifndef SERVICE_CONTROL_ORDER_H
#define SERVICE_CONTROL_ORDER_H

#include <jansson.h>
#include <stdbool.h>

#include "base/err.h"

struct control_order {
    int weight; /* 0: as it is */
    enum { ORDER_NO_CHANGE, ORDER_MAINTENANCE, ORDER_SERVICE } state;
    const char *reason; /* of the maintenance; "": none given. Borrowed from the JSON */
    const char *program; /* NULL: any. Borrowed from the JSON */
};

/* 0, or the status to reply, as in input.h. */
int control_order_read(const json_t *object, struct control_order *order, struct err *err);

#endif
