-- Requests for paths drawn from a file, one a line. ARGS: FILE KEY
local paths = {}

function init(args)
    for line in io.lines(args[1]) do
        paths[#paths + 1] = line
    end
    wrk.headers["Authorization"] = "Bearer " .. args[2]
    math.randomseed(#paths)
end

function request()
    return wrk.format("GET", paths[math.random(#paths)])
end
