-- Gets what the lines of a file say, one after the other and then from the first again:
-- a path, the name of a header and its value, with tabs between.
local asked, at = {}, 0

function init(args)
  for line in io.lines(args[1]) do
    local path, name, value = line:match("^([^\t]*)\t([^\t]*)\t(.*)$")
    local headers = { Host = wrk.headers["Host"], [name] = value }
    asked[#asked + 1] = wrk.format("GET", path, headers)
  end
end

function request()
  at = at % #asked + 1
  return asked[at]
end
