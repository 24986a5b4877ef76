-- What wrk sends, and what it prints in the end: a line of JSON, which load.py reads.
-- Arguments: the method, the body, "waits" or nothing, and the headers.

local threads = {}

function setup(thread)
  table.insert(threads, thread)
end

function init(args)
  refused, waiting = 0, 0
  wrk.method = args[1]
  if args[2] ~= "" then
    wrk.body = args[2]
    wrk.headers["Content-Type"] = "application/json"
  end
  for number = 4, #args do
    local name, value = string.match(args[number], "^([^:]+): (.*)$")
    wrk.headers[name] = value
  end
  -- Looking at answers costs wrk much: only where it matters.
  if args[3] == "waits" then
    response, delay = count_refusal, wait_after_refusal
  end
end

function count_refusal(status, headers, body)
  if status == 503 then
    refused = refused + 1
    waiting = waiting + tonumber(headers["Retry-After"])
  end
end

-- wrk does not say which connection it asks for: as long is waited in all as was asked for in all.
function wait_after_refusal()
  if waiting > 0 then
    waiting = waiting - 1
    return 1000
  end
  return 0
end

function done(summary, latency, requests)
  local refused = 0
  for _, thread in ipairs(threads) do
    refused = refused + thread:get("refused")
  end
  local errors = summary.errors
  print(string.format(
    '{"microseconds": %d, "answers": %d, "refused": %d, "bad": %d, "broken": %d, "p50": %d, "p99": %d}',
    summary.duration, summary.requests, refused, errors.status,
    errors.connect + errors.read + errors.write + errors.timeout,
    latency:percentile(50), latency:percentile(99)
  ))
end
