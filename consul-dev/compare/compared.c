#include "compared.h"

#include <stddef.h>

#define LOCAL "127.0.0.1"
#define JSON "Content-Type: application/json"

const struct compared compared[KINDS] = {
    [KIND_CONSUL] = {.title = "Consul",
                     .limit_s = 20,
                     .minutes = 2,
                     .setting = "CONSUL_HTTP_ADDR",
                     .format = "http://" LOCAL ":%d",
                     .servers = 3,
                     .lost = 2,
                     .start = start_consul,
                     .direct = {[READ_LIST] = {.method = "GET", "/v1/health/service/user-service"},
                                [REGISTER_ONE] = {.method = "PUT", "/v1/agent/service/register",
                                                  "{\"Name\":\"direct\",\"ID\":\"direct-1\",\"Port\":1}"}}},
    /* Keys and values in base64: /services/a. Only the lease of a real registration is left out. */
    [KIND_ETCD] = {.title = "etcd",
                   .limit_s = 20,
                   .minutes = 2,
                   .setting = "ETCD_ENDPOINTS",
                   .format = "http://" LOCAL ":%d",
                   .servers = 3,
                   .lost = 2,
                   .start = start_etcd,
                   .direct = {[READ_LIST] = {.method = "POST", "/v3/kv/range", "{\"key\":\"L3NlcnZpY2VzL2E=\"}"},
                              [REGISTER_ONE] = {.method = "POST", "/v3/kv/put",
                                                "{\"key\":\"L3NlcnZpY2VzL2E=\",\"value\":\"e30=\"}"}}},
    [KIND_NACOS] = {.title = "Nacos",
                    .limit_s = 30,
                    .minutes = 4,
                    .java = "nacos-3",
                    .setting = "NACOS_SERVER_ADDR",
                    .format = LOCAL ":%d",
                    .servers = 2,
                    .lost = 1,
                    .start = start_nacos,
                    .direct = {[READ_LIST] = {.method = "GET", "/nacos/v3/client/ns/instance/list?serviceName=user-service"},
                               [REGISTER_ONE] = {.method = "POST",
                                                 "/nacos/v3/client/ns/instance?serviceName=direct&ip=127.0.0.1&port=1",
                                                 ""}}},
    [KIND_EUREKA] =
        {.title = "Eureka",
         .limit_s = 90,
         .minutes = 6,
         .java = "eureka",
         .setting = "EUREKA_URL",
         .format = "http://" LOCAL ":%d/eureka",
         .servers = 2,
         .lost = 1,
         .start = start_eureka,
         .direct =
             {[READ_LIST] = {.method = "GET", "/eureka/apps/USER-SERVICE", NULL, {"Accept: application/json"}},
              [REGISTER_ONE] =
                  {.method = "POST",
                   "/eureka/apps/DIRECT",
                   "{\"instance\":{\"instanceId\":\"direct-1\",\"hostName\":\"127.0.0.1\",\"app\":\"DIRECT\","
                   "\"ipAddr\":\"127.0.0.1\",\"status\":\"UP\",\"port\":{\"$\":1,\"@enabled\":\"true\"},"
                   "\"dataCenterInfo\":{\"@class\":\"com.netflix.appinfo.InstanceInfo$DefaultDataCenterInfo\","
                   "\"name\":\"MyOwn\"}}}",
                   {JSON, "Accept: application/json"}}}},
};
