-- Refreshes, and goes on with the refresh tokens that come with the answers. The lines of a file are
-- the forms to begin with, with the refresh token at their end. An answer does not say which request
-- it is of, so the client is read out of its access token.
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/x-www-form-urlencoded"

local START = "&refresh_token="
local ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
local forms, first, last = {}, 1, 0
local form_of, six = {}, {}

for at = 1, #ALPHABET do six[ALPHABET:byte(at)] = at - 1 end

local function decoded(text)
  local bytes, bits, held = {}, 0, 0
  for at = 1, #text do
    held, bits = held * 64 + six[text:byte(at)], bits + 6
    if bits >= 8 then
      bits = bits - 8
      local rest = 2 ^ bits
      bytes[#bytes + 1] = string.char(math.floor(held / rest))
      held = held % rest
    end
  end
  return table.concat(bytes)
end

local function put(form)
  last = last + 1
  forms[last] = form
end

function init(args)
  for line in io.lines(args[1]) do
    local start = line:sub(1, line:find(START, 1, true) + #START - 1)
    form_of[start:match("client_id=([^&]+)")] = start
    put(line)
  end
end

function request()
  local form = forms[first] or "none=left"
  if first <= last then
    forms[first] = nil
    first = first + 1
  end
  return wrk.format(nil, nil, nil, form)
end

function response(status, headers, body)
  local token = body:match('"refresh_token":"([^"]+)"')
  local payload = body:match('"access_token":"[^.]+%.([^.]+)%.')
  if token and payload then
    put(form_of[decoded(payload):match('"client_id":"([^"]+)"')] .. token)
  end
end
