/* nacos_stories: each test runs one part, a function of nacos_access.h, nacos_instances.h, nacos_many.h or
 * nacos_operator.h, on the server that the tests of its file share. */
#ifndef ORDER_SERVICE_TESTS_NACOS_STORIES_H
#define ORDER_SERVICE_TESTS_NACOS_STORIES_H

#include "nacos_scene.h"
#include "scene_requests.h"

static void open_shared_scene(enum server_kind kind, const char *group)
{
    open_world();
    server_stop(&world.consul);
    use_shared_nacos(kind);
    use_nacos(group);
}

/* Runs a part on the shared server, with orders on the way; none may fail. */
static void tell(enum server_kind kind, const char *group, void (*part)(void))
{
    open_shared_scene(kind, group);
    start_all_in_nacos();
    struct load *load = load_orders(2, 25);
    part();
    stop_load(load, group);
    close_nacos_scene();
}

/* The same for a part that starts user-service itself, to hear what it says. */
static void hear(enum server_kind kind, const char *group, void (*part)(void))
{
    open_shared_scene(kind, group);
    part();
    close_nacos_scene();
}

#endif
