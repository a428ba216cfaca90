/* Nacos 2, through version 1 of its API: the same as in test_java_nacos.c. */
#include "nacos_outages.h"

TestSuite(java_nacos_2, .timeout = 1500);

Test(java_nacos_2, version_2_is_obeyed_outlived_and_used_again)
{
    open_nacos_scene(SERVER_NACOS_2);
    arrive_obey_leave_and_return();
    survive_outages();
    list_many();
    close_nacos_scene();
}
