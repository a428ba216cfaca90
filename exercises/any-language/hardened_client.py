"""The lesson's ServiceClient with what it lacks. It passes all checks:

    make check-client CMD="python3 exercises/any-language/hardened_client.py"

What is new, against lesson_client.py beside it:
  - the weights of Consul, by smooth weighted round robin (exercise 2)
  - a timeout for each query and each call
  - the old list, if Consul fails or its list is suddenly empty; then Consul is not asked in each call (exercise 3)
  - another instance, if one fails; the failed one gets no calls for a while
"""
import json
import os
import sys
import time
import urllib.error
import urllib.request

TIMEOUT = 2.0        # seconds, for a query or a call
QUERY_PAUSE = 4.0    # after a failed query, longer than TIMEOUT: so most calls do not wait for a hung Consul
EJECTED_FOR = 5.0    # an instance that failed gets no calls for this long
KEEP_MISSING = 60.0  # an empty list is believed after this time


def get_json(url):
    with urllib.request.urlopen(url, timeout=TIMEOUT) as reply:
        return json.load(reply)


class Instance:
    """What the client knows about an instance. It is kept by id when the list is refreshed."""

    def __init__(self):
        self.base_url = ""
        self.weight = 1
        self.current = 0  # of smooth weighted round robin
        self.ejected_until = 0.0


class ServiceClient:
    def __init__(self, consul, service_name, cache_ttl):
        self.url = f"{consul}/v1/health/service/{service_name}?passing"
        self.service_name = service_name
        self.cache_ttl = cache_ttl
        self.instances = {}  # by id: the cache
        self.confirmed = 0.0  # when Consul last sent a list that is in use
        self.next_query = 0.0
        self.why = "no list yet"  # the last failed query

    def query(self):
        """Replaces the list, if Consul has a better one."""
        fresh = {}
        for entry in get_json(self.url):
            service = entry["Service"]
            instance = self.instances.get(service["ID"]) or Instance()
            address = service["Address"] or entry["Node"]["Address"]
            instance.base_url = f"http://{address}:{service['Port']}"
            instance.weight = (service.get("Weights") or {}).get("Passing", 1)
            fresh[service["ID"]] = instance
        if not fresh and self.instances and time.monotonic() - self.confirmed < KEEP_MISSING:
            raise ValueError("its list is suddenly empty")
        self.instances = fresh
        self.confirmed = time.monotonic()

    def refresh(self):
        """The lesson's four steps: the cache; Consul, if it is stale; the old list, if Consul fails; an error."""
        now = time.monotonic()
        if now < self.next_query:
            return
        self.next_query = now + QUERY_PAUSE
        try:
            self.query()
            self.next_query = now + self.cache_ttl
        except (OSError, ValueError, KeyError, TypeError) as error:
            self.why = f"Consul: {error}"

    def pick(self, tried):
        """Smooth weighted round robin over the instances that have not failed; if all have, over all."""
        now = time.monotonic()
        left = [i for i in self.instances.values() if i.weight > 0 and i not in tried]
        usable = [i for i in left if i.ejected_until <= now] or left
        if not usable:
            return None
        for instance in usable:
            instance.current += instance.weight
        best = max(usable, key=lambda instance: instance.current)
        best.current -= sum(instance.weight for instance in usable)
        return best

    def call(self, path):
        self.refresh()
        tried, why = [], f"no instance of {self.service_name} ({self.why})"
        while len(tried) < 3 and (instance := self.pick(tried)):
            tried.append(instance)
            try:
                return get_json(instance.base_url + path)
            except urllib.error.HTTPError as error:
                if error.code < 500:
                    raise  # our request is wrong: another instance would say the same
                why = str(error)
            except (OSError, ValueError) as error:
                why = str(error)
            instance.ejected_until = time.monotonic() + EJECTED_FOR
        raise OSError(why)


def main():
    client = ServiceClient(os.environ["CONSUL_HTTP_ADDR"], "user-service", float(os.environ.get("CACHE_TTL", "30")))
    for line in sys.stdin:
        try:
            print(json.dumps(client.call(f"/users/{line.strip()}")), flush=True)
        except OSError as error:
            print(f"error: {error}", flush=True)


main()
