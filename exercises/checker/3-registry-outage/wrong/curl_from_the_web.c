/* A wrong answer: it queries Consul itself and blocks the event loop.
 * expect: curl_easy_perform\(\) blocks the event loop.*Use ask_consul\(\)
 * zh: curl_easy_perform\(\) 会阻塞事件循环：它等待时，其他请求都得不到处理.*请改用 ask_consul
 * score: 0 */
#include <curl/curl.h>

#include "given.h"

int get_instances(struct entry *e, int64_t now_ms, int64_t ttl_ms, struct list *out, struct err *why)
{
    (void)e, (void)now_ms, (void)ttl_ms, (void)out;
    CURL *curl = curl_easy_init();
    curl_easy_setopt(curl, CURLOPT_URL, "http://localhost:8500/v1/health/service/user-service?passing");
    CURLcode code = curl_easy_perform(curl);
    curl_easy_cleanup(curl);
    return code == CURLE_OK ? 0 : err_set(why, "%s", curl_easy_strerror(code));
}
