-- Tells a worker to stop a job, once per run of the job: a second message that arrives while the
-- work horse is already gone makes the worker end its own process group.
--
-- KEYS: 1 hash, 2 note of the message sent, 3 the worker's hash
-- ARGV: 1 channel, 2 message, 3 worker, 4 seconds to keep the note
-- Replies how many listened, or -1 not running, -2 sent before for this run, -3 the worker is
--       already shutting down
local job = redis.call('HMGET', KEYS[1], 'status', 'started_at')
if job[1] ~= 'started' then return -1 end
if (redis.call('HGET', KEYS[3], 'shutdown_requested_date') or '') ~= '' then return -3 end
local run = ARGV[3] .. ' ' .. (job[2] or '')
if redis.call('GET', KEYS[2]) == run then return -2 end
local listeners = redis.pcall('PUBLISH', ARGV[1], ARGV[2])
if type(listeners) == 'number' and listeners > 0 then redis.call('SET', KEYS[2], run, 'EX', ARGV[4]) end
return listeners
