/* The lesson, part IV, 5: deregistration. Each line of Python stands above the C code that does the same.
 *
 *     deregister ID
 */
#include "consul.h"

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: deregister ID\n");
        return 2;
    }
    char path[256], url[512];
    const char *service_id = argv[1];

    /* def deregister_service():
     *     consul_client.agent.service.deregister(service_id) */
    long status = 0;
    snprintf(path, sizeof path, "/v1/agent/service/deregister/%s", service_id);
    json_decref(http_json(consul_url(path, url), "", &status));
    if (status != 200) {
        fprintf(stderr, "Error: Consul answered %ld\n", status);
        return 1;
    }
    /*     print(f"Service deregistered: {service_id}") */
    printf("Service deregistered: %s\n", service_id);

    /* atexit.register(deregister_service): see user_service.c */
    return 0;
}
