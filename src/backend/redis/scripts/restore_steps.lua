-- Carries out the steps of an image from ARGV[at] to ARGV[last]: a key, `keep`, `replace`, `add`,
-- `waiting` or `there`, a count of commands, and each command as a count of words and words. `keep`
-- leaves a key alone that is there; `replace` drops it first; `waiting` runs unless the key is a
-- job that no longer waits; `there` runs if the key is.
local function restore(at, last)
  while at <= last do
    local key, mode, commands = ARGV[at], ARGV[at + 1], tonumber(ARGV[at + 2])
    local runs = mode ~= 'keep' or redis.call('EXISTS', key) == 0
    if mode == 'replace' then redis.call('UNLINK', key) end
    if mode == 'waiting' then
      local status = redis.pcall('HGET', key, 'status')
      runs = not status or status == 'deferred'
    elseif mode == 'there' then
      runs = redis.call('EXISTS', key) == 1
    end
    at = at + 3
    for _ = 1, commands do
      local words = tonumber(ARGV[at])
      if runs then redis.call(unpack(ARGV, at + 1, at + words)) end
      at = at + 1 + words
    end
  end
end
