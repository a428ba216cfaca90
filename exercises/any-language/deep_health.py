"""A service whose /health checks PostgreSQL, Redis and the disk (exercise 1), with the standard library only:

    make check-client N=1 CMD="python3 exercises/any-language/deep_health.py"

PostgreSQL is asked with psql, which the project installs. In a real service use the connections that its requests
use: then the check also finds an exhausted pool.
"""
import json
import os
import shutil
import socket
import subprocess
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlsplit

TIMEOUT = 1.0         # seconds, for each check: a server that hangs must not hang /health
MIN_FREE_PERCENT = 5


def check_postgres():
    subprocess.run(["psql", "-XAtc", "SELECT 1", os.environ["DATABASE_URL"]],
                   check=True, capture_output=True, timeout=TIMEOUT)


def check_redis():
    url = urlsplit(os.environ["REDIS_URL"])
    with socket.create_connection((url.hostname, url.port), TIMEOUT) as connection:
        connection.sendall(b"PING\r\n")
        reply = connection.recv(100)
    if not reply.startswith(b"+PONG"):
        raise OSError(f"not a PONG: {reply!r}")


def check_disk():
    usage = shutil.disk_usage(os.environ["DISK_PATH"])
    if usage.free * 100 < usage.total * MIN_FREE_PERCENT:
        raise OSError(f"less than {MIN_FREE_PERCENT} % free")


def run(check):
    try:
        check()
        return {"status": "healthy"}
    except (OSError, subprocess.SubprocessError) as error:
        return {"status": "unhealthy", "error": str(error)}


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        checks = {name: run(check) for name, check in
                  {"postgres": check_postgres, "redis": check_redis, "disk": check_disk}.items()}
        healthy = all(check["status"] == "healthy" for check in checks.values())
        body = json.dumps({"status": "healthy" if healthy else "unhealthy", "checks": checks}).encode()
        self.send_response(200 if healthy else 503)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


ThreadingHTTPServer(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()
