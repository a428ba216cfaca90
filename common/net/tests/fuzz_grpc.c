/* Whatever a client sends as the body of a health check: a name inside it, or a status and why. */
#include <stdlib.h>
#include <string.h>

#include "net/grpc_wire.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
    /* A copy of just this size: reading past its end is seen. */
    uint8_t *body = malloc(len);
    memcpy(body, bytes, len);
    const char *service = NULL, *why = NULL;
    size_t service_len = 0;
    enum grpc_status status = grpc_parse_health(body, len, &service, &service_len, &why);
    if (status == GRPC_OK ? service_len > len : !*why)
        abort();
    free(body);
    return 0;
}
