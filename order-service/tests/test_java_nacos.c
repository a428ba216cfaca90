/* Nacos 3 as the only registry: everything that must hold, on one server, because it takes long to start. */
#include "nacos_outages.h"

TestSuite(java_nacos, .timeout = 1500);

Test(java_nacos, version_3_is_obeyed_outlived_and_used_again)
{
    open_nacos_scene(SERVER_NACOS);
    arrive_obey_leave_and_return();
    survive_outages();
    list_many();
    close_nacos_scene();
}
