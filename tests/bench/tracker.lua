-- The straightforward click tracker in Lua, for comparison: the link id and
-- its HMAC-SHA256 in the path, key and destination in a shared dictionary, an
-- event appended to a file before the answer.
local ffi = require "ffi"

ffi.cdef [[
typedef struct evp_md_st EVP_MD;
const EVP_MD *EVP_sha256(void);
unsigned char *HMAC(const EVP_MD *md, const void *key, int key_len,
                    const unsigned char *data, size_t len,
                    unsigned char *out, unsigned int *out_len);
]]

local sha256 = ffi.C.EVP_sha256()
local digest = ffi.new("unsigned char[32]")
local links = ngx.shared.links
local events

local tracker = {}

-- Lines of "host KEY" and "link ID URL".
function tracker.load(path)
   for line in io.lines(path) do
      local name, value = line:match("^(%S+) (%S+)$")
      assert(links:set(name, value))
   end
end

local function hmac(key, text)
   ffi.C.HMAC(sha256, key, #key, text, #text, digest, nil)
   return (ffi.string(digest, 10):gsub(".", function(c)
      return string.format("%02x", c:byte())
   end))
end

function tracker.click(path)
   local id, mac = ngx.var.uri:match("^/c/(%w+)/(%x+)$")
   local key = links:get(ngx.var.host)
   if not id or not key or hmac(key, ngx.var.host .. id) ~= mac then
      return ngx.exit(404)
   end
   local url = links:get(id)
   if not url then
      return ngx.exit(404)
   end
   events = events or assert(io.open(path, "a"))
   events:write(string.format("%.3f %s %s %s %s\n", ngx.now(), id,
                              ngx.var.remote_addr, ngx.var.host,
                              ngx.var.http_user_agent or "-"))
   events:flush()
   ngx.header["Location"] = url
   ngx.header["Cache-Control"] = "no-store"
   ngx.status = 302
   return ngx.exit(302)
end

return tracker
