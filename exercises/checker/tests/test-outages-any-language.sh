#!/usr/bin/env bash
# Tests `make check-client`: the lesson's client fails exactly where the lesson's code fails, and the shipped service
# passes. Plausible wrong programs in Python: each fails the checks of what it lacks, with the message that explains it,
# and passes the others.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../../.." || exit 2
# shellcheck source=exercises/checker/tests/lib.bash
. exercises/checker/tests/lib.bash
private_build "$folder/build"
BUILD=$folder/build
examples=exercises/any-language
type -P python3 >/dev/null || { echo "python3 is not installed: nothing is tested"; echo "0 passed, 0 failed"; exit; }

beside checked "the lesson's client" 1 "✓ 1/13 .*✓ 2/13 .*✗ 3/13 weights 3 and 1, calls [0-9]+ to [0-9]+: expected A=3 B=1.*\
✓ 4/13 .*✓ 5/13 .*✗ 6/13 Consul stopped: [0-9]+ of [0-9]+ calls failed .*✗ 7/13 Consul hung: .*printed nothing within 10 s.*\
✓ 8/13 .*✗ 9/13 Consul's list is suddenly empty: .*✗ 10/13 Consul answers 500: .*✓ 11/13 .*✗ 12/13 one of three .*killed.*\
✗ 13/13 one of three instances hangs: .*printed nothing.*6 of 13 checks passed" '' CMD="python3 $examples/lesson_client.py"
beside checked "the deep health check" 0 '6 of 6 checks passed' 1 CMD="python3 $examples/deep_health.py"

# Programs that break the rule. These take longer than those of test-any-language.sh.
caller() { beside checked "$1" 1 "$2" 2 CMD="$3"; }
caller "nothing printed" '✗ 1/3 .*for id 1 the client printed nothing within 20 s: it does not read standard input, or waits' \
  'while read id; do :; done; sleep 100'
caller "no newline" '✗ 1/3 .*for id 1 the client printed `x` without a newline' 'while read id; do printf x; done'
caller "endless messages" "✗ 1/3 .*wrote more than 256 MB to standard error.*\| error *\| +\| error" 'yes error >&2'

# A copy of hardened_client.py with a fault.
wrong_client() { # name, sed command
  sed "$2" $examples/hardened_client.py >"$folder/$1.py"
  ! cmp -s $examples/hardened_client.py "$folder/$1.py"
  verdict $? "$1 differs from the client"
}
wrong_client asks 's/self.next_query = now + .*/pass/'
beside checked "a client without a cache" 1 \
  '✗ 2/11 [0-9]+ calls caused [0-9]+ queries to Consul.*✗ 5/11 Consul hung: only' 3 CMD="python3 $folder/asks.py"
wrong_client forever 's/self.next_query = now + self.cache_ttl/self.next_query = 1e99/'
beside checked "a client that never asks again" 1 '✗ 3/11 a fourth instance.*✗ 6/11 Consul started again' 3 \
  CMD="python3 $folder/forever.py"
wrong_client first 's/best = max(.*/best = usable[0]/'
beside checked "a client that calls the first one" 1 \
  '✗ 2/3 three instances, 60 calls: expected about 20 each, got A=60 B=0 C=0' 2 CMD="python3 $folder/first.py"
wrong_client ends 's/        except OSError as error:/        except ZeroDivisionError as error:/'
beside checked "a client that ends at an error" 1 \
  '✓ 8/11 .*✗ 9/11 .*there is no list yet: the program ended \(exit code 1\): .*OSError: no instance.*10 of 11' 3 \
  CMD="python3 $folder/ends.py"
wrong_client condemns 's/^EJECTED_FOR = .*/EJECTED_FOR, known = 1e9, {}/
  s/self.instances.get(\(.*\)) or Instance()/known.setdefault(\1, Instance())/'
beside checked "a client that ejects for ever" 1 \
  '✗ 10/11 the killed instance runs again and is passing, but got no call within 15 s.*10 of 11' 3 \
  CMD="python3 $folder/condemns.py"
wrong_client believes 's/if not fresh and .*/if False:/'
beside checked "a client that believes an empty list" 1 "✗ 7/11 Consul's list is suddenly empty: [0-9]+ of .*10 of 11" 3 \
  CMD="python3 $folder/believes.py"
wrong_client invents 's/print(f"error: .*/print(json.dumps({"id": line.strip()}), flush=True)/
  s/^TIMEOUT = .*/TIMEOUT = 0.2/; s/^QUERY_PAUSE = .*/QUERY_PAUSE = 0.5/; s/if not fresh and .*/if False:/'
beside checked "a client that invents users" 1 \
  "✗ 7/11 Consul's list is suddenly empty: the client answered [0-9]+ ids, but the instances got only [0-9]+ calls.*\
✗ 9/11 .*printed a user, which it cannot know" 3 CMD="python3 $folder/invents.py"
wrong_client slow 's/        self.refresh()$/        self.refresh(); time.sleep(0.15)/'
beside checked "a client that is slow, but right" 0 '11 of 11' 3 CMD="python3 $folder/slow.py"
{
  sed '$d' $examples/hardened_client.py
  cat <<'END'
import threading
index, seen = 0, threading.Event()

def get_json(url):
    global index
    with urllib.request.urlopen(url, timeout=15 if "wait=" in url else TIMEOUT) as reply:
        if "wait=" in url:
            index = int(reply.headers["X-Consul-Index"])
        return json.load(reply)

def watch(client, url):
    global index
    while True:
        before = index
        client.url = f"{url}&index={before}&wait=10s"
        try:
            client.query()
        except Exception as error:
            client.why, before = str(error), index + 1
            time.sleep(0.5)
        index = index if index >= before else 0
        seen.set()

class Watcher(ServiceClient):
    def __init__(self, *args):
        super().__init__(*args)
        threading.Thread(target=watch, args=(self, self.url), daemon=True).start()
    def refresh(self):
        seen.wait(3)

ServiceClient = Watcher
main()
END
} >"$folder/watches.py"
beside checked "a client that watches (blocking queries)" 0 '11 of 11' 3 CMD="python3 $folder/watches.py"

cat >"$folder/shallow.py" <<'END'
import os
from http.server import BaseHTTPRequestHandler, HTTPServer
class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b'{"status": "healthy"}')
HTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
END
beside checked "the lesson's /health" 1 '✓ 1/6 .*✗ 2/6 PostgreSQL stopped: /health should answer 503, but answered 200: \{"status": "healthy"\}.*1 of 6' 1 \
  CMD="python3 $folder/shallow.py"
sed 's/, timeout=TIMEOUT)/)/; s/, TIMEOUT)/)/' $examples/deep_health.py >"$folder/patient.py"
beside checked "a /health without timeouts" 1 \
  '✓ 2/6 .*✗ 3/6 PostgreSQL hung: .*did not answer within 5 s.*✗ 5/6 Redis hung: .*4 of 6' 1 \
  CMD="python3 $folder/patient.py"
finish
