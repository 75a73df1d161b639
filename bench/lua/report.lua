-- Runs the script named by BENCH_SCRIPT and prints what the run came to on one line for load.py.
-- That script may set wrk.method and the like, and define setup, init, request and response.
-- With BENCH_PAUSE_MS each connection waits before a request, by chance, so long in the mean.

dofile(os.getenv("BENCH_SCRIPT"))

local pause = tonumber(os.getenv("BENCH_PAUSE_MS") or "")

if pause then
  function delay()
    return math.floor(0.5 - pause * math.log(1 - math.random()))
  end
end

function done(summary, latency)
  local errors = summary.errors
  local failed = errors.connect + errors.read + errors.write + errors.timeout + errors.status
  io.write(string.format(
    "bench requests=%d microseconds=%d p50=%d p99=%d errors=%d\n",
    summary.requests, summary.duration,
    latency:percentile(50), latency:percentile(99), failed))
end
