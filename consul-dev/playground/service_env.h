/* service_env: the settings with which the playground starts a service: those of `make up`. */
#ifndef PLAYGROUND_SERVICE_ENV_H
#define PLAYGROUND_SERVICE_ENV_H

#include "model.h"

enum { SERVICE_ENV_MAX = 24 };

struct service_env {
    char text[SERVICE_ENV_MAX][1100];
    const char *list[SERVICE_ENV_MAX + 1]; /* into text; ends with NULL */
    int count;
};

/* etcd: its URL; "": there is none. folder: for order-service's disk snapshot. */
void service_env_fill(struct service_env *env, const struct model *model, const struct node *node, const char *etcd,
                      const char *folder);
/* "weighted" for an index into BALANCE_POLICY_NAMES. */
const char *policy_name(int policy);
/* The index, or -1. */
int policy_index(const char *name);

#endif
