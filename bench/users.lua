-- For wrk: chooses the users to request, and prints one result line for bench/measure.sh.
-- BENCH_IDS=1000: requests a random user of 1 to 1000 each time, with requests that are
-- prepared before the run; without it, always the path of the URL, which is cheaper for wrk.

local ids = tonumber(os.getenv("BENCH_IDS") or "0")
local threads = 0

function setup(thread)
   threads = threads + 1
   thread:set("seed", threads)
end

if ids > 0 then
   local ready = {}

   function init()
      math.randomseed(seed)
      for id = 1, ids do
         ready[id] = wrk.format("GET", "/users/" .. id)
      end
   end

   function request()
      return ready[math.random(ids)]
   end
end

-- requests, seconds, bytes, p50 and p99 in microseconds, failed requests
function done(summary, latency)
   local e = summary.errors
   io.write(string.format("RESULT %d %.6f %d %d %d %d\n", summary.requests, summary.duration / 1e6, summary.bytes,
      latency:percentile(50), latency:percentile(99), e.connect + e.read + e.write + e.timeout + e.status))
end
