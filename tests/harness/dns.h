/* dns: asks a DNS server on any port for SRV records, as `dig @127.0.0.1 -p PORT NAME SRV` does.
 */
#ifndef HARNESS_DNS_H
#define HARNESS_DNS_H

#include <stdbool.h>

enum { DNS_MAX = 16 };

struct dns_answer {
    int count; /* 0: the server knows no such name */
    struct dns_srv {
        int port, weight;
    } at[DNS_MAX];
};

/* Over TCP, or over UDP with EDNS (a reply may be longer than 512 bytes). -1: no reply. */
int dns_srv(int server_port, const char *name, bool tcp, struct dns_answer *answer);
/* True if the last answer names this port. */
bool dns_has(const struct dns_answer *answer, int port);

#endif
