#include "harness/dns.h"

#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <netdb.h>
#include <netinet/in.h>
#include <resolv.h>

/* RFC 2782: priority, weight and port, 16 bits each, then the name of the machine. */
static void read_answer(const unsigned char *reply, int len, struct dns_answer *answer)
{
    ns_msg message;
    ns_rr record;
    if (ns_initparse(reply, len, &message) != 0)
        return;
    for (int i = 0; i < ns_msg_count(message, ns_s_an) && answer->count < DNS_MAX; i++)
        if (ns_parserr(&message, ns_s_an, i, &record) == 0 && ns_rr_type(record) == ns_t_srv)
            answer->at[answer->count++] = (struct dns_srv){.weight = (int)ns_get16(ns_rr_rdata(record) + 2),
                                                           .port = (int)ns_get16(ns_rr_rdata(record) + 4)};
}

int dns_srv(int server_port, const char *name, bool tcp, struct dns_answer *answer)
{
    struct __res_state state = {0};
    unsigned char reply[NS_PACKETSZ * 16];
    *answer = (struct dns_answer){0};
    if (res_ninit(&state) != 0)
        return -1;
    state.nscount = 1;
    state.nsaddr_list[0] = (struct sockaddr_in){.sin_family = AF_INET,
                                                .sin_port = htons((uint16_t)server_port),
                                                .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    state.retrans = 1;
    state.retry = 2;
    state.options |= tcp ? RES_USEVC : RES_USE_EDNS0;
    int len = res_nquery(&state, name, ns_c_in, ns_t_srv, reply, sizeof reply);
    bool unknown = len < 0 && (state.res_h_errno == HOST_NOT_FOUND || state.res_h_errno == NO_DATA);
    res_nclose(&state);
    if (len >= 0)
        read_answer(reply, len, answer);
    return len >= 0 || unknown ? 0 : -1;
}

bool dns_has(const struct dns_answer *answer, int port)
{
    for (int i = 0; i < answer->count; i++)
        if (answer->at[i].port == port)
            return true;
    return false;
}
