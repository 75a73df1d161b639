-- Sends requests in turn and counts how they were answered. The first argument names a file with one
-- request a line: a method, a path, and a body or a bearer token, with tabs between. The second is
-- the mean wait of a connection before a request, by chance, in milliseconds; 0 is none.

local counters = { "good", "shed", "silent", "other" }
local threads = {}

function setup(thread)
  table.insert(threads, thread)
end

function init(arguments)
  good, shed, silent, other = 0, 0, 0, 0
  requests, at = {}, 0
  for line in io.lines(arguments[1]) do
    local method, path, rest = line:match("^(%S+)\t(%S+)\t(.*)$")
    if method == "POST" then
      local headers = { ["Content-Type"] = "application/x-www-form-urlencoded" }
      table.insert(requests, wrk.format(method, path, headers, rest))
    else
      table.insert(requests, wrk.format(method, path, { Authorization = "Bearer " .. rest }))
    end
  end
  pause = tonumber(arguments[2])
  if pause == 0 then
    delay = nil
  end
end

function delay()
  return math.floor(0.5 - pause * math.log(1 - math.random()))
end

function request()
  at = at % #requests + 1
  return requests[at]
end

function response(status, headers)
  if status == 200 then
    good = good + 1
  elseif status ~= 429 and status ~= 503 then
    other = other + 1
  elseif headers["retry-after"] or headers["Retry-After"] then
    shed = shed + 1
  else
    silent = silent + 1
  end
end

function done(summary, latency)
  local errors = summary.errors
  io.write("faults microseconds=" .. summary.duration)
  for _, name in ipairs(counters) do
    local total = 0
    for _, thread in ipairs(threads) do
      total = total + thread:get(name)
    end
    io.write(" " .. name .. "=" .. total)
  end
  local broken = errors.connect + errors.read + errors.write
  local latencies = { latency:percentile(50), latency:percentile(99) }
  io.write(string.format(" broken=%d late=%d p50=%d p99=%d\n", broken, errors.timeout, unpack(latencies)))
end
