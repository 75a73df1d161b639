-- Posts forms in turn. The argument names a file with one form a line.

local requests, count, at = {}, 0, 0

function init(arguments)
  local headers = { ["Content-Type"] = "application/x-www-form-urlencoded" }
  for line in io.lines(arguments[1]) do
    count = count + 1
    requests[count] = wrk.format("POST", nil, headers, line)
  end
end

function request()
  at = at % count + 1
  return requests[at]
end
