/* The lesson, part V, 3: ServiceClient, which makes calls until it is ended. Each line of Python stands above the C
 * code that does the same. As in pitfall 4, it does not check for an empty list.
 *
 *     service_client SERVICE CACHE_TTL CALLS_PER_SECOND
 *
 * It prints a line for each query of Consul, "query", and for each call, "ok ADDRESS" or "failed ADDRESS". */
#include "0-lesson/consul.h"

#include <time.h>
#include <unistd.h>

enum { INSTANCES_MAX = 64 };

static const char *service_name;
static double cache_ttl;

/* self.cache[service_name] = (cached_time, instances) */
static double cached_time = -1;
static char instances[INSTANCES_MAX][64];
static size_t count;

static double now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

/* def get_instances(self, service_name): 0, or 1 if the Python code raises */
static int get_instances(void)
{
    /* if service_name in self.cache: … if time.time() - cached_time < self.cache_ttl: return instances */
    if (cached_time >= 0 && now() - cached_time < cache_ttl)
        return 0;

    /* index, services = self.consul.health.service(service_name, passing=True) */
    char path[128], url[512];
    printf("query\n");
    snprintf(path, sizeof path, "/v1/health/service/%.64s?passing", service_name);
    json_t *services = http_json(consul_url(path, url), NULL, NULL);
    if (!services)
        return 1;

    /* instances = [{'address': …, 'port': …} for s in services] */
    count = 0;
    for (size_t i = 0; i < json_array_size(services) && count < INSTANCES_MAX; i++) {
        const json_t *service = json_object_get(json_array_get(services, i), "Service");
        snprintf(instances[count++], sizeof *instances, "%s:%d", json_string_value(json_object_get(service, "Address")),
                 (int)json_integer_value(json_object_get(service, "Port")));
    }
    json_decref(services);

    /* self.cache[service_name] = (time.time(), instances) */
    cached_time = now();
    return 0;
}

/* instance = random.choice(instances): if the list is empty, Python raises IndexError. No line catches it, so the
 * program ends. */
static const char *choice(void)
{
    if (count == 0)
        exit(raise_error("IndexError: Cannot choose from an empty sequence"));
    return instances[(size_t)rand() % count];
}

/* def call_service(self, service_name, path) */
static void call_service(void)
{
    char url[160];
    long status = 0;
    if (get_instances() != 0) {
        printf("failed consul\n");
        return;
    }
    const char *instance = choice();
    /* response = requests.get(url) */
    snprintf(url, sizeof url, "http://%s/users/%d", instance, 1 + rand() % 1000);
    json_t *user = http_json(url, NULL, &status);
    printf("%s %s\n", user && status == 200 ? "ok" : "failed", instance);
    json_decref(user);
}

int main(int argc, char **argv)
{
    if (argc != 4)
        return raise_error("usage: service_client SERVICE CACHE_TTL CALLS_PER_SECOND");
    service_name = argv[1];
    cache_ttl = atof(argv[2]);
    double pause = 1 / atof(argv[3]);
    setvbuf(stdout, NULL, _IOLBF, 0);
    srand((unsigned)getpid());
    for (double next = now();; next += pause) {
        call_service();
        double left = next + pause - now();
        if (left > 0)
            usleep((useconds_t)(left * 1e6));
    }
}
