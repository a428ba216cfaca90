#include "grpc/grpc_wire.h"

enum {
    FRAME_HEAD = 5, /* flag and length */
    FIELD_SERVICE = 1,
    VARINT_BYTES_MAX = 10,
};

/* How a field's value is written; 3 and 4 were groups, which proto3 does not have. */
enum wire_type { WIRE_VARINT = 0, WIRE_64 = 1, WIRE_BYTES = 2, WIRE_32 = 5 };

struct reader {
    const uint8_t *at, *end;
};

/* Seven bits a byte, the lowest first; the top bit is set if more bytes follow. */
static bool read_varint(struct reader *reader, uint64_t *value)
{
    *value = 0;
    for (int i = 0; i < VARINT_BYTES_MAX && reader->at < reader->end; i++) {
        uint8_t byte = *reader->at++;
        *value |= (uint64_t)(byte & 0x7f) << (7 * i);
        if (!(byte & 0x80))
            return true;
    }
    return false;
}

static bool skip(struct reader *reader, uint64_t len)
{
    if (len > (uint64_t)(reader->end - reader->at))
        return false;
    reader->at += len;
    return true;
}

/* Moves past a field's value. For bytes: *len is their number, and they end there. */
static bool skip_value(struct reader *reader, uint64_t type, uint64_t *len)
{
    switch (type) {
    case WIRE_VARINT:
        return read_varint(reader, len);
    case WIRE_64:
        return skip(reader, 8);
    case WIRE_BYTES:
        return read_varint(reader, len) && skip(reader, *len);
    case WIRE_32:
        return skip(reader, 4);
    default:
        return false;
    }
}

/* Unknown fields are skipped: a newer client may send them. */
static bool parse_message(struct reader reader, const char **service, size_t *service_len)
{
    *service = "";
    *service_len = 0;
    while (reader.at < reader.end) {
        uint64_t key, len = 0;
        if (!read_varint(&reader, &key) || key >> 3 == 0 || !skip_value(&reader, key & 7, &len))
            return false;
        if (key == (FIELD_SERVICE << 3 | WIRE_BYTES)) {
            *service = (const char *)reader.at - len;
            *service_len = (size_t)len;
        }
    }
    return true;
}

enum grpc_status grpc_parse_health(const uint8_t *body, size_t len, const char **service, size_t *service_len,
                                   const char **why)
{
    *why = "want exactly one whole message";
    if (len < FRAME_HEAD)
        return GRPC_INTERNAL;
    uint32_t message_len = (uint32_t)body[1] << 24 | (uint32_t)body[2] << 16 | (uint32_t)body[3] << 8 | body[4];
    if (message_len != len - FRAME_HEAD)
        return GRPC_INTERNAL;

    *why = "compression is not supported";
    if (body[0] != 0)
        return GRPC_UNIMPLEMENTED;

    *why = "not a grpc.health.v1.HealthCheckRequest";
    const struct reader message = {body + FRAME_HEAD, body + len};
    return parse_message(message, service, service_len) ? GRPC_OK : GRPC_INTERNAL;
}

void grpc_write_health(uint8_t out[GRPC_HEALTH_REPLY_SIZE], bool serving)
{
    static const uint8_t head[] = {0, 0, 0, 0, 2, FIELD_SERVICE << 3 | WIRE_VARINT};
    for (size_t i = 0; i < sizeof head; i++)
        out[i] = head[i];
    out[sizeof head] = serving ? 1 : 2;
}
