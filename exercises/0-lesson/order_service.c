/* The lesson, part IV, 6: order_service.py. Each line of Python stands above the C code that does the same.
 *
 *     order_service [user id]
 */
#include "consul.h"

#include <unistd.h>

/* def get_user_service_url(): 0, or 1 if the Python code raises */
static int get_user_service_url(char base_url[300])
{
    char url[512];
    /* index, services = consul_client.health.service(USER_SERVICE_NAME, passing=True) */
    json_t *services = http_json(consul_url("/v1/health/service/user-service?passing", url), NULL, NULL);
    if (!services)
        return raise_error("Consul does not answer");

    /* if not services: raise Exception("No healthy user-service instances") */
    size_t n = json_array_size(services);
    if (n == 0) {
        json_decref(services);
        return raise_error("No healthy user-service instances");
    }

    /* service = random.choice(services)
     * return f"http://{address}:{port}" */
    const json_t *service = json_object_get(json_array_get(services, (size_t)rand() % n), "Service");
    snprintf(base_url, 300, "http://%s:%d", json_string_value(json_object_get(service, "Address")),
             (int)json_integer_value(json_object_get(service, "Port")));
    json_decref(services);
    return 0;
}

int main(int argc, char **argv)
{
    char base_url[300], url[512];
    srand((unsigned)getpid());

    /* def get_user(user_id):
     *     base_url = get_user_service_url()
     *     url = f"{base_url}/users/{user_id}" */
    if (get_user_service_url(base_url) != 0)
        return 1;
    snprintf(url, sizeof url, "%s/users/%.20s", base_url, argc > 1 ? argv[1] : "123");

    /*     response = requests.get(url, timeout=3)
     *     return response.json() */
    long status = 0;
    json_t *user = http_json(url, NULL, &status);
    if (!user || status != 200) {
        json_decref(user);
        return raise_error("%s does not answer", base_url);
    }
    /* print(f"User: {user}") */
    char *text = json_dumps(user, 0);
    printf("User: %s\n", text);
    free(text);
    json_decref(user);
    return 0;
}
