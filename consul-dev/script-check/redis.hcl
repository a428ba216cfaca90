# The lesson's script check: Consul runs a program, and its exit code is the status:
# 0 passing, 1 warning, any other critical. The web UI shows its output.
#
# Redis has no HTTP interface, and a TCP check is passing as long as the port is open, even
# if Redis hangs. So this check sends PING. To try it, in the top folder:
#
#   consul-dev/run-redis /tmp/redis 6379
#   consul-dev/run-consul /tmp/consul 8500 -dev -config-file=consul-dev/script-check/redis.hcl
#   kill -STOP $(pgrep -f 'redis-server.*:6379'); curl 'localhost:8500/v1/health/checks/redis?pretty'
#
# This is a configuration file of the agent, and not a kind of SERVICE_CHECK, for security:
# a person who can define a script check can run programs on the agent's machine. Over the
# HTTP API that would be anyone who reaches port 8500, even a web page in a local browser;
# attacks on it are published. So by default an agent runs no scripts. Two settings allow
# them:
#
#   enable_local_script_checks   only those from its own configuration: use this one
#   enable_script_checks         also those that arrive over HTTP: only with ACLs that
#                                limit who can register
enable_local_script_checks = true

service {
  name = "redis"
  port = 6379

  check {
    name     = "PING"
    args     = ["consul-dev/script-check/redis-pings"] # relative to the folder where the agent was started
    interval = "2s"
    timeout  = "2s"
  }
}
