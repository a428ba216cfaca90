/* The lesson, part IV, 3: registration. Each line of Python stands above the C code that does the same.
 *
 *     register [port]     registers, and prints the id
 */
#include "consul.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    char service_id[64], host[256], address[INET_ADDRSTRLEN], check_url[300], url[512];
    srand((unsigned)getpid());

    /* service_id = f"{service_name}-{uuid.uuid4().hex[:8]}" */
    snprintf(service_id, sizeof service_id, "user-service-%08x", (unsigned)rand());

    /* service_address = socket.gethostbyname(socket.gethostname()) */
    gethostname(host, sizeof host);
    const struct hostent *found = gethostbyname(host);
    inet_ntop(AF_INET, found ? found->h_addr_list[0] : (char[4]){127, 0, 0, 1}, address, sizeof address);

    /* service_port = 8001 */
    int service_port = argc > 1 ? atoi(argv[1]) : 8001;

    /* check=consul.Check.http(f"http://{service_address}:{service_port}/health", interval="10s", timeout="5s") */
    snprintf(check_url, sizeof check_url, "http://%s:%d/health", address, service_port);

    /* consul_client.agent.service.register(name=service_name, service_id=service_id, address=service_address,
     *                                      port=service_port, tags=["v1", "python"], check=…) */
    json_t *service = json_pack("{s:s, s:s, s:s, s:i, s:[s,s], s:{s:s, s:s, s:s}}", "Name", "user-service", "ID",
                                service_id, "Address", address, "Port", service_port, "Tags", "v1", "c", "Check",
                                "HTTP", check_url, "Interval", "10s", "Timeout", "5s");
    char *body = json_dumps(service, 0);
    long status = 0;
    json_decref(http_json(consul_url("/v1/agent/service/register", url), body, &status));
    free(body);
    json_decref(service);
    if (status != 200) {
        fprintf(stderr, "Error: Consul answered %ld\n", status);
        return 1;
    }
    /* print(f"Service registered: {service_id}") */
    printf("Service registered: %s\n", service_id);
    return 0;
}
