-- Tells a worker to shut down after its job. Told a second time it kills its work horse and ends at
-- once, so one that is asked already is only told again where that is meant.
--
-- KEYS: 1 the worker's hash
-- ARGV: 1 channel, 2 message, 3 whether to tell it again, `1` or `0`
-- Replies how many listened, or -1 no such worker, -2 asked before
if redis.call('EXISTS', KEYS[1]) == 0 then return -1 end
if ARGV[3] ~= '1' and (redis.call('HGET', KEYS[1], 'shutdown_requested_date') or '') ~= '' then
  return -2
end
return redis.pcall('PUBLISH', ARGV[1], ARGV[2])
