/* registry-faults: a stand-in for a registry that fails on demand.
 *
 *     build/registry-faults --kind nacos --instances 127.0.0.1:8001,127.0.0.1:8002
 *     NACOS_SERVER_ADDR=127.0.0.1:8510 build/order-service
 *     curl -X PUT http://127.0.0.1:8511/fault/hang
 *
 * It answers the calls that common/registry makes: register, deregister, "is this service registered?",
 * heartbeats, and a service's list. It makes no health checks, and no registration expires: a registered instance is
 * passing. How each kind of registry speaks is in *_dialect.c. The faults are in reply_faults.c (of any server),
 * list_faults.c (of any registry), and beside the dialects.
 */
#include <stdio.h>
#include <string.h>

#include "dialect.h"
#include "faults/reply_faults.h"
#include "list_faults.h"
#include "net/json.h"

static const struct dialect *const dialects[] = {&consul_dialect, &nacos_dialect, &nacos2_dialect, &eureka_dialect};

static int kind_of(const struct request *request)
{
    return (int)dialect()->asked_for(request);
}

static void answer(struct connection *connection, const struct request *request, struct reply *reply)
{
    if (dialect()->wait)
        dialect()->wait(connection, request);
    if (request->kind == ASKED_LIST)
        list_answer(request, reply);
    else
        dialect()->answer(request, reply);
}

/* --- The program -------------------------------------------------------------------------------------------- */

static const struct dialect *find_dialect(const char *kind)
{
    for (size_t i = 0; i < sizeof dialects / sizeof *dialects; i++)
        if (strcmp(dialects[i]->kind, kind) == 0)
            return dialects[i];
    return NULL;
}

/* False: an unknown kind. The table of faults depends on the kind, so this comes before all other arguments. */
static bool choose_dialect(int argc, char **argv)
{
    const char *kind = "consul";
    for (int i = 1; i + 1 < argc; i++)
        if (strcmp(argv[i], "--kind") == 0)
            kind = argv[i + 1];
    dialect_use(find_dialect(kind));
    return dialect() != NULL;
}

static int set_option(const char *name, const char *value)
{
    if (strcmp(name, "--kind") == 0)
        return 0; /* done */
    return strcmp(name, "--instances") == 0 ? catalog_add_fixed(value) : -1;
}

static void print_how_to_use(uint16_t port)
{
    const char *setting = dialect()->setting, *path = dialect()->setting_path;
    printf("a stand-in for %s, at http://127.0.0.1:%u; connect a service to it:\n"
           "  a caller            %s%u%s build/order-service\n"
           "  an instance         %s%u%s PORT=8001 build/user-service\n"
           "then make it fail:\n",
           dialect()->server, port, setting, port, path, setting, port, path);
}

int main(int argc, char **argv)
{
    if (!choose_dialect(argc, argv)) {
        fprintf(stderr, "registry-faults: unknown kind of registry: want --kind consul, nacos, nacos2 or eureka\n");
        return 2;
    }
    const struct fault *const faults[] = {reply_faults, list_faults, dialect()->faults, NULL};
    const struct stand_in_config config = {
        .program = "registry-faults",
        .port = 8510,
        .faults = faults,
        .kinds = {"list", "register", "deregister", "look", "beat", "other"}, /* enum asked */
        .kind_of = kind_of,
        .answer = answer,
        .on_fault_change = catalog_touch, /* blocking queries return, and get the fault */
        .shape_error = dialect()->shape_error,
        .flood = dialect()->flood,
        .set_option = set_option,
        .options = "[--kind consul|nacos|nacos2|eureka] [--instances ADDRESS:PORT,...] ",
        .print_how_to_use = print_how_to_use,
    };
    json_init();
    return stand_in_main(&config, argc, argv);
}
