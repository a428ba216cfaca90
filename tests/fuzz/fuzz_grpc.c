/* Fuzzes the parser of gRPC health checks: each body gives a name inside the body, or a status with a reason. */
#include "fuzz/fuzz.h"
#include "grpc/grpc_wire.h"

FUZZ_BYTES(body, len)
{
    const char *service = NULL, *why = NULL;
    size_t service_len = 0;
    enum grpc_status status = grpc_parse_health((const uint8_t *)body, len, &service, &service_len, &why);
    if (status == GRPC_OK ? service_len > len : !*why)
        abort();
}
