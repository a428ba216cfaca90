/* The lesson, part IV, 4: discovery. Each line of Python stands above the C code that does the same.
 *
 *     discover     prints one instance, chosen at random
 */
#include "consul.h"

#include <unistd.h>

int main(void)
{
    char url[512];
    srand((unsigned)getpid());

    /* index, services = consul_client.health.service(service_name, passing=True) */
    json_t *services = http_json(consul_url("/v1/health/service/user-service?passing", url), NULL, NULL);

    /* instances = []
     * for service in services:
     *     instances.append({'id': service['Service']['ID'], 'address': …, 'port': …, 'tags': …}) */
    size_t n = json_array_size(services); /* also 0 if no answer came; the lesson's code raises an exception then */

    /* if instances: … else: print("No healthy instances found") */
    if (n == 0) {
        printf("No healthy instances found\n");
        json_decref(services);
        return 1;
    }

    /* instance = random.choice(instances) */
    const json_t *service = json_object_get(json_array_get(services, (size_t)rand() % n), "Service");

    /* print(f"Selected instance: {instance['address']}:{instance['port']}") */
    printf("Selected instance: %s:%d\n", json_string_value(json_object_get(service, "Address")),
           (int)json_integer_value(json_object_get(service, "Port")));
    json_decref(services);
    return 0;
}
