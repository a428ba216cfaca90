# Prints many instances of user-service, each with its own address in 127.0.0.0/8 and all with one port, as bodies of requests to a
# registry, one per line. Each is one transaction:
#
#   awk -v kind=consul -v port=8001 -v count=10000 -f crowd.awk    PUT /v1/txn, 64 operations at most
#   awk -v kind=etcd   -v port=8001 -v count=10000 -f crowd.awk    POST /v3/kv/txn, 128 at most
#
# For Consul, the first line is the node, for PUT /v1/catalog/register.

function base64(text,    digits, out, i, bits, left) {
    digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    for (i = 1; i <= length(text); i += 3) {
        left = length(text) - i
        bits = code[substr(text, i, 1)] * 65536 + (left > 0 ? code[substr(text, i + 1, 1)] * 256 : 0) + (left > 1 ? code[substr(text, i + 2, 1)] : 0)
        out = out substr(digits, int(bits / 262144) + 1, 1) substr(digits, int(bits / 4096) % 64 + 1, 1) \
            (left > 0 ? substr(digits, int(bits / 64) % 64 + 1, 1) : "=") (left > 1 ? substr(digits, bits % 64 + 1, 1) : "=")
    }
    return out
}

function consul_entry(id) {
    return sprintf("{\"Service\":{\"Verb\":\"set\",\"Node\":\"crowd\",\"Service\":{\"ID\":\"%s\",\"Service\":\"user-service\"," \
        "\"Address\":\"%s\",\"Port\":%d,\"Tags\":[\"v1\",\"c\"],\"Meta\":{\"version\":\"1.0.0\",\"zone\":\"a\"}," \
        "\"Weights\":{\"Passing\":%d,\"Warning\":1}}}},{\"Check\":{\"Verb\":\"set\",\"Check\":{\"Node\":\"crowd\",\"CheckID\":\"service:%s\"," \
        "\"Name\":\"Service 'user-service' check\",\"Status\":\"passing\",\"ServiceID\":\"%s\",\"ServiceName\":\"user-service\"," \
        "\"Output\":\"HTTP GET http://127.0.0.1:%d/health: 200 OK Output: {\\\"status\\\":\\\"healthy\\\"}\"}}}", id, address, port, weight, id, id, port)
}

function etcd_entry(id) {
    return sprintf("{\"request_put\":{\"key\":\"%s\",\"value\":\"%s\"}}", base64("/services/user-service/" id),
        base64(sprintf("{\"address\":\"%s\",\"port\":%d,\"weight\":%d,\"version\":\"1.0.0\",\"zone\":\"a\",\"status\":\"passing\"}", address, port, weight)))
}

BEGIN {
    if (!weight) weight = 1
    for (i = 32; i < 127; i++) code[sprintf("%c", i)] = i
    a_line = kind == "consul" ? 32 : 128
    if (kind == "consul") print "{\"Node\":\"crowd\",\"Address\":\"127.0.0.1\"}"
    for (i = 0; i < count; i++) {
        # Ids like those of our services, not sorted.
        id = sprintf("user-service-%08x", (i * 2654435761) % 4294967296)
        address = sprintf("127.1.%d.%d", i / 250, i % 250 + 1)
        entry = kind == "consul" ? consul_entry(id) : etcd_entry(id)
        line = line (line == "" ? "" : ",") entry
        if (i % a_line == a_line - 1 || i == count - 1) {
            print kind == "consul" ? "[" line "]" : "{\"success\":[" line "]}"
            line = ""
        }
    }
}
