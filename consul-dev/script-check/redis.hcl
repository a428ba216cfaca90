# The lesson's script check: Consul runs a program, and its exit code is the health:
# 0 passing, 1 warning, anything else critical. What it prints stands in the web UI.
#
# Redis speaks no HTTP, and a TCP check sees an open port also where nobody answers
# any more. So this one asks for a PONG. To try it, in the top folder:
#
#   consul-dev/run-redis /tmp/redis 6379
#   consul-dev/run-consul /tmp/consul 8500 -dev -config-file=consul-dev/script-check/redis.hcl
#   kill -STOP $(pgrep -f 'redis-server.*:6379'); curl 'localhost:8500/v1/health/checks/redis?pretty'
#
# Why this is a file of the agent's, and not one of SERVICE_CHECK's kinds: whoever may
# define a script check runs programs on the agent's machine, as the agent's user. Over
# the HTTP API that would be everybody who reaches port 8500, and in a browser any web
# page: attacks on it come ready-made. So an agent runs no scripts at all unless told to,
# and there are two ways to tell it:
#
#   enable_local_script_checks   only those from its own configuration: the right one
#   enable_script_checks         also those that come over HTTP: only with ACLs that
#                                say who may register, if at all
enable_local_script_checks = true

service {
  name = "redis"
  port = 6379

  check {
    name     = "PING"
    args     = ["consul-dev/script-check/redis-pings"] # from where the agent was started
    interval = "2s"
    timeout  = "2s"
  }
}
