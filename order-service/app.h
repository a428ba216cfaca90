/* app: the objects that all parts of order-service share. */
#ifndef APP_H
#define APP_H

#include "client/service_client.h"
#include "order_settings.h"
#include "orders.h"
#include "store/pg.h"

struct discovery;

struct app {
    struct order_settings settings;
    struct route route; /* which user-services are called */
    struct pg *pg;
    struct discovery *discovery;
    struct service_client *client;
    struct orders orders;
};

#endif
