"""The lesson's ServiceClient (part V, 3), without packages from outside: urllib instead of consul and requests.

It has the lesson's logic and nothing else, so it fails where the lesson's code fails:

    make check-client CMD="python3 exercises/any-language/lesson_client.py"

hardened_client.py beside it passes all checks.
"""
import json
import os
import random
import sys
import time
import urllib.request


class ServiceClient:
    def __init__(self):
        self.consul = os.environ["CONSUL_HTTP_ADDR"]
        self.cache = {}
        self.cache_ttl = float(os.environ.get("CACHE_TTL", "30"))

    def get_instances(self, service_name):
        # The cache.
        if service_name in self.cache:
            cached_time, instances = self.cache[service_name]
            if time.time() - cached_time < self.cache_ttl:
                return instances
        # Consul. There is no `except` here: if Consul is down, the old list is not used.
        with urllib.request.urlopen(f"{self.consul}/v1/health/service/{service_name}?passing") as reply:
            services = json.load(reply)
        instances = [
            {"address": s["Service"]["Address"], "port": s["Service"]["Port"], "id": s["Service"]["ID"]}
            for s in services
        ]
        self.cache[service_name] = (time.time(), instances)
        return instances

    def call_service(self, service_name, path):
        instances = self.get_instances(service_name)
        if not instances:
            raise Exception(f"No healthy instances for {service_name}")
        instance = random.choice(instances)
        # One attempt at one instance, without a timeout.
        with urllib.request.urlopen(f"http://{instance['address']}:{instance['port']}{path}") as reply:
            return json.load(reply)


client = ServiceClient()
for line in sys.stdin:
    try:
        print(json.dumps(client.call_service("user-service", f"/users/{line.strip()}")), flush=True)
    except Exception as error:
        print(f"error: {error}", flush=True)
