-- wrk -s paths.lua URL -- FILE: asks for the lines of FILE in turn, each
-- "METHOD HOST PATH AGENT"; all are formatted before the clock starts.
local requests, next_one = {}, 0

function init(args)
   for line in io.lines(args[1]) do
      local method, host, path = line:match("^(%S+) (%S+) (%S+)")
      wrk.headers["Host"] = host
      requests[#requests + 1] = wrk.format(method, path)
   end
end

function request()
   next_one = next_one % #requests + 1
   return requests[next_one]
end
