/* consul_kv: Consul's KV store as the configuration center, as the lesson names it (支持 KV 存储,可做配置中心).
 *
 * The folder of a service is config/<service>/, so the policy of order-service is the key
 * config/order-service/LB_POLICY. One blocking query reads the whole folder: Consul holds back the reply to
 * ?recurse&index=N until a key below it changes (developer.hashicorp.com/consul/api-docs/kv).
 */
#ifndef CONFIG_CONSUL_KV_H
#define CONFIG_CONSUL_KV_H

#include "base/err.h"
#include "config/config_source.h"
#include "registry/consul/consul_config.h"

struct http_client;

/* service: an accepted name (registry/name.h). Address, token and TLS are those of the registry. NULL with err: the
 * address, or the token's file, cannot be used. */
struct config_source *consul_kv_new(const struct consul_config *config, const char *service, struct http_client *http,
                                    struct err *err);

#endif
