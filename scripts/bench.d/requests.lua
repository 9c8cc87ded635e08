-- What wrk sends. Arguments: KIND SECRETS FILE, where FILE holds one credential a line and KIND is
-- read, put, token or static. Requests are made before the clock runs: building them is not what
-- is measured. The last line of output is JSON for bench.mjs.
local kind, secrets, file
local prepared = {}
local credentials = {}
local serial = 0

local function headers(credential)
    return { ["Authorization"] = "Bearer " .. credential, ["Content-Type"] = "application/json" }
end

function init(args)
    kind, secrets, file = args[1], tonumber(args[2]), args[3]
    for line in io.lines(file) do credentials[#credentials + 1] = line end
    math.randomseed(os.time())
    if kind == "static" then
        prepared[1] = wrk.format("GET", "/static-floor.json")
    elseif kind == "read" then
        for i = 1, secrets do
            local credential = credentials[math.random(#credentials)]
            prepared[i] = wrk.format("GET", "/v1/secrets/bench/space/K" .. i, headers(credential))
        end
    end
end

-- No write and no token request repeats itself: what is asked again may be answered from before.
function request()
    if #prepared > 0 then return prepared[math.random(#prepared)] end
    serial = serial + 1
    local credential = credentials[math.random(#credentials)]
    if kind == "put" then
        local path = "/v1/secrets/bench/written/K" .. math.random(1000)
        local value = string.format("a-benchmark-value-%d-%d", math.random(2 ^ 30), serial)
        local body = '{"value":"' .. value .. '"}'
        return wrk.format("PUT", path, headers(credential), body)
    end
    local scope = string.format("secrets:read:bench/space/K%d-%d", math.random(2 ^ 30), serial)
    local body = string.format('{"scopes":["%s"],"ttl":"1h"}', scope)
    return wrk.format("POST", "/v1/tokens", headers(credential), body)
end

function done(summary, latency, requests)
    local errors = summary.errors
    io.write(string.format(
        '\n{"requests":%d,"us":%d,"p50_us":%d,"p99_us":%d,"failed":%d}\n',
        summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
        errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
