# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_jobctl_global_optspecs
    string join \n bench= site= redis= o/output= color= timeout= read-only q/quiet v/verbose watch= utc local config= show-secrets h/help V/version
end

function __fish_jobctl_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_jobctl_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_jobctl_using_subcommand
    set -l cmd (__fish_jobctl_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c jobctl -n "__fish_jobctl_needs_command" -l bench -d 'The bench to work on [env: `JOBCTL_BENCH`; default: the one around the current directory]' -r -F
complete -c jobctl -n "__fish_jobctl_needs_command" -l site -d 'Only this site; repeatable, or `all` [env: `JOBCTL_SITE`, `FRAPPE_SITE`; default: all]' -r
complete -c jobctl -n "__fish_jobctl_needs_command" -l redis -d 'The Redis to work on, without a bench or instead of the bench\'s own [env: `JOBCTL_REDIS`]' -r
complete -c jobctl -n "__fish_jobctl_needs_command" -s o -l output -d 'How to print the result [env: `JOBCTL_OUTPUT`; default: table, or plain in a pipe]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'The same with every column, cut nowhere'
plain\t'Tab-separated and complete'
json\t'One object with schema, scope, data and notes'
jsonl\t'One item per line'
csv\t'The items as one table, as RFC 4180 says'"
complete -c jobctl -n "__fish_jobctl_needs_command" -l color -d 'When to colour [env: `JOBCTL_COLOR`; default: auto]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`'
always\t'Always, also into pipes'
never\t'Never'"
complete -c jobctl -n "__fish_jobctl_needs_command" -l timeout -d 'Give up on a network step after this long [env: `JOBCTL_TIMEOUT`; default: 10s]' -r
complete -c jobctl -n "__fish_jobctl_needs_command" -l watch -d 'Repeat every SECS seconds (2 unless told) until interrupted' -r
complete -c jobctl -n "__fish_jobctl_needs_command" -l config -d 'Read settings from this file [env: `JOBCTL_CONFIG`]' -r -F
complete -c jobctl -n "__fish_jobctl_needs_command" -l read-only -d 'Refuse whatever changes, signals or starts something [env: `JOBCTL_READ_ONLY`]'
complete -c jobctl -n "__fish_jobctl_needs_command" -s q -l quiet -d 'Leave out notes and hints'
complete -c jobctl -n "__fish_jobctl_needs_command" -s v -l verbose -d 'Say more'
complete -c jobctl -n "__fish_jobctl_needs_command" -l utc -d 'Print times in UTC'
complete -c jobctl -n "__fish_jobctl_needs_command" -l local -d 'Print times in the local zone (the default)'
complete -c jobctl -n "__fish_jobctl_needs_command" -l show-secrets -d 'Show passwords and other secrets instead of masking them'
complete -c jobctl -n "__fish_jobctl_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jobctl -n "__fish_jobctl_needs_command" -s V -l version -d 'Print version'
complete -c jobctl -n "__fish_jobctl_needs_command" -f -a "doctor" -d 'Say what is wrong with the background jobs, and what to type next'
complete -c jobctl -n "__fish_jobctl_needs_command" -f -a "health" -d 'Say in one line whether the jobs run, for cron, CI gates and monitoring agents'
complete -c jobctl -n "__fish_jobctl_needs_command" -f -a "jobs" -d 'List, show, look up and change jobs'
complete -c jobctl -n "__fish_jobctl_needs_command" -f -a "queues" -d 'List the queues, or look into one'
complete -c jobctl -n "__fish_jobctl_needs_command" -f -a "workers" -d 'List and show workers and where they hang; stop, restart, suspend them; remove dead registrations'
complete -c jobctl -n "__fish_jobctl_needs_command" -f -a "show-pending-jobs" -d 'Show what waits: depths of the queues, and waiting jobs by site and by method'
complete -c jobctl -n "__fish_jobctl_needs_command" -f -a "logs" -d 'Show and follow the logs of a bench, merged in the order of time'
complete -c jobctl -n "__fish_jobctl_needs_command" -f -a "stats" -d 'Say how often, how long and how late jobs ran, by method, queue, site or time'
complete -c jobctl -n "__fish_jobctl_needs_command" -f -a "serve" -d 'Answer Prometheus, health checks and a read-only JSON API over HTTP'
complete -c jobctl -n "__fish_jobctl_needs_command" -f -a "errors" -d 'Say what fails, in groups: the failed jobs that RQ keeps, and the Error Log of the sites'
complete -c jobctl -n "__fish_jobctl_needs_command" -f -a "metrics" -d 'Print what Prometheus scrapes: queues, workers, schedulers, the verdict'
complete -c jobctl -n "__fish_jobctl_needs_command" -f -a "alerts" -d 'Tell people when jobs fail, hang or pile up, and when that is over'
complete -c jobctl -n "__fish_jobctl_needs_command" -f -a "history" -d 'Record what happens over time, and show it: trends, peaks, forecasts'
complete -c jobctl -n "__fish_jobctl_needs_command" -f -a "purge-jobs" -d 'Purge waiting jobs, or clear registries'
complete -c jobctl -n "__fish_jobctl_needs_command" -f -a "trigger-scheduler-event" -d 'Enqueue the scheduled job types of an event now, due or not'
complete -c jobctl -n "__fish_jobctl_needs_command" -f -a "scheduler" -d 'Look at the schedulers of sites, and switch them'
complete -c jobctl -n "__fish_jobctl_needs_command" -f -a "enable-scheduler" -d 'Enable the scheduler of sites'
complete -c jobctl -n "__fish_jobctl_needs_command" -f -a "disable-scheduler" -d 'Disable the scheduler of sites: no scheduled job is enqueued'
complete -c jobctl -n "__fish_jobctl_needs_command" -f -a "pause-scheduler" -d 'Pause the scheduler of sites: no scheduled job is enqueued'
complete -c jobctl -n "__fish_jobctl_needs_command" -f -a "resume-scheduler" -d 'Resume the scheduler of sites'
complete -c jobctl -n "__fish_jobctl_needs_command" -f -a "set-maintenance-mode" -d 'Switch the maintenance mode of sites on or off'
complete -c jobctl -n "__fish_jobctl_needs_command" -f -a "ready-for-migration" -d 'Say whether sites have no background jobs left, or wait until they have none'
complete -c jobctl -n "__fish_jobctl_needs_command" -f -a "publish-realtime" -d 'Publish a realtime event to the browsers of sites, and say how many servers took it'
complete -c jobctl -n "__fish_jobctl_needs_command" -f -a "worker" -d 'Run a worker in the foreground: the bench\'s own, or RQ\'s'
complete -c jobctl -n "__fish_jobctl_needs_command" -f -a "worker-pool" -d 'Keep a number of workers running'
complete -c jobctl -n "__fish_jobctl_needs_command" -f -a "schedule" -d 'Run the bench\'s scheduler in the foreground, unless one runs'
complete -c jobctl -n "__fish_jobctl_needs_command" -f -a "groups" -d 'List, show, cancel and retry groups of jobs (RQ 2.0 and newer)'
complete -c jobctl -n "__fish_jobctl_needs_command" -f -a "supervisor" -d 'Make process definitions for a bench, or find the faults of its own'
complete -c jobctl -n "__fish_jobctl_needs_command" -f -a "undo" -d 'Put back what an operation removed or changed'
complete -c jobctl -n "__fish_jobctl_needs_command" -f -a "ops" -d 'List, show and prune the journals of what was changed'
complete -c jobctl -n "__fish_jobctl_needs_command" -f -a "demo" -d 'Makes a throw-away bench with real Redis and workers to try everything on'
complete -c jobctl -n "__fish_jobctl_needs_command" -f -a "completions" -d 'Print a completion script for a shell'
complete -c jobctl -n "__fish_jobctl_needs_command" -f -a "man" -d 'Print a man page'
complete -c jobctl -n "__fish_jobctl_needs_command" -f -a "generate" -d 'Write the completion scripts and man pages that are kept in the repository'
complete -c jobctl -n "__fish_jobctl_using_subcommand doctor" -l fail-on -d 'The verdict from which on the exit code is not 0; UNKNOWN always exits 3' -r -f -a "degraded\t'DEGRADED exits 1, UNHEALTHY 2'
unhealthy\t'DEGRADED exits 0, UNHEALTHY 2'"
complete -c jobctl -n "__fish_jobctl_using_subcommand doctor" -l bench -d 'The bench to work on [env: `JOBCTL_BENCH`; default: the one around the current directory]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand doctor" -l site -d 'Only this site; repeatable, or `all` [env: `JOBCTL_SITE`, `FRAPPE_SITE`; default: all]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand doctor" -l redis -d 'The Redis to work on, without a bench or instead of the bench\'s own [env: `JOBCTL_REDIS`]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand doctor" -s o -l output -d 'How to print the result [env: `JOBCTL_OUTPUT`; default: table, or plain in a pipe]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'The same with every column, cut nowhere'
plain\t'Tab-separated and complete'
json\t'One object with schema, scope, data and notes'
jsonl\t'One item per line'
csv\t'The items as one table, as RFC 4180 says'"
complete -c jobctl -n "__fish_jobctl_using_subcommand doctor" -l color -d 'When to colour [env: `JOBCTL_COLOR`; default: auto]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`'
always\t'Always, also into pipes'
never\t'Never'"
complete -c jobctl -n "__fish_jobctl_using_subcommand doctor" -l timeout -d 'Give up on a network step after this long [env: `JOBCTL_TIMEOUT`; default: 10s]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand doctor" -l watch -d 'Repeat every SECS seconds (2 unless told) until interrupted' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand doctor" -l config -d 'Read settings from this file [env: `JOBCTL_CONFIG`]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand doctor" -l deep -d 'Read every job and every registry entry, not both ends only'
complete -c jobctl -n "__fish_jobctl_using_subcommand doctor" -l read-only -d 'Refuse whatever changes, signals or starts something [env: `JOBCTL_READ_ONLY`]'
complete -c jobctl -n "__fish_jobctl_using_subcommand doctor" -s q -l quiet -d 'Leave out notes and hints'
complete -c jobctl -n "__fish_jobctl_using_subcommand doctor" -s v -l verbose -d 'Say more'
complete -c jobctl -n "__fish_jobctl_using_subcommand doctor" -l utc -d 'Print times in UTC'
complete -c jobctl -n "__fish_jobctl_using_subcommand doctor" -l local -d 'Print times in the local zone (the default)'
complete -c jobctl -n "__fish_jobctl_using_subcommand doctor" -l show-secrets -d 'Show passwords and other secrets instead of masking them'
complete -c jobctl -n "__fish_jobctl_using_subcommand doctor" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jobctl -n "__fish_jobctl_using_subcommand doctor" -s V -l version -d 'Print version'
complete -c jobctl -n "__fish_jobctl_using_subcommand health" -l check -d 'Only these: a gate, a family of gates, one check of the doctor, or `aggregate`; repeatable [default: aggregate]' -r -f -a "aggregate\t''
queue\t''
worker\t''
scheduler\t''
queue.length\t''
queue.failed\t''
queue.stalled\t''
worker.activity\t''
worker.processing\t''
scheduler.activity\t''
scheduler.processing\t''
redis\t''
database\t''
site\t''
config\t''
queue.readable\t''
queue.types\t''
queue.prefix\t''
queue.backlog\t''
queue.oldest\t''
queue.cap\t''
job.failed\t''
job.failure-rate\t''
queue.worker\t''
queue.suspended\t''
queue.hashless\t''
queue.expiring\t''
queue.parked\t''
queue.poison\t''
job.overdue\t''
job.ghost\t''
job.lost\t''
job.dangling\t''
worker.none\t''
worker.stale\t''
worker.gone\t''
worker.unregistered\t''
worker.versions\t''
worker.generation\t''
worker.foreign\t''
process.unregistered\t''
process.memory\t''
process.stop-timeout\t''
job.timeout\t''
job.abandoned\t''
scheduler.process\t''
scheduler.twice\t''
scheduler.ticking\t''
site.scheduler\t''
site.dormant\t''
config.switches\t''
scheduler.overdue\t''
scheduler.failing\t''
scheduler.future\t''
scheduler.cron\t''
scheduler.stale-start\t''
scheduler.drift\t''
scheduler.collision\t''
redis.reachable\t''
redis.deadline\t''
redis.latency\t''
redis.clock\t''
redis.memory\t''
redis.eviction\t''
redis.persistence\t''
redis.writes\t''
site.database\t''
site.settings\t''
site.errors\t''
site.mail\t''
config.files\t''
config.sites\t''
config.keys\t''
config.deceptive\t''
config.extra\t''
config.monitor\t''
config.bench-id\t''"
complete -c jobctl -n "__fish_jobctl_using_subcommand health" -l fail-on -d 'The verdict from which on the exit code is not 0; UNKNOWN always exits 3' -r -f -a "degraded\t'DEGRADED exits 1, UNHEALTHY 2'
unhealthy\t'DEGRADED exits 0, UNHEALTHY 2'"
complete -c jobctl -n "__fish_jobctl_using_subcommand health" -l as -d 'Print it as a monitoring system reads it, instead of `-o`' -r -f -a "nagios\t'One line with figures, for Nagios, Icinga and Checkmk'
junit\t'XML with a test case per check'
github\t'Annotations, and the step summary where `GITHUB_STEP_SUMMARY` names its file'"
complete -c jobctl -n "__fish_jobctl_using_subcommand health" -l ping-url -d 'Post the outcome to this address. `{code}`, `{verdict}` and `{state}` (`up`, `down`) in it are replaced; without any of them `/CODE` is appended to its path' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand health" -l bench -d 'The bench to work on [env: `JOBCTL_BENCH`; default: the one around the current directory]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand health" -l site -d 'Only this site; repeatable, or `all` [env: `JOBCTL_SITE`, `FRAPPE_SITE`; default: all]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand health" -l redis -d 'The Redis to work on, without a bench or instead of the bench\'s own [env: `JOBCTL_REDIS`]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand health" -s o -l output -d 'How to print the result [env: `JOBCTL_OUTPUT`; default: table, or plain in a pipe]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'The same with every column, cut nowhere'
plain\t'Tab-separated and complete'
json\t'One object with schema, scope, data and notes'
jsonl\t'One item per line'
csv\t'The items as one table, as RFC 4180 says'"
complete -c jobctl -n "__fish_jobctl_using_subcommand health" -l color -d 'When to colour [env: `JOBCTL_COLOR`; default: auto]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`'
always\t'Always, also into pipes'
never\t'Never'"
complete -c jobctl -n "__fish_jobctl_using_subcommand health" -l timeout -d 'Give up on a network step after this long [env: `JOBCTL_TIMEOUT`; default: 10s]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand health" -l watch -d 'Repeat every SECS seconds (2 unless told) until interrupted' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand health" -l config -d 'Read settings from this file [env: `JOBCTL_CONFIG`]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand health" -l read-only -d 'Refuse whatever changes, signals or starts something [env: `JOBCTL_READ_ONLY`]'
complete -c jobctl -n "__fish_jobctl_using_subcommand health" -s q -l quiet -d 'Leave out notes and hints'
complete -c jobctl -n "__fish_jobctl_using_subcommand health" -s v -l verbose -d 'Say more'
complete -c jobctl -n "__fish_jobctl_using_subcommand health" -l utc -d 'Print times in UTC'
complete -c jobctl -n "__fish_jobctl_using_subcommand health" -l local -d 'Print times in the local zone (the default)'
complete -c jobctl -n "__fish_jobctl_using_subcommand health" -l show-secrets -d 'Show passwords and other secrets instead of masking them'
complete -c jobctl -n "__fish_jobctl_using_subcommand health" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jobctl -n "__fish_jobctl_using_subcommand health" -s V -l version -d 'Print version'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and not __fish_seen_subcommand_from list show exists enqueue watch retry move promote stop delete cancel repair" -l bench -d 'The bench to work on [env: `JOBCTL_BENCH`; default: the one around the current directory]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and not __fish_seen_subcommand_from list show exists enqueue watch retry move promote stop delete cancel repair" -l site -d 'Only this site; repeatable, or `all` [env: `JOBCTL_SITE`, `FRAPPE_SITE`; default: all]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and not __fish_seen_subcommand_from list show exists enqueue watch retry move promote stop delete cancel repair" -l redis -d 'The Redis to work on, without a bench or instead of the bench\'s own [env: `JOBCTL_REDIS`]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and not __fish_seen_subcommand_from list show exists enqueue watch retry move promote stop delete cancel repair" -s o -l output -d 'How to print the result [env: `JOBCTL_OUTPUT`; default: table, or plain in a pipe]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'The same with every column, cut nowhere'
plain\t'Tab-separated and complete'
json\t'One object with schema, scope, data and notes'
jsonl\t'One item per line'
csv\t'The items as one table, as RFC 4180 says'"
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and not __fish_seen_subcommand_from list show exists enqueue watch retry move promote stop delete cancel repair" -l color -d 'When to colour [env: `JOBCTL_COLOR`; default: auto]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`'
always\t'Always, also into pipes'
never\t'Never'"
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and not __fish_seen_subcommand_from list show exists enqueue watch retry move promote stop delete cancel repair" -l timeout -d 'Give up on a network step after this long [env: `JOBCTL_TIMEOUT`; default: 10s]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and not __fish_seen_subcommand_from list show exists enqueue watch retry move promote stop delete cancel repair" -l watch -d 'Repeat every SECS seconds (2 unless told) until interrupted' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and not __fish_seen_subcommand_from list show exists enqueue watch retry move promote stop delete cancel repair" -l config -d 'Read settings from this file [env: `JOBCTL_CONFIG`]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and not __fish_seen_subcommand_from list show exists enqueue watch retry move promote stop delete cancel repair" -l read-only -d 'Refuse whatever changes, signals or starts something [env: `JOBCTL_READ_ONLY`]'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and not __fish_seen_subcommand_from list show exists enqueue watch retry move promote stop delete cancel repair" -s q -l quiet -d 'Leave out notes and hints'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and not __fish_seen_subcommand_from list show exists enqueue watch retry move promote stop delete cancel repair" -s v -l verbose -d 'Say more'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and not __fish_seen_subcommand_from list show exists enqueue watch retry move promote stop delete cancel repair" -l utc -d 'Print times in UTC'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and not __fish_seen_subcommand_from list show exists enqueue watch retry move promote stop delete cancel repair" -l local -d 'Print times in the local zone (the default)'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and not __fish_seen_subcommand_from list show exists enqueue watch retry move promote stop delete cancel repair" -l show-secrets -d 'Show passwords and other secrets instead of masking them'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and not __fish_seen_subcommand_from list show exists enqueue watch retry move promote stop delete cancel repair" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and not __fish_seen_subcommand_from list show exists enqueue watch retry move promote stop delete cancel repair" -s V -l version -d 'Print version'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and not __fish_seen_subcommand_from list show exists enqueue watch retry move promote stop delete cancel repair" -f -a "list" -d 'List jobs of every state, filtered and sorted'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and not __fish_seen_subcommand_from list show exists enqueue watch retry move promote stop delete cancel repair" -f -a "show" -d 'Show everything that is known of a job'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and not __fish_seen_subcommand_from list show exists enqueue watch retry move promote stop delete cancel repair" -f -a "exists" -d 'Say whether a job exists: exit code 0 if it does, 1 if not'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and not __fish_seen_subcommand_from list show exists enqueue watch retry move promote stop delete cancel repair" -f -a "enqueue" -d 'Enqueue a job as Frappe, or RQ, would'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and not __fish_seen_subcommand_from list show exists enqueue watch retry move promote stop delete cancel repair" -f -a "watch" -d 'Follow a job to its end: exit code 0 if it finishes, 1 if it fails or is stopped or canceled'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and not __fish_seen_subcommand_from list show exists enqueue watch retry move promote stop delete cancel repair" -f -a "retry" -d 'Queue ended jobs again'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and not __fish_seen_subcommand_from list show exists enqueue watch retry move promote stop delete cancel repair" -f -a "move" -d 'Move queued jobs to the back of another queue'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and not __fish_seen_subcommand_from list show exists enqueue watch retry move promote stop delete cancel repair" -f -a "promote" -d 'Let waiting jobs run next'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and not __fish_seen_subcommand_from list show exists enqueue watch retry move promote stop delete cancel repair" -f -a "stop" -d 'Stop running jobs through their workers, and wait for the outcome'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and not __fish_seen_subcommand_from list show exists enqueue watch retry move promote stop delete cancel repair" -f -a "delete" -d 'Delete jobs in any state but running'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and not __fish_seen_subcommand_from list show exists enqueue watch retry move promote stop delete cancel repair" -f -a "cancel" -d 'Cancel jobs that wait: queued, scheduled, deferred'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and not __fish_seen_subcommand_from list show exists enqueue watch retry move promote stop delete cancel repair" -f -a "repair" -d 'Repair what crashes and foreign writers left behind'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from list" -l queue -d 'Only jobs of this queue, by its short or full name; repeatable' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from list" -l status -d 'Only jobs in this state; repeatable' -r -f -a "queued\t'Waits in the queue\'s list'
started\t'Runs'
finished\t'Ended well'
failed\t'Ended with an exception'
stopped\t'Stopped by command'
scheduled\t'Waits for its time'
deferred\t'Waits for other jobs'
canceled\t'Canceled'"
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from list" -l method -d 'Only jobs whose method fits this pattern, such as `erpnext.*.submit`' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from list" -l event -d 'Only Frappe jobs of this event: scheduled jobs by the frequency of their type, such as `daily_long` (`any`: all of them), others by the event that they were enqueued for; repeatable' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from list" -l user -d 'Only Frappe jobs that this user enqueued' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from list" -l exception -d 'Only jobs whose failure fits this regular expression, in any letter case' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from list" -l arg -d 'Only jobs with this value among their arguments, as `filters.company=ACME`; repeatable' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from list" -l older-than -d 'Only jobs that have been in their state for this long, such as 2h' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from list" -l since -d 'Only jobs that came into their state since then: a time, or how long ago' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from list" -l until -d 'Only jobs that came into their state before then: a time, or how long ago' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from list" -l id -d 'Only the job with this id; repeatable' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from list" -s n -l limit -d 'At most this many jobs; 0 for all' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from list" -l sort -d 'Sort by this, smallest first' -r -f -a "age\t'Seconds in its state'
created\t'When it was made'
enqueued\t'When it was enqueued'
started\t'When it was started'
ended\t'When it ended'
duration\t'How long it ran'
wait\t'How long it waited'
id\t'Its id'
queue\t'Its queue'
site\t'Its site'
method\t'Its method'
status\t'Its state'"
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from list" -l bench -d 'The bench to work on [env: `JOBCTL_BENCH`; default: the one around the current directory]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from list" -l site -d 'Only this site; repeatable, or `all` [env: `JOBCTL_SITE`, `FRAPPE_SITE`; default: all]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from list" -l redis -d 'The Redis to work on, without a bench or instead of the bench\'s own [env: `JOBCTL_REDIS`]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from list" -s o -l output -d 'How to print the result [env: `JOBCTL_OUTPUT`; default: table, or plain in a pipe]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'The same with every column, cut nowhere'
plain\t'Tab-separated and complete'
json\t'One object with schema, scope, data and notes'
jsonl\t'One item per line'
csv\t'The items as one table, as RFC 4180 says'"
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from list" -l color -d 'When to colour [env: `JOBCTL_COLOR`; default: auto]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`'
always\t'Always, also into pipes'
never\t'Never'"
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from list" -l timeout -d 'Give up on a network step after this long [env: `JOBCTL_TIMEOUT`; default: 10s]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from list" -l watch -d 'Repeat every SECS seconds (2 unless told) until interrupted' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from list" -l config -d 'Read settings from this file [env: `JOBCTL_CONFIG`]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from list" -s r -l reverse -d 'Turn the order round'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from list" -l read-only -d 'Refuse whatever changes, signals or starts something [env: `JOBCTL_READ_ONLY`]'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Leave out notes and hints'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Say more'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from list" -l utc -d 'Print times in UTC'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from list" -l local -d 'Print times in the local zone (the default)'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from list" -l show-secrets -d 'Show passwords and other secrets instead of masking them'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from list" -s V -l version -d 'Print version'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from show" -l bench -d 'The bench to work on [env: `JOBCTL_BENCH`; default: the one around the current directory]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from show" -l site -d 'Only this site; repeatable, or `all` [env: `JOBCTL_SITE`, `FRAPPE_SITE`; default: all]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from show" -l redis -d 'The Redis to work on, without a bench or instead of the bench\'s own [env: `JOBCTL_REDIS`]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from show" -s o -l output -d 'How to print the result [env: `JOBCTL_OUTPUT`; default: table, or plain in a pipe]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'The same with every column, cut nowhere'
plain\t'Tab-separated and complete'
json\t'One object with schema, scope, data and notes'
jsonl\t'One item per line'
csv\t'The items as one table, as RFC 4180 says'"
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from show" -l color -d 'When to colour [env: `JOBCTL_COLOR`; default: auto]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`'
always\t'Always, also into pipes'
never\t'Never'"
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from show" -l timeout -d 'Give up on a network step after this long [env: `JOBCTL_TIMEOUT`; default: 10s]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from show" -l watch -d 'Repeat every SECS seconds (2 unless told) until interrupted' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from show" -l config -d 'Read settings from this file [env: `JOBCTL_CONFIG`]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from show" -l full -d 'Show the whole traceback as it was stored'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from show" -l read-only -d 'Refuse whatever changes, signals or starts something [env: `JOBCTL_READ_ONLY`]'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Leave out notes and hints'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Say more'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from show" -l utc -d 'Print times in UTC'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from show" -l local -d 'Print times in the local zone (the default)'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from show" -l show-secrets -d 'Show passwords and other secrets instead of masking them'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from show" -s V -l version -d 'Print version'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from exists" -l bench -d 'The bench to work on [env: `JOBCTL_BENCH`; default: the one around the current directory]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from exists" -l site -d 'Only this site; repeatable, or `all` [env: `JOBCTL_SITE`, `FRAPPE_SITE`; default: all]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from exists" -l redis -d 'The Redis to work on, without a bench or instead of the bench\'s own [env: `JOBCTL_REDIS`]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from exists" -s o -l output -d 'How to print the result [env: `JOBCTL_OUTPUT`; default: table, or plain in a pipe]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'The same with every column, cut nowhere'
plain\t'Tab-separated and complete'
json\t'One object with schema, scope, data and notes'
jsonl\t'One item per line'
csv\t'The items as one table, as RFC 4180 says'"
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from exists" -l color -d 'When to colour [env: `JOBCTL_COLOR`; default: auto]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`'
always\t'Always, also into pipes'
never\t'Never'"
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from exists" -l timeout -d 'Give up on a network step after this long [env: `JOBCTL_TIMEOUT`; default: 10s]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from exists" -l watch -d 'Repeat every SECS seconds (2 unless told) until interrupted' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from exists" -l config -d 'Read settings from this file [env: `JOBCTL_CONFIG`]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from exists" -l read-only -d 'Refuse whatever changes, signals or starts something [env: `JOBCTL_READ_ONLY`]'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from exists" -s q -l quiet -d 'Leave out notes and hints'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from exists" -s v -l verbose -d 'Say more'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from exists" -l utc -d 'Print times in UTC'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from exists" -l local -d 'Print times in the local zone (the default)'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from exists" -l show-secrets -d 'Show passwords and other secrets instead of masking them'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from exists" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from exists" -s V -l version -d 'Print version'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from enqueue" -l queue -d 'The queue, by its short or full name' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from enqueue" -l kwarg -d 'A named argument; the value is JSON, or else text; repeatable' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from enqueue" -l kwargs -d 'Named arguments as one JSON object' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from enqueue" -l job-id -d 'The job\'s id; the site is put in front where Frappe does so' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from enqueue" -l job-timeout -d 'How long it may run, such as 25m; `none` for no limit' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from enqueue" -l event -d 'The event that a Frappe job belongs to' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from enqueue" -l user -d 'The user in whose name a Frappe job runs [default: Administrator]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from enqueue" -l reason -d 'Say why, for the journal and the audit log' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from enqueue" -l limit -d 'Only the first N, in the order of the queues' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from enqueue" -l bench -d 'The bench to work on [env: `JOBCTL_BENCH`; default: the one around the current directory]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from enqueue" -l site -d 'Only this site; repeatable, or `all` [env: `JOBCTL_SITE`, `FRAPPE_SITE`; default: all]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from enqueue" -l redis -d 'The Redis to work on, without a bench or instead of the bench\'s own [env: `JOBCTL_REDIS`]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from enqueue" -s o -l output -d 'How to print the result [env: `JOBCTL_OUTPUT`; default: table, or plain in a pipe]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'The same with every column, cut nowhere'
plain\t'Tab-separated and complete'
json\t'One object with schema, scope, data and notes'
jsonl\t'One item per line'
csv\t'The items as one table, as RFC 4180 says'"
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from enqueue" -l color -d 'When to colour [env: `JOBCTL_COLOR`; default: auto]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`'
always\t'Always, also into pipes'
never\t'Never'"
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from enqueue" -l timeout -d 'Give up on a network step after this long [env: `JOBCTL_TIMEOUT`; default: 10s]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from enqueue" -l watch -d 'Repeat every SECS seconds (2 unless told) until interrupted' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from enqueue" -l config -d 'Read settings from this file [env: `JOBCTL_CONFIG`]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from enqueue" -l create -d 'Make the queue where there is none of that name'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from enqueue" -l at-front -d 'Put it in front of the jobs that wait'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from enqueue" -l over-cap -d 'Enqueue it although the queue holds as many jobs as Frappe allows'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from enqueue" -l dry-run -d 'Show the plan and change nothing'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from enqueue" -s y -l yes -d 'Do not ask on a terminal'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from enqueue" -l read-only -d 'Refuse whatever changes, signals or starts something [env: `JOBCTL_READ_ONLY`]'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from enqueue" -s q -l quiet -d 'Leave out notes and hints'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from enqueue" -s v -l verbose -d 'Say more'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from enqueue" -l utc -d 'Print times in UTC'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from enqueue" -l local -d 'Print times in the local zone (the default)'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from enqueue" -l show-secrets -d 'Show passwords and other secrets instead of masking them'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from enqueue" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from enqueue" -s V -l version -d 'Print version'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from watch" -l wait -d 'Give up after this long' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from watch" -l bench -d 'The bench to work on [env: `JOBCTL_BENCH`; default: the one around the current directory]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from watch" -l site -d 'Only this site; repeatable, or `all` [env: `JOBCTL_SITE`, `FRAPPE_SITE`; default: all]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from watch" -l redis -d 'The Redis to work on, without a bench or instead of the bench\'s own [env: `JOBCTL_REDIS`]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from watch" -s o -l output -d 'How to print the result [env: `JOBCTL_OUTPUT`; default: table, or plain in a pipe]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'The same with every column, cut nowhere'
plain\t'Tab-separated and complete'
json\t'One object with schema, scope, data and notes'
jsonl\t'One item per line'
csv\t'The items as one table, as RFC 4180 says'"
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from watch" -l color -d 'When to colour [env: `JOBCTL_COLOR`; default: auto]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`'
always\t'Always, also into pipes'
never\t'Never'"
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from watch" -l timeout -d 'Give up on a network step after this long [env: `JOBCTL_TIMEOUT`; default: 10s]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from watch" -l watch -d 'Repeat every SECS seconds (2 unless told) until interrupted' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from watch" -l config -d 'Read settings from this file [env: `JOBCTL_CONFIG`]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from watch" -l read-only -d 'Refuse whatever changes, signals or starts something [env: `JOBCTL_READ_ONLY`]'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from watch" -s q -l quiet -d 'Leave out notes and hints'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from watch" -s v -l verbose -d 'Say more'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from watch" -l utc -d 'Print times in UTC'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from watch" -l local -d 'Print times in the local zone (the default)'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from watch" -l show-secrets -d 'Show passwords and other secrets instead of masking them'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from watch" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from watch" -s V -l version -d 'Print version'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from retry" -l queue -d 'Only jobs of this queue, by its short or full name; repeatable' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from retry" -l status -d 'Only jobs in this state; repeatable' -r -f -a "queued\t'Waits in the queue\'s list'
started\t'Runs'
finished\t'Ended well'
failed\t'Ended with an exception'
stopped\t'Stopped by command'
scheduled\t'Waits for its time'
deferred\t'Waits for other jobs'
canceled\t'Canceled'"
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from retry" -l method -d 'Only jobs whose method fits this pattern, such as `erpnext.*.submit`' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from retry" -l event -d 'Only Frappe jobs of this event: scheduled jobs by the frequency of their type, such as `daily_long` (`any`: all of them), others by the event that they were enqueued for; repeatable' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from retry" -l user -d 'Only Frappe jobs that this user enqueued' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from retry" -l exception -d 'Only jobs whose failure fits this regular expression, in any letter case' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from retry" -l arg -d 'Only jobs with this value among their arguments, as `filters.company=ACME`; repeatable' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from retry" -l older-than -d 'Only jobs that have been in their state for this long, such as 2h' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from retry" -l since -d 'Only jobs that came into their state since then: a time, or how long ago' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from retry" -l until -d 'Only jobs that came into their state before then: a time, or how long ago' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from retry" -l id -d 'Only the job with this id; repeatable' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from retry" -l retries -d 'Give them so many retries [default: as many as they have left]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from retry" -l rate -d 'So many a second, waiting while the queue holds as many as Frappe allows' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from retry" -l reason -d 'Say why, for the journal and the audit log' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from retry" -l limit -d 'Only the first N, in the order of the queues' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from retry" -l bench -d 'The bench to work on [env: `JOBCTL_BENCH`; default: the one around the current directory]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from retry" -l site -d 'Only this site; repeatable, or `all` [env: `JOBCTL_SITE`, `FRAPPE_SITE`; default: all]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from retry" -l redis -d 'The Redis to work on, without a bench or instead of the bench\'s own [env: `JOBCTL_REDIS`]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from retry" -s o -l output -d 'How to print the result [env: `JOBCTL_OUTPUT`; default: table, or plain in a pipe]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'The same with every column, cut nowhere'
plain\t'Tab-separated and complete'
json\t'One object with schema, scope, data and notes'
jsonl\t'One item per line'
csv\t'The items as one table, as RFC 4180 says'"
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from retry" -l color -d 'When to colour [env: `JOBCTL_COLOR`; default: auto]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`'
always\t'Always, also into pipes'
never\t'Never'"
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from retry" -l timeout -d 'Give up on a network step after this long [env: `JOBCTL_TIMEOUT`; default: 10s]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from retry" -l watch -d 'Repeat every SECS seconds (2 unless told) until interrupted' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from retry" -l config -d 'Read settings from this file [env: `JOBCTL_CONFIG`]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from retry" -l all -d 'Take every job of the bench that failed'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from retry" -l front -d 'Put them in front of the jobs that wait'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from retry" -l over-cap -d 'Put more jobs into a queue than Frappe allows'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from retry" -l dry-run -d 'Show the plan and change nothing'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from retry" -s y -l yes -d 'Do not ask on a terminal'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from retry" -l no-undo -d 'Keep no journal: what is done cannot be undone'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from retry" -l read-only -d 'Refuse whatever changes, signals or starts something [env: `JOBCTL_READ_ONLY`]'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from retry" -s q -l quiet -d 'Leave out notes and hints'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from retry" -s v -l verbose -d 'Say more'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from retry" -l utc -d 'Print times in UTC'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from retry" -l local -d 'Print times in the local zone (the default)'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from retry" -l show-secrets -d 'Show passwords and other secrets instead of masking them'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from retry" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from retry" -s V -l version -d 'Print version'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from move" -l queue -d 'Only jobs of this queue, by its short or full name; repeatable' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from move" -l status -d 'Only jobs in this state; repeatable' -r -f -a "queued\t'Waits in the queue\'s list'
started\t'Runs'
finished\t'Ended well'
failed\t'Ended with an exception'
stopped\t'Stopped by command'
scheduled\t'Waits for its time'
deferred\t'Waits for other jobs'
canceled\t'Canceled'"
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from move" -l method -d 'Only jobs whose method fits this pattern, such as `erpnext.*.submit`' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from move" -l event -d 'Only Frappe jobs of this event: scheduled jobs by the frequency of their type, such as `daily_long` (`any`: all of them), others by the event that they were enqueued for; repeatable' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from move" -l user -d 'Only Frappe jobs that this user enqueued' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from move" -l exception -d 'Only jobs whose failure fits this regular expression, in any letter case' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from move" -l arg -d 'Only jobs with this value among their arguments, as `filters.company=ACME`; repeatable' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from move" -l older-than -d 'Only jobs that have been in their state for this long, such as 2h' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from move" -l since -d 'Only jobs that came into their state since then: a time, or how long ago' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from move" -l until -d 'Only jobs that came into their state before then: a time, or how long ago' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from move" -l id -d 'Only the job with this id; repeatable' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from move" -l to -d 'The queue to move to, by its short or full name' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from move" -l rate -d 'So many a second, waiting while the queue holds as many as Frappe allows' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from move" -l reason -d 'Say why, for the journal and the audit log' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from move" -l limit -d 'Only the first N, in the order of the queues' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from move" -l bench -d 'The bench to work on [env: `JOBCTL_BENCH`; default: the one around the current directory]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from move" -l site -d 'Only this site; repeatable, or `all` [env: `JOBCTL_SITE`, `FRAPPE_SITE`; default: all]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from move" -l redis -d 'The Redis to work on, without a bench or instead of the bench\'s own [env: `JOBCTL_REDIS`]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from move" -s o -l output -d 'How to print the result [env: `JOBCTL_OUTPUT`; default: table, or plain in a pipe]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'The same with every column, cut nowhere'
plain\t'Tab-separated and complete'
json\t'One object with schema, scope, data and notes'
jsonl\t'One item per line'
csv\t'The items as one table, as RFC 4180 says'"
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from move" -l color -d 'When to colour [env: `JOBCTL_COLOR`; default: auto]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`'
always\t'Always, also into pipes'
never\t'Never'"
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from move" -l timeout -d 'Give up on a network step after this long [env: `JOBCTL_TIMEOUT`; default: 10s]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from move" -l watch -d 'Repeat every SECS seconds (2 unless told) until interrupted' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from move" -l config -d 'Read settings from this file [env: `JOBCTL_CONFIG`]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from move" -l create -d 'Make that queue where there is none of that name'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from move" -l all -d 'Take every job of the bench that is queued'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from move" -l over-cap -d 'Put more jobs into a queue than Frappe allows'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from move" -l dry-run -d 'Show the plan and change nothing'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from move" -s y -l yes -d 'Do not ask on a terminal'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from move" -l no-undo -d 'Keep no journal: what is done cannot be undone'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from move" -l read-only -d 'Refuse whatever changes, signals or starts something [env: `JOBCTL_READ_ONLY`]'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from move" -s q -l quiet -d 'Leave out notes and hints'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from move" -s v -l verbose -d 'Say more'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from move" -l utc -d 'Print times in UTC'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from move" -l local -d 'Print times in the local zone (the default)'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from move" -l show-secrets -d 'Show passwords and other secrets instead of masking them'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from move" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from move" -s V -l version -d 'Print version'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from promote" -l queue -d 'Only jobs of this queue, by its short or full name; repeatable' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from promote" -l status -d 'Only jobs in this state; repeatable' -r -f -a "queued\t'Waits in the queue\'s list'
started\t'Runs'
finished\t'Ended well'
failed\t'Ended with an exception'
stopped\t'Stopped by command'
scheduled\t'Waits for its time'
deferred\t'Waits for other jobs'
canceled\t'Canceled'"
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from promote" -l method -d 'Only jobs whose method fits this pattern, such as `erpnext.*.submit`' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from promote" -l event -d 'Only Frappe jobs of this event: scheduled jobs by the frequency of their type, such as `daily_long` (`any`: all of them), others by the event that they were enqueued for; repeatable' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from promote" -l user -d 'Only Frappe jobs that this user enqueued' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from promote" -l exception -d 'Only jobs whose failure fits this regular expression, in any letter case' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from promote" -l arg -d 'Only jobs with this value among their arguments, as `filters.company=ACME`; repeatable' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from promote" -l older-than -d 'Only jobs that have been in their state for this long, such as 2h' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from promote" -l since -d 'Only jobs that came into their state since then: a time, or how long ago' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from promote" -l until -d 'Only jobs that came into their state before then: a time, or how long ago' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from promote" -l id -d 'Only the job with this id; repeatable' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from promote" -l reason -d 'Say why, for the journal and the audit log' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from promote" -l limit -d 'Only the first N, in the order of the queues' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from promote" -l bench -d 'The bench to work on [env: `JOBCTL_BENCH`; default: the one around the current directory]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from promote" -l site -d 'Only this site; repeatable, or `all` [env: `JOBCTL_SITE`, `FRAPPE_SITE`; default: all]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from promote" -l redis -d 'The Redis to work on, without a bench or instead of the bench\'s own [env: `JOBCTL_REDIS`]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from promote" -s o -l output -d 'How to print the result [env: `JOBCTL_OUTPUT`; default: table, or plain in a pipe]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'The same with every column, cut nowhere'
plain\t'Tab-separated and complete'
json\t'One object with schema, scope, data and notes'
jsonl\t'One item per line'
csv\t'The items as one table, as RFC 4180 says'"
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from promote" -l color -d 'When to colour [env: `JOBCTL_COLOR`; default: auto]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`'
always\t'Always, also into pipes'
never\t'Never'"
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from promote" -l timeout -d 'Give up on a network step after this long [env: `JOBCTL_TIMEOUT`; default: 10s]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from promote" -l watch -d 'Repeat every SECS seconds (2 unless told) until interrupted' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from promote" -l config -d 'Read settings from this file [env: `JOBCTL_CONFIG`]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from promote" -l all -d 'Take every job of the bench that waits'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from promote" -l force -d 'Run deferred jobs without what they wait for'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from promote" -l dry-run -d 'Show the plan and change nothing'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from promote" -s y -l yes -d 'Do not ask on a terminal'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from promote" -l no-undo -d 'Keep no journal: what is done cannot be undone'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from promote" -l read-only -d 'Refuse whatever changes, signals or starts something [env: `JOBCTL_READ_ONLY`]'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from promote" -s q -l quiet -d 'Leave out notes and hints'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from promote" -s v -l verbose -d 'Say more'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from promote" -l utc -d 'Print times in UTC'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from promote" -l local -d 'Print times in the local zone (the default)'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from promote" -l show-secrets -d 'Show passwords and other secrets instead of masking them'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from promote" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from promote" -s V -l version -d 'Print version'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from stop" -l queue -d 'Only jobs of this queue, by its short or full name; repeatable' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from stop" -l status -d 'Only jobs in this state; repeatable' -r -f -a "queued\t'Waits in the queue\'s list'
started\t'Runs'
finished\t'Ended well'
failed\t'Ended with an exception'
stopped\t'Stopped by command'
scheduled\t'Waits for its time'
deferred\t'Waits for other jobs'
canceled\t'Canceled'"
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from stop" -l method -d 'Only jobs whose method fits this pattern, such as `erpnext.*.submit`' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from stop" -l event -d 'Only Frappe jobs of this event: scheduled jobs by the frequency of their type, such as `daily_long` (`any`: all of them), others by the event that they were enqueued for; repeatable' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from stop" -l user -d 'Only Frappe jobs that this user enqueued' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from stop" -l exception -d 'Only jobs whose failure fits this regular expression, in any letter case' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from stop" -l arg -d 'Only jobs with this value among their arguments, as `filters.company=ACME`; repeatable' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from stop" -l older-than -d 'Only jobs that have been in their state for this long, such as 2h' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from stop" -l since -d 'Only jobs that came into their state since then: a time, or how long ago' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from stop" -l until -d 'Only jobs that came into their state before then: a time, or how long ago' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from stop" -l id -d 'Only the job with this id; repeatable' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from stop" -l wait -d 'Wait so long for the jobs to end' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from stop" -l reason -d 'Say why, for the journal and the audit log' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from stop" -l limit -d 'Only the first N, in the order of the queues' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from stop" -l bench -d 'The bench to work on [env: `JOBCTL_BENCH`; default: the one around the current directory]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from stop" -l site -d 'Only this site; repeatable, or `all` [env: `JOBCTL_SITE`, `FRAPPE_SITE`; default: all]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from stop" -l redis -d 'The Redis to work on, without a bench or instead of the bench\'s own [env: `JOBCTL_REDIS`]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from stop" -s o -l output -d 'How to print the result [env: `JOBCTL_OUTPUT`; default: table, or plain in a pipe]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'The same with every column, cut nowhere'
plain\t'Tab-separated and complete'
json\t'One object with schema, scope, data and notes'
jsonl\t'One item per line'
csv\t'The items as one table, as RFC 4180 says'"
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from stop" -l color -d 'When to colour [env: `JOBCTL_COLOR`; default: auto]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`'
always\t'Always, also into pipes'
never\t'Never'"
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from stop" -l timeout -d 'Give up on a network step after this long [env: `JOBCTL_TIMEOUT`; default: 10s]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from stop" -l watch -d 'Repeat every SECS seconds (2 unless told) until interrupted' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from stop" -l config -d 'Read settings from this file [env: `JOBCTL_CONFIG`]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from stop" -l all -d 'Take every job of the bench that runs'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from stop" -l force -d 'Tell workers too that run jobs without a fork: they end themselves, or ignore it'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from stop" -l dry-run -d 'Show the plan and change nothing'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from stop" -s y -l yes -d 'Do not ask on a terminal'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from stop" -l no-undo -d 'Keep no journal: what is done cannot be undone'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from stop" -l read-only -d 'Refuse whatever changes, signals or starts something [env: `JOBCTL_READ_ONLY`]'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from stop" -s q -l quiet -d 'Leave out notes and hints'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from stop" -s v -l verbose -d 'Say more'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from stop" -l utc -d 'Print times in UTC'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from stop" -l local -d 'Print times in the local zone (the default)'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from stop" -l show-secrets -d 'Show passwords and other secrets instead of masking them'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from stop" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from stop" -s V -l version -d 'Print version'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from delete" -l queue -d 'Only jobs of this queue, by its short or full name; repeatable' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from delete" -l status -d 'Only jobs in this state; repeatable' -r -f -a "queued\t'Waits in the queue\'s list'
started\t'Runs'
finished\t'Ended well'
failed\t'Ended with an exception'
stopped\t'Stopped by command'
scheduled\t'Waits for its time'
deferred\t'Waits for other jobs'
canceled\t'Canceled'"
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from delete" -l method -d 'Only jobs whose method fits this pattern, such as `erpnext.*.submit`' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from delete" -l event -d 'Only Frappe jobs of this event: scheduled jobs by the frequency of their type, such as `daily_long` (`any`: all of them), others by the event that they were enqueued for; repeatable' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from delete" -l user -d 'Only Frappe jobs that this user enqueued' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from delete" -l exception -d 'Only jobs whose failure fits this regular expression, in any letter case' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from delete" -l arg -d 'Only jobs with this value among their arguments, as `filters.company=ACME`; repeatable' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from delete" -l older-than -d 'Only jobs that have been in their state for this long, such as 2h' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from delete" -l since -d 'Only jobs that came into their state since then: a time, or how long ago' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from delete" -l until -d 'Only jobs that came into their state before then: a time, or how long ago' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from delete" -l id -d 'Only the job with this id; repeatable' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from delete" -l dependents -d 'What becomes of jobs that wait for one that goes' -r -f -a "leave\t'They go on waiting, for ever'
cancel\t'They are canceled, and those that wait for them'
release\t'They are queued, if they wait for nothing else'"
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from delete" -l reason -d 'Say why, for the journal and the audit log' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from delete" -l limit -d 'Only the first N, in the order of the queues' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from delete" -l bench -d 'The bench to work on [env: `JOBCTL_BENCH`; default: the one around the current directory]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from delete" -l site -d 'Only this site; repeatable, or `all` [env: `JOBCTL_SITE`, `FRAPPE_SITE`; default: all]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from delete" -l redis -d 'The Redis to work on, without a bench or instead of the bench\'s own [env: `JOBCTL_REDIS`]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from delete" -s o -l output -d 'How to print the result [env: `JOBCTL_OUTPUT`; default: table, or plain in a pipe]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'The same with every column, cut nowhere'
plain\t'Tab-separated and complete'
json\t'One object with schema, scope, data and notes'
jsonl\t'One item per line'
csv\t'The items as one table, as RFC 4180 says'"
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from delete" -l color -d 'When to colour [env: `JOBCTL_COLOR`; default: auto]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`'
always\t'Always, also into pipes'
never\t'Never'"
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from delete" -l timeout -d 'Give up on a network step after this long [env: `JOBCTL_TIMEOUT`; default: 10s]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from delete" -l watch -d 'Repeat every SECS seconds (2 unless told) until interrupted' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from delete" -l config -d 'Read settings from this file [env: `JOBCTL_CONFIG`]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from delete" -l all -d 'Take every job of the bench that does not run'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from delete" -l dry-run -d 'Show the plan and change nothing'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from delete" -s y -l yes -d 'Do not ask on a terminal'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from delete" -l no-undo -d 'Keep no journal: what is done cannot be undone'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from delete" -l read-only -d 'Refuse whatever changes, signals or starts something [env: `JOBCTL_READ_ONLY`]'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from delete" -s q -l quiet -d 'Leave out notes and hints'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from delete" -s v -l verbose -d 'Say more'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from delete" -l utc -d 'Print times in UTC'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from delete" -l local -d 'Print times in the local zone (the default)'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from delete" -l show-secrets -d 'Show passwords and other secrets instead of masking them'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from delete" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from delete" -s V -l version -d 'Print version'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from cancel" -l queue -d 'Only jobs of this queue, by its short or full name; repeatable' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from cancel" -l status -d 'Only jobs in this state; repeatable' -r -f -a "queued\t'Waits in the queue\'s list'
started\t'Runs'
finished\t'Ended well'
failed\t'Ended with an exception'
stopped\t'Stopped by command'
scheduled\t'Waits for its time'
deferred\t'Waits for other jobs'
canceled\t'Canceled'"
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from cancel" -l method -d 'Only jobs whose method fits this pattern, such as `erpnext.*.submit`' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from cancel" -l event -d 'Only Frappe jobs of this event: scheduled jobs by the frequency of their type, such as `daily_long` (`any`: all of them), others by the event that they were enqueued for; repeatable' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from cancel" -l user -d 'Only Frappe jobs that this user enqueued' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from cancel" -l exception -d 'Only jobs whose failure fits this regular expression, in any letter case' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from cancel" -l arg -d 'Only jobs with this value among their arguments, as `filters.company=ACME`; repeatable' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from cancel" -l older-than -d 'Only jobs that have been in their state for this long, such as 2h' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from cancel" -l since -d 'Only jobs that came into their state since then: a time, or how long ago' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from cancel" -l until -d 'Only jobs that came into their state before then: a time, or how long ago' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from cancel" -l id -d 'Only the job with this id; repeatable' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from cancel" -l dependents -d 'What becomes of jobs that wait for one that goes' -r -f -a "leave\t'They go on waiting, for ever'
cancel\t'They are canceled, and those that wait for them'
release\t'They are queued, if they wait for nothing else'"
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from cancel" -l reason -d 'Say why, for the journal and the audit log' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from cancel" -l limit -d 'Only the first N, in the order of the queues' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from cancel" -l bench -d 'The bench to work on [env: `JOBCTL_BENCH`; default: the one around the current directory]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from cancel" -l site -d 'Only this site; repeatable, or `all` [env: `JOBCTL_SITE`, `FRAPPE_SITE`; default: all]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from cancel" -l redis -d 'The Redis to work on, without a bench or instead of the bench\'s own [env: `JOBCTL_REDIS`]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from cancel" -s o -l output -d 'How to print the result [env: `JOBCTL_OUTPUT`; default: table, or plain in a pipe]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'The same with every column, cut nowhere'
plain\t'Tab-separated and complete'
json\t'One object with schema, scope, data and notes'
jsonl\t'One item per line'
csv\t'The items as one table, as RFC 4180 says'"
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from cancel" -l color -d 'When to colour [env: `JOBCTL_COLOR`; default: auto]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`'
always\t'Always, also into pipes'
never\t'Never'"
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from cancel" -l timeout -d 'Give up on a network step after this long [env: `JOBCTL_TIMEOUT`; default: 10s]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from cancel" -l watch -d 'Repeat every SECS seconds (2 unless told) until interrupted' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from cancel" -l config -d 'Read settings from this file [env: `JOBCTL_CONFIG`]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from cancel" -l all -d 'Take every job of the bench that waits'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from cancel" -l dry-run -d 'Show the plan and change nothing'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from cancel" -s y -l yes -d 'Do not ask on a terminal'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from cancel" -l no-undo -d 'Keep no journal: what is done cannot be undone'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from cancel" -l read-only -d 'Refuse whatever changes, signals or starts something [env: `JOBCTL_READ_ONLY`]'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from cancel" -s q -l quiet -d 'Leave out notes and hints'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from cancel" -s v -l verbose -d 'Say more'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from cancel" -l utc -d 'Print times in UTC'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from cancel" -l local -d 'Print times in the local zone (the default)'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from cancel" -l show-secrets -d 'Show passwords and other secrets instead of masking them'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from cancel" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from cancel" -s V -l version -d 'Print version'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from repair" -l kind -d 'Only faults of this kind; repeatable' -r -f -a "hashless\t'Waiting ids whose job is gone: taken out'
expiring\t'Waiting jobs that keep the expiry of an earlier run: it is taken away'
poison\t'Waiting or taken jobs that make each worker exit: deleted'
stuck\t'Jobs stuck between queue and worker: fail, or are queued again with --requeue'
abandoned\t'Running jobs whose worker is gone: fail, or are queued again with --requeue'
lost\t'Queued jobs that stand in no list: fail, or are queued again with --requeue'
ghost\t'Jobs of a scheduled job\'s fixed id that stand nowhere and keep it from running: deleted'
dangling\t'Entries of the scheduled, deferred and canceled registries whose job is gone: taken out'
results\t'Streams of results whose job is gone: deleted'
worker\t'Registrations of workers that died without signing off: removed'"
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from repair" -l queue -d 'Only faults of this queue, by its short or full name; repeatable' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from repair" -l reason -d 'Say why, for the journal and the audit log' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from repair" -l limit -d 'Only the first N, in the order of the queues' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from repair" -l bench -d 'The bench to work on [env: `JOBCTL_BENCH`; default: the one around the current directory]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from repair" -l site -d 'Only this site; repeatable, or `all` [env: `JOBCTL_SITE`, `FRAPPE_SITE`; default: all]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from repair" -l redis -d 'The Redis to work on, without a bench or instead of the bench\'s own [env: `JOBCTL_REDIS`]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from repair" -s o -l output -d 'How to print the result [env: `JOBCTL_OUTPUT`; default: table, or plain in a pipe]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'The same with every column, cut nowhere'
plain\t'Tab-separated and complete'
json\t'One object with schema, scope, data and notes'
jsonl\t'One item per line'
csv\t'The items as one table, as RFC 4180 says'"
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from repair" -l color -d 'When to colour [env: `JOBCTL_COLOR`; default: auto]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`'
always\t'Always, also into pipes'
never\t'Never'"
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from repair" -l timeout -d 'Give up on a network step after this long [env: `JOBCTL_TIMEOUT`; default: 10s]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from repair" -l watch -d 'Repeat every SECS seconds (2 unless told) until interrupted' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from repair" -l config -d 'Read settings from this file [env: `JOBCTL_CONFIG`]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from repair" -l all -d 'Repair every fault of every kind'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from repair" -l requeue -d 'Queue stuck, abandoned and lost jobs again instead of failing them'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from repair" -l dry-run -d 'Show the plan and change nothing'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from repair" -s y -l yes -d 'Do not ask on a terminal'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from repair" -l no-undo -d 'Keep no journal: what is done cannot be undone'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from repair" -l read-only -d 'Refuse whatever changes, signals or starts something [env: `JOBCTL_READ_ONLY`]'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from repair" -s q -l quiet -d 'Leave out notes and hints'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from repair" -s v -l verbose -d 'Say more'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from repair" -l utc -d 'Print times in UTC'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from repair" -l local -d 'Print times in the local zone (the default)'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from repair" -l show-secrets -d 'Show passwords and other secrets instead of masking them'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from repair" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from repair" -s V -l version -d 'Print version'
complete -c jobctl -n "__fish_jobctl_using_subcommand queues; and not __fish_seen_subcommand_from list show" -l bench -d 'The bench to work on [env: `JOBCTL_BENCH`; default: the one around the current directory]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand queues; and not __fish_seen_subcommand_from list show" -l site -d 'Only this site; repeatable, or `all` [env: `JOBCTL_SITE`, `FRAPPE_SITE`; default: all]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand queues; and not __fish_seen_subcommand_from list show" -l redis -d 'The Redis to work on, without a bench or instead of the bench\'s own [env: `JOBCTL_REDIS`]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand queues; and not __fish_seen_subcommand_from list show" -s o -l output -d 'How to print the result [env: `JOBCTL_OUTPUT`; default: table, or plain in a pipe]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'The same with every column, cut nowhere'
plain\t'Tab-separated and complete'
json\t'One object with schema, scope, data and notes'
jsonl\t'One item per line'
csv\t'The items as one table, as RFC 4180 says'"
complete -c jobctl -n "__fish_jobctl_using_subcommand queues; and not __fish_seen_subcommand_from list show" -l color -d 'When to colour [env: `JOBCTL_COLOR`; default: auto]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`'
always\t'Always, also into pipes'
never\t'Never'"
complete -c jobctl -n "__fish_jobctl_using_subcommand queues; and not __fish_seen_subcommand_from list show" -l timeout -d 'Give up on a network step after this long [env: `JOBCTL_TIMEOUT`; default: 10s]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand queues; and not __fish_seen_subcommand_from list show" -l watch -d 'Repeat every SECS seconds (2 unless told) until interrupted' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand queues; and not __fish_seen_subcommand_from list show" -l config -d 'Read settings from this file [env: `JOBCTL_CONFIG`]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand queues; and not __fish_seen_subcommand_from list show" -l read-only -d 'Refuse whatever changes, signals or starts something [env: `JOBCTL_READ_ONLY`]'
complete -c jobctl -n "__fish_jobctl_using_subcommand queues; and not __fish_seen_subcommand_from list show" -s q -l quiet -d 'Leave out notes and hints'
complete -c jobctl -n "__fish_jobctl_using_subcommand queues; and not __fish_seen_subcommand_from list show" -s v -l verbose -d 'Say more'
complete -c jobctl -n "__fish_jobctl_using_subcommand queues; and not __fish_seen_subcommand_from list show" -l utc -d 'Print times in UTC'
complete -c jobctl -n "__fish_jobctl_using_subcommand queues; and not __fish_seen_subcommand_from list show" -l local -d 'Print times in the local zone (the default)'
complete -c jobctl -n "__fish_jobctl_using_subcommand queues; and not __fish_seen_subcommand_from list show" -l show-secrets -d 'Show passwords and other secrets instead of masking them'
complete -c jobctl -n "__fish_jobctl_using_subcommand queues; and not __fish_seen_subcommand_from list show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jobctl -n "__fish_jobctl_using_subcommand queues; and not __fish_seen_subcommand_from list show" -s V -l version -d 'Print version'
complete -c jobctl -n "__fish_jobctl_using_subcommand queues; and not __fish_seen_subcommand_from list show" -f -a "list" -d 'List the queues: how many jobs each holds, how long they wait, who serves them'
complete -c jobctl -n "__fish_jobctl_using_subcommand queues; and not __fish_seen_subcommand_from list show" -f -a "show" -d 'Show one queue: its counts, the jobs that are next and newest, and its workers'
complete -c jobctl -n "__fish_jobctl_using_subcommand queues; and __fish_seen_subcommand_from list" -l bench -d 'The bench to work on [env: `JOBCTL_BENCH`; default: the one around the current directory]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand queues; and __fish_seen_subcommand_from list" -l site -d 'Only this site; repeatable, or `all` [env: `JOBCTL_SITE`, `FRAPPE_SITE`; default: all]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand queues; and __fish_seen_subcommand_from list" -l redis -d 'The Redis to work on, without a bench or instead of the bench\'s own [env: `JOBCTL_REDIS`]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand queues; and __fish_seen_subcommand_from list" -s o -l output -d 'How to print the result [env: `JOBCTL_OUTPUT`; default: table, or plain in a pipe]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'The same with every column, cut nowhere'
plain\t'Tab-separated and complete'
json\t'One object with schema, scope, data and notes'
jsonl\t'One item per line'
csv\t'The items as one table, as RFC 4180 says'"
complete -c jobctl -n "__fish_jobctl_using_subcommand queues; and __fish_seen_subcommand_from list" -l color -d 'When to colour [env: `JOBCTL_COLOR`; default: auto]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`'
always\t'Always, also into pipes'
never\t'Never'"
complete -c jobctl -n "__fish_jobctl_using_subcommand queues; and __fish_seen_subcommand_from list" -l timeout -d 'Give up on a network step after this long [env: `JOBCTL_TIMEOUT`; default: 10s]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand queues; and __fish_seen_subcommand_from list" -l watch -d 'Repeat every SECS seconds (2 unless told) until interrupted' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand queues; and __fish_seen_subcommand_from list" -l config -d 'Read settings from this file [env: `JOBCTL_CONFIG`]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand queues; and __fish_seen_subcommand_from list" -l read-only -d 'Refuse whatever changes, signals or starts something [env: `JOBCTL_READ_ONLY`]'
complete -c jobctl -n "__fish_jobctl_using_subcommand queues; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Leave out notes and hints'
complete -c jobctl -n "__fish_jobctl_using_subcommand queues; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Say more'
complete -c jobctl -n "__fish_jobctl_using_subcommand queues; and __fish_seen_subcommand_from list" -l utc -d 'Print times in UTC'
complete -c jobctl -n "__fish_jobctl_using_subcommand queues; and __fish_seen_subcommand_from list" -l local -d 'Print times in the local zone (the default)'
complete -c jobctl -n "__fish_jobctl_using_subcommand queues; and __fish_seen_subcommand_from list" -l show-secrets -d 'Show passwords and other secrets instead of masking them'
complete -c jobctl -n "__fish_jobctl_using_subcommand queues; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jobctl -n "__fish_jobctl_using_subcommand queues; and __fish_seen_subcommand_from list" -s V -l version -d 'Print version'
complete -c jobctl -n "__fish_jobctl_using_subcommand queues; and __fish_seen_subcommand_from show" -l bench -d 'The bench to work on [env: `JOBCTL_BENCH`; default: the one around the current directory]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand queues; and __fish_seen_subcommand_from show" -l site -d 'Only this site; repeatable, or `all` [env: `JOBCTL_SITE`, `FRAPPE_SITE`; default: all]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand queues; and __fish_seen_subcommand_from show" -l redis -d 'The Redis to work on, without a bench or instead of the bench\'s own [env: `JOBCTL_REDIS`]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand queues; and __fish_seen_subcommand_from show" -s o -l output -d 'How to print the result [env: `JOBCTL_OUTPUT`; default: table, or plain in a pipe]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'The same with every column, cut nowhere'
plain\t'Tab-separated and complete'
json\t'One object with schema, scope, data and notes'
jsonl\t'One item per line'
csv\t'The items as one table, as RFC 4180 says'"
complete -c jobctl -n "__fish_jobctl_using_subcommand queues; and __fish_seen_subcommand_from show" -l color -d 'When to colour [env: `JOBCTL_COLOR`; default: auto]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`'
always\t'Always, also into pipes'
never\t'Never'"
complete -c jobctl -n "__fish_jobctl_using_subcommand queues; and __fish_seen_subcommand_from show" -l timeout -d 'Give up on a network step after this long [env: `JOBCTL_TIMEOUT`; default: 10s]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand queues; and __fish_seen_subcommand_from show" -l watch -d 'Repeat every SECS seconds (2 unless told) until interrupted' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand queues; and __fish_seen_subcommand_from show" -l config -d 'Read settings from this file [env: `JOBCTL_CONFIG`]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand queues; and __fish_seen_subcommand_from show" -l read-only -d 'Refuse whatever changes, signals or starts something [env: `JOBCTL_READ_ONLY`]'
complete -c jobctl -n "__fish_jobctl_using_subcommand queues; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Leave out notes and hints'
complete -c jobctl -n "__fish_jobctl_using_subcommand queues; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Say more'
complete -c jobctl -n "__fish_jobctl_using_subcommand queues; and __fish_seen_subcommand_from show" -l utc -d 'Print times in UTC'
complete -c jobctl -n "__fish_jobctl_using_subcommand queues; and __fish_seen_subcommand_from show" -l local -d 'Print times in the local zone (the default)'
complete -c jobctl -n "__fish_jobctl_using_subcommand queues; and __fish_seen_subcommand_from show" -l show-secrets -d 'Show passwords and other secrets instead of masking them'
complete -c jobctl -n "__fish_jobctl_using_subcommand queues; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jobctl -n "__fish_jobctl_using_subcommand queues; and __fish_seen_subcommand_from show" -s V -l version -d 'Print version'
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and not __fish_seen_subcommand_from list show dump stop restart suspend resume prune" -l bench -d 'The bench to work on [env: `JOBCTL_BENCH`; default: the one around the current directory]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and not __fish_seen_subcommand_from list show dump stop restart suspend resume prune" -l site -d 'Only this site; repeatable, or `all` [env: `JOBCTL_SITE`, `FRAPPE_SITE`; default: all]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and not __fish_seen_subcommand_from list show dump stop restart suspend resume prune" -l redis -d 'The Redis to work on, without a bench or instead of the bench\'s own [env: `JOBCTL_REDIS`]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and not __fish_seen_subcommand_from list show dump stop restart suspend resume prune" -s o -l output -d 'How to print the result [env: `JOBCTL_OUTPUT`; default: table, or plain in a pipe]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'The same with every column, cut nowhere'
plain\t'Tab-separated and complete'
json\t'One object with schema, scope, data and notes'
jsonl\t'One item per line'
csv\t'The items as one table, as RFC 4180 says'"
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and not __fish_seen_subcommand_from list show dump stop restart suspend resume prune" -l color -d 'When to colour [env: `JOBCTL_COLOR`; default: auto]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`'
always\t'Always, also into pipes'
never\t'Never'"
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and not __fish_seen_subcommand_from list show dump stop restart suspend resume prune" -l timeout -d 'Give up on a network step after this long [env: `JOBCTL_TIMEOUT`; default: 10s]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and not __fish_seen_subcommand_from list show dump stop restart suspend resume prune" -l watch -d 'Repeat every SECS seconds (2 unless told) until interrupted' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and not __fish_seen_subcommand_from list show dump stop restart suspend resume prune" -l config -d 'Read settings from this file [env: `JOBCTL_CONFIG`]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and not __fish_seen_subcommand_from list show dump stop restart suspend resume prune" -l read-only -d 'Refuse whatever changes, signals or starts something [env: `JOBCTL_READ_ONLY`]'
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and not __fish_seen_subcommand_from list show dump stop restart suspend resume prune" -s q -l quiet -d 'Leave out notes and hints'
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and not __fish_seen_subcommand_from list show dump stop restart suspend resume prune" -s v -l verbose -d 'Say more'
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and not __fish_seen_subcommand_from list show dump stop restart suspend resume prune" -l utc -d 'Print times in UTC'
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and not __fish_seen_subcommand_from list show dump stop restart suspend resume prune" -l local -d 'Print times in the local zone (the default)'
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and not __fish_seen_subcommand_from list show dump stop restart suspend resume prune" -l show-secrets -d 'Show passwords and other secrets instead of masking them'
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and not __fish_seen_subcommand_from list show dump stop restart suspend resume prune" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and not __fish_seen_subcommand_from list show dump stop restart suspend resume prune" -s V -l version -d 'Print version'
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and not __fish_seen_subcommand_from list show dump stop restart suspend resume prune" -f -a "list" -d 'List the workers: whether they live, what they run, what they have done'
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and not __fish_seen_subcommand_from list show dump stop restart suspend resume prune" -f -a "show" -d 'Show one worker: whether it lives and why, its job, its processes'
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and not __fish_seen_subcommand_from list show dump stop restart suspend resume prune" -f -a "dump" -d 'Show where a worker hangs: the stack of the process that runs its job'
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and not __fish_seen_subcommand_from list show dump stop restart suspend resume prune" -f -a "stop" -d 'Stop workers, each after its job'
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and not __fish_seen_subcommand_from list show dump stop restart suspend resume prune" -f -a "restart" -d 'Restart workers one after the other, each after its job'
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and not __fish_seen_subcommand_from list show dump stop restart suspend resume prune" -f -a "suspend" -d 'Keep all workers of this Redis from starting jobs'
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and not __fish_seen_subcommand_from list show dump stop restart suspend resume prune" -f -a "resume" -d 'Let the workers of this Redis start jobs again'
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and not __fish_seen_subcommand_from list show dump stop restart suspend resume prune" -f -a "prune" -d 'Remove the registrations of dead workers'
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from list" -l bench -d 'The bench to work on [env: `JOBCTL_BENCH`; default: the one around the current directory]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from list" -l site -d 'Only this site; repeatable, or `all` [env: `JOBCTL_SITE`, `FRAPPE_SITE`; default: all]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from list" -l redis -d 'The Redis to work on, without a bench or instead of the bench\'s own [env: `JOBCTL_REDIS`]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from list" -s o -l output -d 'How to print the result [env: `JOBCTL_OUTPUT`; default: table, or plain in a pipe]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'The same with every column, cut nowhere'
plain\t'Tab-separated and complete'
json\t'One object with schema, scope, data and notes'
jsonl\t'One item per line'
csv\t'The items as one table, as RFC 4180 says'"
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from list" -l color -d 'When to colour [env: `JOBCTL_COLOR`; default: auto]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`'
always\t'Always, also into pipes'
never\t'Never'"
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from list" -l timeout -d 'Give up on a network step after this long [env: `JOBCTL_TIMEOUT`; default: 10s]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from list" -l watch -d 'Repeat every SECS seconds (2 unless told) until interrupted' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from list" -l config -d 'Read settings from this file [env: `JOBCTL_CONFIG`]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from list" -l all -d 'Also the workers of other benches on the same Redis'
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from list" -l read-only -d 'Refuse whatever changes, signals or starts something [env: `JOBCTL_READ_ONLY`]'
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Leave out notes and hints'
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Say more'
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from list" -l utc -d 'Print times in UTC'
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from list" -l local -d 'Print times in the local zone (the default)'
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from list" -l show-secrets -d 'Show passwords and other secrets instead of masking them'
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from list" -s V -l version -d 'Print version'
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from show" -l bench -d 'The bench to work on [env: `JOBCTL_BENCH`; default: the one around the current directory]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from show" -l site -d 'Only this site; repeatable, or `all` [env: `JOBCTL_SITE`, `FRAPPE_SITE`; default: all]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from show" -l redis -d 'The Redis to work on, without a bench or instead of the bench\'s own [env: `JOBCTL_REDIS`]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from show" -s o -l output -d 'How to print the result [env: `JOBCTL_OUTPUT`; default: table, or plain in a pipe]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'The same with every column, cut nowhere'
plain\t'Tab-separated and complete'
json\t'One object with schema, scope, data and notes'
jsonl\t'One item per line'
csv\t'The items as one table, as RFC 4180 says'"
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from show" -l color -d 'When to colour [env: `JOBCTL_COLOR`; default: auto]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`'
always\t'Always, also into pipes'
never\t'Never'"
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from show" -l timeout -d 'Give up on a network step after this long [env: `JOBCTL_TIMEOUT`; default: 10s]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from show" -l watch -d 'Repeat every SECS seconds (2 unless told) until interrupted' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from show" -l config -d 'Read settings from this file [env: `JOBCTL_CONFIG`]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from show" -l read-only -d 'Refuse whatever changes, signals or starts something [env: `JOBCTL_READ_ONLY`]'
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Leave out notes and hints'
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Say more'
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from show" -l utc -d 'Print times in UTC'
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from show" -l local -d 'Print times in the local zone (the default)'
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from show" -l show-secrets -d 'Show passwords and other secrets instead of masking them'
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from show" -s V -l version -d 'Print version'
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from dump" -l running-for -d 'Every worker that is busy for longer than this' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from dump" -l job -d 'The worker that runs this job' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from dump" -l wait -d 'Wait so long for the stacks of one process' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from dump" -l bench -d 'The bench to work on [env: `JOBCTL_BENCH`; default: the one around the current directory]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from dump" -l site -d 'Only this site; repeatable, or `all` [env: `JOBCTL_SITE`, `FRAPPE_SITE`; default: all]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from dump" -l redis -d 'The Redis to work on, without a bench or instead of the bench\'s own [env: `JOBCTL_REDIS`]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from dump" -s o -l output -d 'How to print the result [env: `JOBCTL_OUTPUT`; default: table, or plain in a pipe]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'The same with every column, cut nowhere'
plain\t'Tab-separated and complete'
json\t'One object with schema, scope, data and notes'
jsonl\t'One item per line'
csv\t'The items as one table, as RFC 4180 says'"
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from dump" -l color -d 'When to colour [env: `JOBCTL_COLOR`; default: auto]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`'
always\t'Always, also into pipes'
never\t'Never'"
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from dump" -l timeout -d 'Give up on a network step after this long [env: `JOBCTL_TIMEOUT`; default: 10s]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from dump" -l watch -d 'Repeat every SECS seconds (2 unless told) until interrupted' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from dump" -l config -d 'Read settings from this file [env: `JOBCTL_CONFIG`]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from dump" -l all-stuck -d 'Every worker that is busy for over half of its job\'s time limit'
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from dump" -l parent -d 'The worker itself, not its work horse'
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from dump" -l dry-run -d 'Make all checks, signal nothing'
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from dump" -l read-only -d 'Refuse whatever changes, signals or starts something [env: `JOBCTL_READ_ONLY`]'
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from dump" -s q -l quiet -d 'Leave out notes and hints'
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from dump" -s v -l verbose -d 'Say more'
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from dump" -l utc -d 'Print times in UTC'
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from dump" -l local -d 'Print times in the local zone (the default)'
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from dump" -l show-secrets -d 'Show passwords and other secrets instead of masking them'
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from dump" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from dump" -s V -l version -d 'Print version'
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from stop" -l queue -d 'Workers that serve this queue' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from stop" -l via -d 'Let the workers\' process manager do it, with its own words for them; the plan shows its commands' -r -f -a "supervisor\t'By supervisorctl'
systemd\t'By systemctl'"
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from stop" -l wait -d 'Wait so long for a worker\'s end' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from stop" -l reason -d 'Say why, for the journal and the audit log' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from stop" -l limit -d 'Only the first N, in the order of the queues' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from stop" -l bench -d 'The bench to work on [env: `JOBCTL_BENCH`; default: the one around the current directory]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from stop" -l site -d 'Only this site; repeatable, or `all` [env: `JOBCTL_SITE`, `FRAPPE_SITE`; default: all]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from stop" -l redis -d 'The Redis to work on, without a bench or instead of the bench\'s own [env: `JOBCTL_REDIS`]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from stop" -s o -l output -d 'How to print the result [env: `JOBCTL_OUTPUT`; default: table, or plain in a pipe]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'The same with every column, cut nowhere'
plain\t'Tab-separated and complete'
json\t'One object with schema, scope, data and notes'
jsonl\t'One item per line'
csv\t'The items as one table, as RFC 4180 says'"
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from stop" -l color -d 'When to colour [env: `JOBCTL_COLOR`; default: auto]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`'
always\t'Always, also into pipes'
never\t'Never'"
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from stop" -l timeout -d 'Give up on a network step after this long [env: `JOBCTL_TIMEOUT`; default: 10s]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from stop" -l watch -d 'Repeat every SECS seconds (2 unless told) until interrupted' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from stop" -l config -d 'Read settings from this file [env: `JOBCTL_CONFIG`]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from stop" -l all -d 'Every worker'
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from stop" -l now -d 'End the jobs that run with their workers'
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from stop" -l force -d 'Also workers that their pool, supervisor or systemd would start again'
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from stop" -l dry-run -d 'Show the plan and change nothing'
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from stop" -s y -l yes -d 'Do not ask on a terminal'
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from stop" -l no-undo -d 'Keep no journal: what is done cannot be undone'
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from stop" -l read-only -d 'Refuse whatever changes, signals or starts something [env: `JOBCTL_READ_ONLY`]'
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from stop" -s q -l quiet -d 'Leave out notes and hints'
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from stop" -s v -l verbose -d 'Say more'
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from stop" -l utc -d 'Print times in UTC'
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from stop" -l local -d 'Print times in the local zone (the default)'
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from stop" -l show-secrets -d 'Show passwords and other secrets instead of masking them'
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from stop" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from stop" -s V -l version -d 'Print version'
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from restart" -l queue -d 'Workers that serve this queue' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from restart" -l via -d 'Let the workers\' process manager do it, with its own words for them; the plan shows its commands' -r -f -a "supervisor\t'By supervisorctl'
systemd\t'By systemctl'"
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from restart" -l wait -d 'Wait so long for a worker\'s end' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from restart" -l reason -d 'Say why, for the journal and the audit log' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from restart" -l limit -d 'Only the first N, in the order of the queues' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from restart" -l bench -d 'The bench to work on [env: `JOBCTL_BENCH`; default: the one around the current directory]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from restart" -l site -d 'Only this site; repeatable, or `all` [env: `JOBCTL_SITE`, `FRAPPE_SITE`; default: all]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from restart" -l redis -d 'The Redis to work on, without a bench or instead of the bench\'s own [env: `JOBCTL_REDIS`]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from restart" -s o -l output -d 'How to print the result [env: `JOBCTL_OUTPUT`; default: table, or plain in a pipe]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'The same with every column, cut nowhere'
plain\t'Tab-separated and complete'
json\t'One object with schema, scope, data and notes'
jsonl\t'One item per line'
csv\t'The items as one table, as RFC 4180 says'"
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from restart" -l color -d 'When to colour [env: `JOBCTL_COLOR`; default: auto]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`'
always\t'Always, also into pipes'
never\t'Never'"
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from restart" -l timeout -d 'Give up on a network step after this long [env: `JOBCTL_TIMEOUT`; default: 10s]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from restart" -l watch -d 'Repeat every SECS seconds (2 unless told) until interrupted' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from restart" -l config -d 'Read settings from this file [env: `JOBCTL_CONFIG`]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from restart" -l all -d 'Every worker'
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from restart" -l now -d 'End the jobs that run with their workers'
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from restart" -l force -d 'Also workers that nobody is known to start again, or that alone serve a queue'
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from restart" -l dry-run -d 'Show the plan and change nothing'
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from restart" -s y -l yes -d 'Do not ask on a terminal'
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from restart" -l no-undo -d 'Keep no journal: what is done cannot be undone'
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from restart" -l read-only -d 'Refuse whatever changes, signals or starts something [env: `JOBCTL_READ_ONLY`]'
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from restart" -s q -l quiet -d 'Leave out notes and hints'
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from restart" -s v -l verbose -d 'Say more'
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from restart" -l utc -d 'Print times in UTC'
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from restart" -l local -d 'Print times in the local zone (the default)'
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from restart" -l show-secrets -d 'Show passwords and other secrets instead of masking them'
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from restart" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from restart" -s V -l version -d 'Print version'
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from suspend" -l for -d 'For so long' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from suspend" -l reason -d 'Say why, for the journal and the audit log' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from suspend" -l limit -d 'Only the first N, in the order of the queues' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from suspend" -l bench -d 'The bench to work on [env: `JOBCTL_BENCH`; default: the one around the current directory]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from suspend" -l site -d 'Only this site; repeatable, or `all` [env: `JOBCTL_SITE`, `FRAPPE_SITE`; default: all]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from suspend" -l redis -d 'The Redis to work on, without a bench or instead of the bench\'s own [env: `JOBCTL_REDIS`]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from suspend" -s o -l output -d 'How to print the result [env: `JOBCTL_OUTPUT`; default: table, or plain in a pipe]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'The same with every column, cut nowhere'
plain\t'Tab-separated and complete'
json\t'One object with schema, scope, data and notes'
jsonl\t'One item per line'
csv\t'The items as one table, as RFC 4180 says'"
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from suspend" -l color -d 'When to colour [env: `JOBCTL_COLOR`; default: auto]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`'
always\t'Always, also into pipes'
never\t'Never'"
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from suspend" -l timeout -d 'Give up on a network step after this long [env: `JOBCTL_TIMEOUT`; default: 10s]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from suspend" -l watch -d 'Repeat every SECS seconds (2 unless told) until interrupted' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from suspend" -l config -d 'Read settings from this file [env: `JOBCTL_CONFIG`]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from suspend" -l whole-redis -d 'Also the workers of others who share the Redis database'
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from suspend" -l dry-run -d 'Show the plan and change nothing'
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from suspend" -s y -l yes -d 'Do not ask on a terminal'
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from suspend" -l no-undo -d 'Keep no journal: what is done cannot be undone'
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from suspend" -l read-only -d 'Refuse whatever changes, signals or starts something [env: `JOBCTL_READ_ONLY`]'
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from suspend" -s q -l quiet -d 'Leave out notes and hints'
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from suspend" -s v -l verbose -d 'Say more'
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from suspend" -l utc -d 'Print times in UTC'
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from suspend" -l local -d 'Print times in the local zone (the default)'
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from suspend" -l show-secrets -d 'Show passwords and other secrets instead of masking them'
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from suspend" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from suspend" -s V -l version -d 'Print version'
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from resume" -l reason -d 'Say why, for the journal and the audit log' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from resume" -l limit -d 'Only the first N, in the order of the queues' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from resume" -l bench -d 'The bench to work on [env: `JOBCTL_BENCH`; default: the one around the current directory]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from resume" -l site -d 'Only this site; repeatable, or `all` [env: `JOBCTL_SITE`, `FRAPPE_SITE`; default: all]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from resume" -l redis -d 'The Redis to work on, without a bench or instead of the bench\'s own [env: `JOBCTL_REDIS`]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from resume" -s o -l output -d 'How to print the result [env: `JOBCTL_OUTPUT`; default: table, or plain in a pipe]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'The same with every column, cut nowhere'
plain\t'Tab-separated and complete'
json\t'One object with schema, scope, data and notes'
jsonl\t'One item per line'
csv\t'The items as one table, as RFC 4180 says'"
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from resume" -l color -d 'When to colour [env: `JOBCTL_COLOR`; default: auto]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`'
always\t'Always, also into pipes'
never\t'Never'"
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from resume" -l timeout -d 'Give up on a network step after this long [env: `JOBCTL_TIMEOUT`; default: 10s]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from resume" -l watch -d 'Repeat every SECS seconds (2 unless told) until interrupted' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from resume" -l config -d 'Read settings from this file [env: `JOBCTL_CONFIG`]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from resume" -l whole-redis -d 'Also the workers of others who share the Redis database'
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from resume" -l dry-run -d 'Show the plan and change nothing'
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from resume" -s y -l yes -d 'Do not ask on a terminal'
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from resume" -l no-undo -d 'Keep no journal: what is done cannot be undone'
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from resume" -l read-only -d 'Refuse whatever changes, signals or starts something [env: `JOBCTL_READ_ONLY`]'
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from resume" -s q -l quiet -d 'Leave out notes and hints'
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from resume" -s v -l verbose -d 'Say more'
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from resume" -l utc -d 'Print times in UTC'
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from resume" -l local -d 'Print times in the local zone (the default)'
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from resume" -l show-secrets -d 'Show passwords and other secrets instead of masking them'
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from resume" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from resume" -s V -l version -d 'Print version'
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from prune" -l reason -d 'Say why, for the journal and the audit log' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from prune" -l limit -d 'Only the first N, in the order of the queues' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from prune" -l bench -d 'The bench to work on [env: `JOBCTL_BENCH`; default: the one around the current directory]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from prune" -l site -d 'Only this site; repeatable, or `all` [env: `JOBCTL_SITE`, `FRAPPE_SITE`; default: all]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from prune" -l redis -d 'The Redis to work on, without a bench or instead of the bench\'s own [env: `JOBCTL_REDIS`]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from prune" -s o -l output -d 'How to print the result [env: `JOBCTL_OUTPUT`; default: table, or plain in a pipe]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'The same with every column, cut nowhere'
plain\t'Tab-separated and complete'
json\t'One object with schema, scope, data and notes'
jsonl\t'One item per line'
csv\t'The items as one table, as RFC 4180 says'"
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from prune" -l color -d 'When to colour [env: `JOBCTL_COLOR`; default: auto]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`'
always\t'Always, also into pipes'
never\t'Never'"
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from prune" -l timeout -d 'Give up on a network step after this long [env: `JOBCTL_TIMEOUT`; default: 10s]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from prune" -l watch -d 'Repeat every SECS seconds (2 unless told) until interrupted' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from prune" -l config -d 'Read settings from this file [env: `JOBCTL_CONFIG`]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from prune" -l dry-run -d 'Show the plan and change nothing'
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from prune" -s y -l yes -d 'Do not ask on a terminal'
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from prune" -l no-undo -d 'Keep no journal: what is done cannot be undone'
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from prune" -l read-only -d 'Refuse whatever changes, signals or starts something [env: `JOBCTL_READ_ONLY`]'
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from prune" -s q -l quiet -d 'Leave out notes and hints'
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from prune" -s v -l verbose -d 'Say more'
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from prune" -l utc -d 'Print times in UTC'
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from prune" -l local -d 'Print times in the local zone (the default)'
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from prune" -l show-secrets -d 'Show passwords and other secrets instead of masking them'
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from prune" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from prune" -s V -l version -d 'Print version'
complete -c jobctl -n "__fish_jobctl_using_subcommand show-pending-jobs" -l bench -d 'The bench to work on [env: `JOBCTL_BENCH`; default: the one around the current directory]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand show-pending-jobs" -l site -d 'Only this site; repeatable, or `all` [env: `JOBCTL_SITE`, `FRAPPE_SITE`; default: all]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand show-pending-jobs" -l redis -d 'The Redis to work on, without a bench or instead of the bench\'s own [env: `JOBCTL_REDIS`]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand show-pending-jobs" -s o -l output -d 'How to print the result [env: `JOBCTL_OUTPUT`; default: table, or plain in a pipe]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'The same with every column, cut nowhere'
plain\t'Tab-separated and complete'
json\t'One object with schema, scope, data and notes'
jsonl\t'One item per line'
csv\t'The items as one table, as RFC 4180 says'"
complete -c jobctl -n "__fish_jobctl_using_subcommand show-pending-jobs" -l color -d 'When to colour [env: `JOBCTL_COLOR`; default: auto]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`'
always\t'Always, also into pipes'
never\t'Never'"
complete -c jobctl -n "__fish_jobctl_using_subcommand show-pending-jobs" -l timeout -d 'Give up on a network step after this long [env: `JOBCTL_TIMEOUT`; default: 10s]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand show-pending-jobs" -l watch -d 'Repeat every SECS seconds (2 unless told) until interrupted' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand show-pending-jobs" -l config -d 'Read settings from this file [env: `JOBCTL_CONFIG`]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand show-pending-jobs" -l exact -d 'Read every job, however many there are'
complete -c jobctl -n "__fish_jobctl_using_subcommand show-pending-jobs" -l jobs -d 'List the waiting jobs one by one instead of counting them'
complete -c jobctl -n "__fish_jobctl_using_subcommand show-pending-jobs" -l read-only -d 'Refuse whatever changes, signals or starts something [env: `JOBCTL_READ_ONLY`]'
complete -c jobctl -n "__fish_jobctl_using_subcommand show-pending-jobs" -s q -l quiet -d 'Leave out notes and hints'
complete -c jobctl -n "__fish_jobctl_using_subcommand show-pending-jobs" -s v -l verbose -d 'Say more'
complete -c jobctl -n "__fish_jobctl_using_subcommand show-pending-jobs" -l utc -d 'Print times in UTC'
complete -c jobctl -n "__fish_jobctl_using_subcommand show-pending-jobs" -l local -d 'Print times in the local zone (the default)'
complete -c jobctl -n "__fish_jobctl_using_subcommand show-pending-jobs" -l show-secrets -d 'Show passwords and other secrets instead of masking them'
complete -c jobctl -n "__fish_jobctl_using_subcommand show-pending-jobs" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jobctl -n "__fish_jobctl_using_subcommand show-pending-jobs" -s V -l version -d 'Print version'
complete -c jobctl -n "__fish_jobctl_using_subcommand logs" -l source -d 'Logs by name, by pattern (`worker*`, `all`) or by path; repeatable, or with commas' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand logs" -l since -d 'Not older than this: `1h`, `09:30`, `yesterday`, `2026-11-21 09:30`' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand logs" -l until -d 'Not younger than this, written the same way' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand logs" -s g -l grep -d 'Only records that match the regular expression; repeatable, one has to match' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand logs" -l exclude -d 'No records that match the regular expression; repeatable' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand logs" -l level -d 'Only records of this level and above; those that name none count as info' -r -f -a "debug\t'DEBUG'
info\t'INFO, and records that name no level'
warning\t'WARNING'
error\t'ERROR, and records with a traceback'
critical\t'CRITICAL and FATAL'"
complete -c jobctl -n "__fish_jobctl_using_subcommand logs" -l job -d 'Only records that name this job\'s id, whole or without its site, with what stands below them' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand logs" -s n -l lines -d 'The last N records, or `all` [default: 100; 10 with -f; all with --since]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand logs" -l bench -d 'The bench to work on [env: `JOBCTL_BENCH`; default: the one around the current directory]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand logs" -l site -d 'Only this site; repeatable, or `all` [env: `JOBCTL_SITE`, `FRAPPE_SITE`; default: all]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand logs" -l redis -d 'The Redis to work on, without a bench or instead of the bench\'s own [env: `JOBCTL_REDIS`]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand logs" -s o -l output -d 'How to print the result [env: `JOBCTL_OUTPUT`; default: table, or plain in a pipe]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'The same with every column, cut nowhere'
plain\t'Tab-separated and complete'
json\t'One object with schema, scope, data and notes'
jsonl\t'One item per line'
csv\t'The items as one table, as RFC 4180 says'"
complete -c jobctl -n "__fish_jobctl_using_subcommand logs" -l color -d 'When to colour [env: `JOBCTL_COLOR`; default: auto]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`'
always\t'Always, also into pipes'
never\t'Never'"
complete -c jobctl -n "__fish_jobctl_using_subcommand logs" -l timeout -d 'Give up on a network step after this long [env: `JOBCTL_TIMEOUT`; default: 10s]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand logs" -l watch -d 'Repeat every SECS seconds (2 unless told) until interrupted' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand logs" -l config -d 'Read settings from this file [env: `JOBCTL_CONFIG`]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand logs" -s f -l follow -d 'Go on with what is added, until interrupted'
complete -c jobctl -n "__fish_jobctl_using_subcommand logs" -l raw -d 'Print JSON lines as they are, not as fields'
complete -c jobctl -n "__fish_jobctl_using_subcommand logs" -l read-only -d 'Refuse whatever changes, signals or starts something [env: `JOBCTL_READ_ONLY`]'
complete -c jobctl -n "__fish_jobctl_using_subcommand logs" -s q -l quiet -d 'Leave out notes and hints'
complete -c jobctl -n "__fish_jobctl_using_subcommand logs" -s v -l verbose -d 'Say more'
complete -c jobctl -n "__fish_jobctl_using_subcommand logs" -l utc -d 'Print times in UTC'
complete -c jobctl -n "__fish_jobctl_using_subcommand logs" -l local -d 'Print times in the local zone (the default)'
complete -c jobctl -n "__fish_jobctl_using_subcommand logs" -l show-secrets -d 'Show passwords and other secrets instead of masking them'
complete -c jobctl -n "__fish_jobctl_using_subcommand logs" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jobctl -n "__fish_jobctl_using_subcommand logs" -s V -l version -d 'Print version'
complete -c jobctl -n "__fish_jobctl_using_subcommand stats" -l by -d 'What a row is about' -r -f -a "method\t'The method; of a scheduled job the real one'
queue\t'The queue; no log names it, so it is told by what RQ still keeps'
site\t'The site'
hour\t'The hour in which it began'
day\t'The day on which it began'"
complete -c jobctl -n "__fish_jobctl_using_subcommand stats" -l since -d 'Only executions that began since then: a time, or how long ago' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand stats" -l until -d 'Only executions that began before then: a time, or how long ago' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand stats" -l slowest -d 'Also list the N slowest executions' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand stats" -l file -d 'Read this monitor log, plain or gzip, instead of the bench\'s; `-` for standard input; repeatable' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand stats" -s n -l limit -d 'At most this many rows; 0 for all' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand stats" -l bench -d 'The bench to work on [env: `JOBCTL_BENCH`; default: the one around the current directory]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand stats" -l site -d 'Only this site; repeatable, or `all` [env: `JOBCTL_SITE`, `FRAPPE_SITE`; default: all]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand stats" -l redis -d 'The Redis to work on, without a bench or instead of the bench\'s own [env: `JOBCTL_REDIS`]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand stats" -s o -l output -d 'How to print the result [env: `JOBCTL_OUTPUT`; default: table, or plain in a pipe]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'The same with every column, cut nowhere'
plain\t'Tab-separated and complete'
json\t'One object with schema, scope, data and notes'
jsonl\t'One item per line'
csv\t'The items as one table, as RFC 4180 says'"
complete -c jobctl -n "__fish_jobctl_using_subcommand stats" -l color -d 'When to colour [env: `JOBCTL_COLOR`; default: auto]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`'
always\t'Always, also into pipes'
never\t'Never'"
complete -c jobctl -n "__fish_jobctl_using_subcommand stats" -l timeout -d 'Give up on a network step after this long [env: `JOBCTL_TIMEOUT`; default: 10s]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand stats" -l watch -d 'Repeat every SECS seconds (2 unless told) until interrupted' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand stats" -l config -d 'Read settings from this file [env: `JOBCTL_CONFIG`]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand stats" -l scheduled -d 'Only jobs that the scheduler enqueued'
complete -c jobctl -n "__fish_jobctl_using_subcommand stats" -l adhoc -d 'Only jobs that something else than the scheduler enqueued'
complete -c jobctl -n "__fish_jobctl_using_subcommand stats" -l read-only -d 'Refuse whatever changes, signals or starts something [env: `JOBCTL_READ_ONLY`]'
complete -c jobctl -n "__fish_jobctl_using_subcommand stats" -s q -l quiet -d 'Leave out notes and hints'
complete -c jobctl -n "__fish_jobctl_using_subcommand stats" -s v -l verbose -d 'Say more'
complete -c jobctl -n "__fish_jobctl_using_subcommand stats" -l utc -d 'Print times in UTC'
complete -c jobctl -n "__fish_jobctl_using_subcommand stats" -l local -d 'Print times in the local zone (the default)'
complete -c jobctl -n "__fish_jobctl_using_subcommand stats" -l show-secrets -d 'Show passwords and other secrets instead of masking them'
complete -c jobctl -n "__fish_jobctl_using_subcommand stats" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jobctl -n "__fish_jobctl_using_subcommand stats" -s V -l version -d 'Print version'
complete -c jobctl -n "__fish_jobctl_using_subcommand serve" -l listen -d 'Where to listen; port 0 takes a free one' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand serve" -l token-file -d 'A file with the token that every request must carry; nobody else may read it' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand serve" -l bench -d 'The bench to work on [env: `JOBCTL_BENCH`; default: the one around the current directory]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand serve" -l site -d 'Only this site; repeatable, or `all` [env: `JOBCTL_SITE`, `FRAPPE_SITE`; default: all]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand serve" -l redis -d 'The Redis to work on, without a bench or instead of the bench\'s own [env: `JOBCTL_REDIS`]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand serve" -s o -l output -d 'How to print the result [env: `JOBCTL_OUTPUT`; default: table, or plain in a pipe]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'The same with every column, cut nowhere'
plain\t'Tab-separated and complete'
json\t'One object with schema, scope, data and notes'
jsonl\t'One item per line'
csv\t'The items as one table, as RFC 4180 says'"
complete -c jobctl -n "__fish_jobctl_using_subcommand serve" -l color -d 'When to colour [env: `JOBCTL_COLOR`; default: auto]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`'
always\t'Always, also into pipes'
never\t'Never'"
complete -c jobctl -n "__fish_jobctl_using_subcommand serve" -l timeout -d 'Give up on a network step after this long [env: `JOBCTL_TIMEOUT`; default: 10s]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand serve" -l watch -d 'Repeat every SECS seconds (2 unless told) until interrupted' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand serve" -l config -d 'Read settings from this file [env: `JOBCTL_CONFIG`]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand serve" -l record -d 'Record into the history of the target, and keep the counters there'
complete -c jobctl -n "__fish_jobctl_using_subcommand serve" -l read-only -d 'Refuse whatever changes, signals or starts something [env: `JOBCTL_READ_ONLY`]'
complete -c jobctl -n "__fish_jobctl_using_subcommand serve" -s q -l quiet -d 'Leave out notes and hints'
complete -c jobctl -n "__fish_jobctl_using_subcommand serve" -s v -l verbose -d 'Say more'
complete -c jobctl -n "__fish_jobctl_using_subcommand serve" -l utc -d 'Print times in UTC'
complete -c jobctl -n "__fish_jobctl_using_subcommand serve" -l local -d 'Print times in the local zone (the default)'
complete -c jobctl -n "__fish_jobctl_using_subcommand serve" -l show-secrets -d 'Show passwords and other secrets instead of masking them'
complete -c jobctl -n "__fish_jobctl_using_subcommand serve" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jobctl -n "__fish_jobctl_using_subcommand serve" -s V -l version -d 'Print version'
complete -c jobctl -n "__fish_jobctl_using_subcommand errors; and not __fish_seen_subcommand_from show" -l since -d 'Only what failed since then: a time, or how long ago' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand errors; and not __fish_seen_subcommand_from show" -l by -d 'What a group is about' -r -f -a "exception\t'The exception, what it says, and where it was raised'
method\t'The method; of the Error Log the title'
queue\t'The queue; the Error Log names none'
site\t'The site'"
complete -c jobctl -n "__fish_jobctl_using_subcommand errors; and not __fish_seen_subcommand_from show" -l class -d 'Only failures of this class; repeatable' -r -f -a "timeout\t'Ran past its time limit'
killed\t'Its process was killed, ran out of memory, or vanished'
database\t'Deadlock, lost connection, constraint, or another error of a database'
network\t'Another host did not answer, or not as expected'
import\t'Code that cannot be imported or found'
permission\t'No permission, or a refused login'
other\t'Everything else'"
complete -c jobctl -n "__fish_jobctl_using_subcommand errors; and not __fish_seen_subcommand_from show" -l bench -d 'The bench to work on [env: `JOBCTL_BENCH`; default: the one around the current directory]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand errors; and not __fish_seen_subcommand_from show" -l site -d 'Only this site; repeatable, or `all` [env: `JOBCTL_SITE`, `FRAPPE_SITE`; default: all]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand errors; and not __fish_seen_subcommand_from show" -l redis -d 'The Redis to work on, without a bench or instead of the bench\'s own [env: `JOBCTL_REDIS`]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand errors; and not __fish_seen_subcommand_from show" -s o -l output -d 'How to print the result [env: `JOBCTL_OUTPUT`; default: table, or plain in a pipe]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'The same with every column, cut nowhere'
plain\t'Tab-separated and complete'
json\t'One object with schema, scope, data and notes'
jsonl\t'One item per line'
csv\t'The items as one table, as RFC 4180 says'"
complete -c jobctl -n "__fish_jobctl_using_subcommand errors; and not __fish_seen_subcommand_from show" -l color -d 'When to colour [env: `JOBCTL_COLOR`; default: auto]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`'
always\t'Always, also into pipes'
never\t'Never'"
complete -c jobctl -n "__fish_jobctl_using_subcommand errors; and not __fish_seen_subcommand_from show" -l timeout -d 'Give up on a network step after this long [env: `JOBCTL_TIMEOUT`; default: 10s]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand errors; and not __fish_seen_subcommand_from show" -l watch -d 'Repeat every SECS seconds (2 unless told) until interrupted' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand errors; and not __fish_seen_subcommand_from show" -l config -d 'Read settings from this file [env: `JOBCTL_CONFIG`]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand errors; and not __fish_seen_subcommand_from show" -l read-only -d 'Refuse whatever changes, signals or starts something [env: `JOBCTL_READ_ONLY`]'
complete -c jobctl -n "__fish_jobctl_using_subcommand errors; and not __fish_seen_subcommand_from show" -s q -l quiet -d 'Leave out notes and hints'
complete -c jobctl -n "__fish_jobctl_using_subcommand errors; and not __fish_seen_subcommand_from show" -s v -l verbose -d 'Say more'
complete -c jobctl -n "__fish_jobctl_using_subcommand errors; and not __fish_seen_subcommand_from show" -l utc -d 'Print times in UTC'
complete -c jobctl -n "__fish_jobctl_using_subcommand errors; and not __fish_seen_subcommand_from show" -l local -d 'Print times in the local zone (the default)'
complete -c jobctl -n "__fish_jobctl_using_subcommand errors; and not __fish_seen_subcommand_from show" -l show-secrets -d 'Show passwords and other secrets instead of masking them'
complete -c jobctl -n "__fish_jobctl_using_subcommand errors; and not __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jobctl -n "__fish_jobctl_using_subcommand errors; and not __fish_seen_subcommand_from show" -s V -l version -d 'Print version'
complete -c jobctl -n "__fish_jobctl_using_subcommand errors; and not __fish_seen_subcommand_from show" -f -a "show" -d 'Show one group: where it fails, the newest traceback, and how to retry its jobs'
complete -c jobctl -n "__fish_jobctl_using_subcommand errors; and __fish_seen_subcommand_from show" -l since -d 'Only what failed since then: a time, or how long ago' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand errors; and __fish_seen_subcommand_from show" -l bench -d 'The bench to work on [env: `JOBCTL_BENCH`; default: the one around the current directory]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand errors; and __fish_seen_subcommand_from show" -l site -d 'Only this site; repeatable, or `all` [env: `JOBCTL_SITE`, `FRAPPE_SITE`; default: all]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand errors; and __fish_seen_subcommand_from show" -l redis -d 'The Redis to work on, without a bench or instead of the bench\'s own [env: `JOBCTL_REDIS`]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand errors; and __fish_seen_subcommand_from show" -s o -l output -d 'How to print the result [env: `JOBCTL_OUTPUT`; default: table, or plain in a pipe]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'The same with every column, cut nowhere'
plain\t'Tab-separated and complete'
json\t'One object with schema, scope, data and notes'
jsonl\t'One item per line'
csv\t'The items as one table, as RFC 4180 says'"
complete -c jobctl -n "__fish_jobctl_using_subcommand errors; and __fish_seen_subcommand_from show" -l color -d 'When to colour [env: `JOBCTL_COLOR`; default: auto]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`'
always\t'Always, also into pipes'
never\t'Never'"
complete -c jobctl -n "__fish_jobctl_using_subcommand errors; and __fish_seen_subcommand_from show" -l timeout -d 'Give up on a network step after this long [env: `JOBCTL_TIMEOUT`; default: 10s]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand errors; and __fish_seen_subcommand_from show" -l watch -d 'Repeat every SECS seconds (2 unless told) until interrupted' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand errors; and __fish_seen_subcommand_from show" -l config -d 'Read settings from this file [env: `JOBCTL_CONFIG`]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand errors; and __fish_seen_subcommand_from show" -l read-only -d 'Refuse whatever changes, signals or starts something [env: `JOBCTL_READ_ONLY`]'
complete -c jobctl -n "__fish_jobctl_using_subcommand errors; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Leave out notes and hints'
complete -c jobctl -n "__fish_jobctl_using_subcommand errors; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Say more'
complete -c jobctl -n "__fish_jobctl_using_subcommand errors; and __fish_seen_subcommand_from show" -l utc -d 'Print times in UTC'
complete -c jobctl -n "__fish_jobctl_using_subcommand errors; and __fish_seen_subcommand_from show" -l local -d 'Print times in the local zone (the default)'
complete -c jobctl -n "__fish_jobctl_using_subcommand errors; and __fish_seen_subcommand_from show" -l show-secrets -d 'Show passwords and other secrets instead of masking them'
complete -c jobctl -n "__fish_jobctl_using_subcommand errors; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jobctl -n "__fish_jobctl_using_subcommand errors; and __fish_seen_subcommand_from show" -s V -l version -d 'Print version'
complete -c jobctl -n "__fish_jobctl_using_subcommand metrics" -l textfile -d 'Write it into this file, as a whole, for the textfile collector of the node exporter' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand metrics" -l bench -d 'The bench to work on [env: `JOBCTL_BENCH`; default: the one around the current directory]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand metrics" -l site -d 'Only this site; repeatable, or `all` [env: `JOBCTL_SITE`, `FRAPPE_SITE`; default: all]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand metrics" -l redis -d 'The Redis to work on, without a bench or instead of the bench\'s own [env: `JOBCTL_REDIS`]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand metrics" -s o -l output -d 'How to print the result [env: `JOBCTL_OUTPUT`; default: table, or plain in a pipe]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'The same with every column, cut nowhere'
plain\t'Tab-separated and complete'
json\t'One object with schema, scope, data and notes'
jsonl\t'One item per line'
csv\t'The items as one table, as RFC 4180 says'"
complete -c jobctl -n "__fish_jobctl_using_subcommand metrics" -l color -d 'When to colour [env: `JOBCTL_COLOR`; default: auto]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`'
always\t'Always, also into pipes'
never\t'Never'"
complete -c jobctl -n "__fish_jobctl_using_subcommand metrics" -l timeout -d 'Give up on a network step after this long [env: `JOBCTL_TIMEOUT`; default: 10s]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand metrics" -l watch -d 'Repeat every SECS seconds (2 unless told) until interrupted' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand metrics" -l config -d 'Read settings from this file [env: `JOBCTL_CONFIG`]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand metrics" -l read-only -d 'Refuse whatever changes, signals or starts something [env: `JOBCTL_READ_ONLY`]'
complete -c jobctl -n "__fish_jobctl_using_subcommand metrics" -s q -l quiet -d 'Leave out notes and hints'
complete -c jobctl -n "__fish_jobctl_using_subcommand metrics" -s v -l verbose -d 'Say more'
complete -c jobctl -n "__fish_jobctl_using_subcommand metrics" -l utc -d 'Print times in UTC'
complete -c jobctl -n "__fish_jobctl_using_subcommand metrics" -l local -d 'Print times in the local zone (the default)'
complete -c jobctl -n "__fish_jobctl_using_subcommand metrics" -l show-secrets -d 'Show passwords and other secrets instead of masking them'
complete -c jobctl -n "__fish_jobctl_using_subcommand metrics" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jobctl -n "__fish_jobctl_using_subcommand metrics" -s V -l version -d 'Print version'
complete -c jobctl -n "__fish_jobctl_using_subcommand alerts; and not __fish_seen_subcommand_from check run test" -l bench -d 'The bench to work on [env: `JOBCTL_BENCH`; default: the one around the current directory]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand alerts; and not __fish_seen_subcommand_from check run test" -l site -d 'Only this site; repeatable, or `all` [env: `JOBCTL_SITE`, `FRAPPE_SITE`; default: all]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand alerts; and not __fish_seen_subcommand_from check run test" -l redis -d 'The Redis to work on, without a bench or instead of the bench\'s own [env: `JOBCTL_REDIS`]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand alerts; and not __fish_seen_subcommand_from check run test" -s o -l output -d 'How to print the result [env: `JOBCTL_OUTPUT`; default: table, or plain in a pipe]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'The same with every column, cut nowhere'
plain\t'Tab-separated and complete'
json\t'One object with schema, scope, data and notes'
jsonl\t'One item per line'
csv\t'The items as one table, as RFC 4180 says'"
complete -c jobctl -n "__fish_jobctl_using_subcommand alerts; and not __fish_seen_subcommand_from check run test" -l color -d 'When to colour [env: `JOBCTL_COLOR`; default: auto]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`'
always\t'Always, also into pipes'
never\t'Never'"
complete -c jobctl -n "__fish_jobctl_using_subcommand alerts; and not __fish_seen_subcommand_from check run test" -l timeout -d 'Give up on a network step after this long [env: `JOBCTL_TIMEOUT`; default: 10s]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand alerts; and not __fish_seen_subcommand_from check run test" -l watch -d 'Repeat every SECS seconds (2 unless told) until interrupted' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand alerts; and not __fish_seen_subcommand_from check run test" -l config -d 'Read settings from this file [env: `JOBCTL_CONFIG`]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand alerts; and not __fish_seen_subcommand_from check run test" -l read-only -d 'Refuse whatever changes, signals or starts something [env: `JOBCTL_READ_ONLY`]'
complete -c jobctl -n "__fish_jobctl_using_subcommand alerts; and not __fish_seen_subcommand_from check run test" -s q -l quiet -d 'Leave out notes and hints'
complete -c jobctl -n "__fish_jobctl_using_subcommand alerts; and not __fish_seen_subcommand_from check run test" -s v -l verbose -d 'Say more'
complete -c jobctl -n "__fish_jobctl_using_subcommand alerts; and not __fish_seen_subcommand_from check run test" -l utc -d 'Print times in UTC'
complete -c jobctl -n "__fish_jobctl_using_subcommand alerts; and not __fish_seen_subcommand_from check run test" -l local -d 'Print times in the local zone (the default)'
complete -c jobctl -n "__fish_jobctl_using_subcommand alerts; and not __fish_seen_subcommand_from check run test" -l show-secrets -d 'Show passwords and other secrets instead of masking them'
complete -c jobctl -n "__fish_jobctl_using_subcommand alerts; and not __fish_seen_subcommand_from check run test" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jobctl -n "__fish_jobctl_using_subcommand alerts; and not __fish_seen_subcommand_from check run test" -s V -l version -d 'Print version'
complete -c jobctl -n "__fish_jobctl_using_subcommand alerts; and not __fish_seen_subcommand_from check run test" -f -a "check" -d 'Judge every rule now, and show how it stands'
complete -c jobctl -n "__fish_jobctl_using_subcommand alerts; and not __fish_seen_subcommand_from check run test" -f -a "run" -d 'Keep watching: each alert is told once when it begins to fire and once when it is over'
complete -c jobctl -n "__fish_jobctl_using_subcommand alerts; and not __fish_seen_subcommand_from check run test" -f -a "test" -d 'Send a message that says that it is a test through a channel, or through each'
complete -c jobctl -n "__fish_jobctl_using_subcommand alerts; and __fish_seen_subcommand_from check" -l bench -d 'The bench to work on [env: `JOBCTL_BENCH`; default: the one around the current directory]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand alerts; and __fish_seen_subcommand_from check" -l site -d 'Only this site; repeatable, or `all` [env: `JOBCTL_SITE`, `FRAPPE_SITE`; default: all]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand alerts; and __fish_seen_subcommand_from check" -l redis -d 'The Redis to work on, without a bench or instead of the bench\'s own [env: `JOBCTL_REDIS`]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand alerts; and __fish_seen_subcommand_from check" -s o -l output -d 'How to print the result [env: `JOBCTL_OUTPUT`; default: table, or plain in a pipe]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'The same with every column, cut nowhere'
plain\t'Tab-separated and complete'
json\t'One object with schema, scope, data and notes'
jsonl\t'One item per line'
csv\t'The items as one table, as RFC 4180 says'"
complete -c jobctl -n "__fish_jobctl_using_subcommand alerts; and __fish_seen_subcommand_from check" -l color -d 'When to colour [env: `JOBCTL_COLOR`; default: auto]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`'
always\t'Always, also into pipes'
never\t'Never'"
complete -c jobctl -n "__fish_jobctl_using_subcommand alerts; and __fish_seen_subcommand_from check" -l timeout -d 'Give up on a network step after this long [env: `JOBCTL_TIMEOUT`; default: 10s]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand alerts; and __fish_seen_subcommand_from check" -l watch -d 'Repeat every SECS seconds (2 unless told) until interrupted' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand alerts; and __fish_seen_subcommand_from check" -l config -d 'Read settings from this file [env: `JOBCTL_CONFIG`]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand alerts; and __fish_seen_subcommand_from check" -l read-only -d 'Refuse whatever changes, signals or starts something [env: `JOBCTL_READ_ONLY`]'
complete -c jobctl -n "__fish_jobctl_using_subcommand alerts; and __fish_seen_subcommand_from check" -s q -l quiet -d 'Leave out notes and hints'
complete -c jobctl -n "__fish_jobctl_using_subcommand alerts; and __fish_seen_subcommand_from check" -s v -l verbose -d 'Say more'
complete -c jobctl -n "__fish_jobctl_using_subcommand alerts; and __fish_seen_subcommand_from check" -l utc -d 'Print times in UTC'
complete -c jobctl -n "__fish_jobctl_using_subcommand alerts; and __fish_seen_subcommand_from check" -l local -d 'Print times in the local zone (the default)'
complete -c jobctl -n "__fish_jobctl_using_subcommand alerts; and __fish_seen_subcommand_from check" -l show-secrets -d 'Show passwords and other secrets instead of masking them'
complete -c jobctl -n "__fish_jobctl_using_subcommand alerts; and __fish_seen_subcommand_from check" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jobctl -n "__fish_jobctl_using_subcommand alerts; and __fish_seen_subcommand_from check" -s V -l version -d 'Print version'
complete -c jobctl -n "__fish_jobctl_using_subcommand alerts; and __fish_seen_subcommand_from run" -l every -d 'The time between two looks' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand alerts; and __fish_seen_subcommand_from run" -l bench -d 'The bench to work on [env: `JOBCTL_BENCH`; default: the one around the current directory]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand alerts; and __fish_seen_subcommand_from run" -l site -d 'Only this site; repeatable, or `all` [env: `JOBCTL_SITE`, `FRAPPE_SITE`; default: all]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand alerts; and __fish_seen_subcommand_from run" -l redis -d 'The Redis to work on, without a bench or instead of the bench\'s own [env: `JOBCTL_REDIS`]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand alerts; and __fish_seen_subcommand_from run" -s o -l output -d 'How to print the result [env: `JOBCTL_OUTPUT`; default: table, or plain in a pipe]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'The same with every column, cut nowhere'
plain\t'Tab-separated and complete'
json\t'One object with schema, scope, data and notes'
jsonl\t'One item per line'
csv\t'The items as one table, as RFC 4180 says'"
complete -c jobctl -n "__fish_jobctl_using_subcommand alerts; and __fish_seen_subcommand_from run" -l color -d 'When to colour [env: `JOBCTL_COLOR`; default: auto]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`'
always\t'Always, also into pipes'
never\t'Never'"
complete -c jobctl -n "__fish_jobctl_using_subcommand alerts; and __fish_seen_subcommand_from run" -l timeout -d 'Give up on a network step after this long [env: `JOBCTL_TIMEOUT`; default: 10s]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand alerts; and __fish_seen_subcommand_from run" -l watch -d 'Repeat every SECS seconds (2 unless told) until interrupted' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand alerts; and __fish_seen_subcommand_from run" -l config -d 'Read settings from this file [env: `JOBCTL_CONFIG`]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand alerts; and __fish_seen_subcommand_from run" -l record -d 'Record into the history of the target meanwhile'
complete -c jobctl -n "__fish_jobctl_using_subcommand alerts; and __fish_seen_subcommand_from run" -l read-only -d 'Refuse whatever changes, signals or starts something [env: `JOBCTL_READ_ONLY`]'
complete -c jobctl -n "__fish_jobctl_using_subcommand alerts; and __fish_seen_subcommand_from run" -s q -l quiet -d 'Leave out notes and hints'
complete -c jobctl -n "__fish_jobctl_using_subcommand alerts; and __fish_seen_subcommand_from run" -s v -l verbose -d 'Say more'
complete -c jobctl -n "__fish_jobctl_using_subcommand alerts; and __fish_seen_subcommand_from run" -l utc -d 'Print times in UTC'
complete -c jobctl -n "__fish_jobctl_using_subcommand alerts; and __fish_seen_subcommand_from run" -l local -d 'Print times in the local zone (the default)'
complete -c jobctl -n "__fish_jobctl_using_subcommand alerts; and __fish_seen_subcommand_from run" -l show-secrets -d 'Show passwords and other secrets instead of masking them'
complete -c jobctl -n "__fish_jobctl_using_subcommand alerts; and __fish_seen_subcommand_from run" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jobctl -n "__fish_jobctl_using_subcommand alerts; and __fish_seen_subcommand_from run" -s V -l version -d 'Print version'
complete -c jobctl -n "__fish_jobctl_using_subcommand alerts; and __fish_seen_subcommand_from test" -l bench -d 'The bench to work on [env: `JOBCTL_BENCH`; default: the one around the current directory]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand alerts; and __fish_seen_subcommand_from test" -l site -d 'Only this site; repeatable, or `all` [env: `JOBCTL_SITE`, `FRAPPE_SITE`; default: all]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand alerts; and __fish_seen_subcommand_from test" -l redis -d 'The Redis to work on, without a bench or instead of the bench\'s own [env: `JOBCTL_REDIS`]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand alerts; and __fish_seen_subcommand_from test" -s o -l output -d 'How to print the result [env: `JOBCTL_OUTPUT`; default: table, or plain in a pipe]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'The same with every column, cut nowhere'
plain\t'Tab-separated and complete'
json\t'One object with schema, scope, data and notes'
jsonl\t'One item per line'
csv\t'The items as one table, as RFC 4180 says'"
complete -c jobctl -n "__fish_jobctl_using_subcommand alerts; and __fish_seen_subcommand_from test" -l color -d 'When to colour [env: `JOBCTL_COLOR`; default: auto]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`'
always\t'Always, also into pipes'
never\t'Never'"
complete -c jobctl -n "__fish_jobctl_using_subcommand alerts; and __fish_seen_subcommand_from test" -l timeout -d 'Give up on a network step after this long [env: `JOBCTL_TIMEOUT`; default: 10s]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand alerts; and __fish_seen_subcommand_from test" -l watch -d 'Repeat every SECS seconds (2 unless told) until interrupted' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand alerts; and __fish_seen_subcommand_from test" -l config -d 'Read settings from this file [env: `JOBCTL_CONFIG`]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand alerts; and __fish_seen_subcommand_from test" -l read-only -d 'Refuse whatever changes, signals or starts something [env: `JOBCTL_READ_ONLY`]'
complete -c jobctl -n "__fish_jobctl_using_subcommand alerts; and __fish_seen_subcommand_from test" -s q -l quiet -d 'Leave out notes and hints'
complete -c jobctl -n "__fish_jobctl_using_subcommand alerts; and __fish_seen_subcommand_from test" -s v -l verbose -d 'Say more'
complete -c jobctl -n "__fish_jobctl_using_subcommand alerts; and __fish_seen_subcommand_from test" -l utc -d 'Print times in UTC'
complete -c jobctl -n "__fish_jobctl_using_subcommand alerts; and __fish_seen_subcommand_from test" -l local -d 'Print times in the local zone (the default)'
complete -c jobctl -n "__fish_jobctl_using_subcommand alerts; and __fish_seen_subcommand_from test" -l show-secrets -d 'Show passwords and other secrets instead of masking them'
complete -c jobctl -n "__fish_jobctl_using_subcommand alerts; and __fish_seen_subcommand_from test" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jobctl -n "__fish_jobctl_using_subcommand alerts; and __fish_seen_subcommand_from test" -s V -l version -d 'Print version'
complete -c jobctl -n "__fish_jobctl_using_subcommand history; and not __fish_seen_subcommand_from record show trend peaks forecast" -l bench -d 'The bench to work on [env: `JOBCTL_BENCH`; default: the one around the current directory]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand history; and not __fish_seen_subcommand_from record show trend peaks forecast" -l site -d 'Only this site; repeatable, or `all` [env: `JOBCTL_SITE`, `FRAPPE_SITE`; default: all]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand history; and not __fish_seen_subcommand_from record show trend peaks forecast" -l redis -d 'The Redis to work on, without a bench or instead of the bench\'s own [env: `JOBCTL_REDIS`]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand history; and not __fish_seen_subcommand_from record show trend peaks forecast" -s o -l output -d 'How to print the result [env: `JOBCTL_OUTPUT`; default: table, or plain in a pipe]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'The same with every column, cut nowhere'
plain\t'Tab-separated and complete'
json\t'One object with schema, scope, data and notes'
jsonl\t'One item per line'
csv\t'The items as one table, as RFC 4180 says'"
complete -c jobctl -n "__fish_jobctl_using_subcommand history; and not __fish_seen_subcommand_from record show trend peaks forecast" -l color -d 'When to colour [env: `JOBCTL_COLOR`; default: auto]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`'
always\t'Always, also into pipes'
never\t'Never'"
complete -c jobctl -n "__fish_jobctl_using_subcommand history; and not __fish_seen_subcommand_from record show trend peaks forecast" -l timeout -d 'Give up on a network step after this long [env: `JOBCTL_TIMEOUT`; default: 10s]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand history; and not __fish_seen_subcommand_from record show trend peaks forecast" -l watch -d 'Repeat every SECS seconds (2 unless told) until interrupted' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand history; and not __fish_seen_subcommand_from record show trend peaks forecast" -l config -d 'Read settings from this file [env: `JOBCTL_CONFIG`]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand history; and not __fish_seen_subcommand_from record show trend peaks forecast" -l read-only -d 'Refuse whatever changes, signals or starts something [env: `JOBCTL_READ_ONLY`]'
complete -c jobctl -n "__fish_jobctl_using_subcommand history; and not __fish_seen_subcommand_from record show trend peaks forecast" -s q -l quiet -d 'Leave out notes and hints'
complete -c jobctl -n "__fish_jobctl_using_subcommand history; and not __fish_seen_subcommand_from record show trend peaks forecast" -s v -l verbose -d 'Say more'
complete -c jobctl -n "__fish_jobctl_using_subcommand history; and not __fish_seen_subcommand_from record show trend peaks forecast" -l utc -d 'Print times in UTC'
complete -c jobctl -n "__fish_jobctl_using_subcommand history; and not __fish_seen_subcommand_from record show trend peaks forecast" -l local -d 'Print times in the local zone (the default)'
complete -c jobctl -n "__fish_jobctl_using_subcommand history; and not __fish_seen_subcommand_from record show trend peaks forecast" -l show-secrets -d 'Show passwords and other secrets instead of masking them'
complete -c jobctl -n "__fish_jobctl_using_subcommand history; and not __fish_seen_subcommand_from record show trend peaks forecast" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jobctl -n "__fish_jobctl_using_subcommand history; and not __fish_seen_subcommand_from record show trend peaks forecast" -s V -l version -d 'Print version'
complete -c jobctl -n "__fish_jobctl_using_subcommand history; and not __fish_seen_subcommand_from record show trend peaks forecast" -f -a "record" -d 'Record queues, workers, Redis and the jobs that end, until interrupted'
complete -c jobctl -n "__fish_jobctl_using_subcommand history; and not __fish_seen_subcommand_from record show trend peaks forecast" -f -a "show" -d 'Show what was recorded, by time, method, queue, site or exception'
complete -c jobctl -n "__fish_jobctl_using_subcommand history; and not __fish_seen_subcommand_from record show trend peaks forecast" -f -a "trend" -d 'Show the mean duration of the last 30 days and the failure rate of the last 12 weeks'
complete -c jobctl -n "__fish_jobctl_using_subcommand history; and not __fish_seen_subcommand_from record show trend peaks forecast" -f -a "peaks" -d 'Show at which hours of the day and on which days of the week there is most to do'
complete -c jobctl -n "__fish_jobctl_using_subcommand history; and not __fish_seen_subcommand_from record show trend peaks forecast" -f -a "forecast" -d 'Say how many jobs there will be, and how many workers clear the peak'
complete -c jobctl -n "__fish_jobctl_using_subcommand history; and __fish_seen_subcommand_from record" -l every -d 'How often to sample [default: 30s, or `every` of the settings]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand history; and __fish_seen_subcommand_from record" -l for -d 'End after this long' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand history; and __fish_seen_subcommand_from record" -l file -d 'Record into this file instead of the target\'s' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand history; and __fish_seen_subcommand_from record" -l bench -d 'The bench to work on [env: `JOBCTL_BENCH`; default: the one around the current directory]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand history; and __fish_seen_subcommand_from record" -l site -d 'Only this site; repeatable, or `all` [env: `JOBCTL_SITE`, `FRAPPE_SITE`; default: all]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand history; and __fish_seen_subcommand_from record" -l redis -d 'The Redis to work on, without a bench or instead of the bench\'s own [env: `JOBCTL_REDIS`]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand history; and __fish_seen_subcommand_from record" -s o -l output -d 'How to print the result [env: `JOBCTL_OUTPUT`; default: table, or plain in a pipe]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'The same with every column, cut nowhere'
plain\t'Tab-separated and complete'
json\t'One object with schema, scope, data and notes'
jsonl\t'One item per line'
csv\t'The items as one table, as RFC 4180 says'"
complete -c jobctl -n "__fish_jobctl_using_subcommand history; and __fish_seen_subcommand_from record" -l color -d 'When to colour [env: `JOBCTL_COLOR`; default: auto]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`'
always\t'Always, also into pipes'
never\t'Never'"
complete -c jobctl -n "__fish_jobctl_using_subcommand history; and __fish_seen_subcommand_from record" -l timeout -d 'Give up on a network step after this long [env: `JOBCTL_TIMEOUT`; default: 10s]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand history; and __fish_seen_subcommand_from record" -l watch -d 'Repeat every SECS seconds (2 unless told) until interrupted' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand history; and __fish_seen_subcommand_from record" -l config -d 'Read settings from this file [env: `JOBCTL_CONFIG`]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand history; and __fish_seen_subcommand_from record" -l once -d 'Take one sample and end, for cron'
complete -c jobctl -n "__fish_jobctl_using_subcommand history; and __fish_seen_subcommand_from record" -l read-only -d 'Refuse whatever changes, signals or starts something [env: `JOBCTL_READ_ONLY`]'
complete -c jobctl -n "__fish_jobctl_using_subcommand history; and __fish_seen_subcommand_from record" -s q -l quiet -d 'Leave out notes and hints'
complete -c jobctl -n "__fish_jobctl_using_subcommand history; and __fish_seen_subcommand_from record" -s v -l verbose -d 'Say more'
complete -c jobctl -n "__fish_jobctl_using_subcommand history; and __fish_seen_subcommand_from record" -l utc -d 'Print times in UTC'
complete -c jobctl -n "__fish_jobctl_using_subcommand history; and __fish_seen_subcommand_from record" -l local -d 'Print times in the local zone (the default)'
complete -c jobctl -n "__fish_jobctl_using_subcommand history; and __fish_seen_subcommand_from record" -l show-secrets -d 'Show passwords and other secrets instead of masking them'
complete -c jobctl -n "__fish_jobctl_using_subcommand history; and __fish_seen_subcommand_from record" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jobctl -n "__fish_jobctl_using_subcommand history; and __fish_seen_subcommand_from record" -s V -l version -d 'Print version'
complete -c jobctl -n "__fish_jobctl_using_subcommand history; and __fish_seen_subcommand_from show" -l by -d 'What a row is about' -r -f -a "minute\t'The minute'
hour\t'The hour'
day\t'The day'
method\t'The method'
queue\t'The queue'
site\t'The site'
error\t'The class of the exception, by day'"
complete -c jobctl -n "__fish_jobctl_using_subcommand history; and __fish_seen_subcommand_from show" -l since -d 'From then on: a time, or how long ago' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand history; and __fish_seen_subcommand_from show" -l until -d 'Before then: a time, or how long ago' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand history; and __fish_seen_subcommand_from show" -s n -l limit -d 'At most this many rows; 0 for all' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand history; and __fish_seen_subcommand_from show" -l queue -d 'Only this queue' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand history; and __fish_seen_subcommand_from show" -l method -d 'Only this method' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand history; and __fish_seen_subcommand_from show" -l file -d 'Read this history; then neither a bench nor Redis is needed' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand history; and __fish_seen_subcommand_from show" -l bench -d 'The bench to work on [env: `JOBCTL_BENCH`; default: the one around the current directory]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand history; and __fish_seen_subcommand_from show" -l site -d 'Only this site; repeatable, or `all` [env: `JOBCTL_SITE`, `FRAPPE_SITE`; default: all]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand history; and __fish_seen_subcommand_from show" -l redis -d 'The Redis to work on, without a bench or instead of the bench\'s own [env: `JOBCTL_REDIS`]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand history; and __fish_seen_subcommand_from show" -s o -l output -d 'How to print the result [env: `JOBCTL_OUTPUT`; default: table, or plain in a pipe]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'The same with every column, cut nowhere'
plain\t'Tab-separated and complete'
json\t'One object with schema, scope, data and notes'
jsonl\t'One item per line'
csv\t'The items as one table, as RFC 4180 says'"
complete -c jobctl -n "__fish_jobctl_using_subcommand history; and __fish_seen_subcommand_from show" -l color -d 'When to colour [env: `JOBCTL_COLOR`; default: auto]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`'
always\t'Always, also into pipes'
never\t'Never'"
complete -c jobctl -n "__fish_jobctl_using_subcommand history; and __fish_seen_subcommand_from show" -l timeout -d 'Give up on a network step after this long [env: `JOBCTL_TIMEOUT`; default: 10s]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand history; and __fish_seen_subcommand_from show" -l watch -d 'Repeat every SECS seconds (2 unless told) until interrupted' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand history; and __fish_seen_subcommand_from show" -l config -d 'Read settings from this file [env: `JOBCTL_CONFIG`]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand history; and __fish_seen_subcommand_from show" -l read-only -d 'Refuse whatever changes, signals or starts something [env: `JOBCTL_READ_ONLY`]'
complete -c jobctl -n "__fish_jobctl_using_subcommand history; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Leave out notes and hints'
complete -c jobctl -n "__fish_jobctl_using_subcommand history; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Say more'
complete -c jobctl -n "__fish_jobctl_using_subcommand history; and __fish_seen_subcommand_from show" -l utc -d 'Print times in UTC'
complete -c jobctl -n "__fish_jobctl_using_subcommand history; and __fish_seen_subcommand_from show" -l local -d 'Print times in the local zone (the default)'
complete -c jobctl -n "__fish_jobctl_using_subcommand history; and __fish_seen_subcommand_from show" -l show-secrets -d 'Show passwords and other secrets instead of masking them'
complete -c jobctl -n "__fish_jobctl_using_subcommand history; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jobctl -n "__fish_jobctl_using_subcommand history; and __fish_seen_subcommand_from show" -s V -l version -d 'Print version'
complete -c jobctl -n "__fish_jobctl_using_subcommand history; and __fish_seen_subcommand_from trend" -l queue -d 'Only this queue' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand history; and __fish_seen_subcommand_from trend" -l method -d 'Only this method' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand history; and __fish_seen_subcommand_from trend" -l file -d 'Read this history; then neither a bench nor Redis is needed' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand history; and __fish_seen_subcommand_from trend" -l bench -d 'The bench to work on [env: `JOBCTL_BENCH`; default: the one around the current directory]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand history; and __fish_seen_subcommand_from trend" -l site -d 'Only this site; repeatable, or `all` [env: `JOBCTL_SITE`, `FRAPPE_SITE`; default: all]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand history; and __fish_seen_subcommand_from trend" -l redis -d 'The Redis to work on, without a bench or instead of the bench\'s own [env: `JOBCTL_REDIS`]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand history; and __fish_seen_subcommand_from trend" -s o -l output -d 'How to print the result [env: `JOBCTL_OUTPUT`; default: table, or plain in a pipe]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'The same with every column, cut nowhere'
plain\t'Tab-separated and complete'
json\t'One object with schema, scope, data and notes'
jsonl\t'One item per line'
csv\t'The items as one table, as RFC 4180 says'"
complete -c jobctl -n "__fish_jobctl_using_subcommand history; and __fish_seen_subcommand_from trend" -l color -d 'When to colour [env: `JOBCTL_COLOR`; default: auto]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`'
always\t'Always, also into pipes'
never\t'Never'"
complete -c jobctl -n "__fish_jobctl_using_subcommand history; and __fish_seen_subcommand_from trend" -l timeout -d 'Give up on a network step after this long [env: `JOBCTL_TIMEOUT`; default: 10s]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand history; and __fish_seen_subcommand_from trend" -l watch -d 'Repeat every SECS seconds (2 unless told) until interrupted' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand history; and __fish_seen_subcommand_from trend" -l config -d 'Read settings from this file [env: `JOBCTL_CONFIG`]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand history; and __fish_seen_subcommand_from trend" -l read-only -d 'Refuse whatever changes, signals or starts something [env: `JOBCTL_READ_ONLY`]'
complete -c jobctl -n "__fish_jobctl_using_subcommand history; and __fish_seen_subcommand_from trend" -s q -l quiet -d 'Leave out notes and hints'
complete -c jobctl -n "__fish_jobctl_using_subcommand history; and __fish_seen_subcommand_from trend" -s v -l verbose -d 'Say more'
complete -c jobctl -n "__fish_jobctl_using_subcommand history; and __fish_seen_subcommand_from trend" -l utc -d 'Print times in UTC'
complete -c jobctl -n "__fish_jobctl_using_subcommand history; and __fish_seen_subcommand_from trend" -l local -d 'Print times in the local zone (the default)'
complete -c jobctl -n "__fish_jobctl_using_subcommand history; and __fish_seen_subcommand_from trend" -l show-secrets -d 'Show passwords and other secrets instead of masking them'
complete -c jobctl -n "__fish_jobctl_using_subcommand history; and __fish_seen_subcommand_from trend" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jobctl -n "__fish_jobctl_using_subcommand history; and __fish_seen_subcommand_from trend" -s V -l version -d 'Print version'
complete -c jobctl -n "__fish_jobctl_using_subcommand history; and __fish_seen_subcommand_from peaks" -l since -d 'From then on: a time, or how long ago [default: 8 weeks]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand history; and __fish_seen_subcommand_from peaks" -l queue -d 'Only this queue' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand history; and __fish_seen_subcommand_from peaks" -l method -d 'Only this method' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand history; and __fish_seen_subcommand_from peaks" -l file -d 'Read this history; then neither a bench nor Redis is needed' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand history; and __fish_seen_subcommand_from peaks" -l bench -d 'The bench to work on [env: `JOBCTL_BENCH`; default: the one around the current directory]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand history; and __fish_seen_subcommand_from peaks" -l site -d 'Only this site; repeatable, or `all` [env: `JOBCTL_SITE`, `FRAPPE_SITE`; default: all]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand history; and __fish_seen_subcommand_from peaks" -l redis -d 'The Redis to work on, without a bench or instead of the bench\'s own [env: `JOBCTL_REDIS`]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand history; and __fish_seen_subcommand_from peaks" -s o -l output -d 'How to print the result [env: `JOBCTL_OUTPUT`; default: table, or plain in a pipe]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'The same with every column, cut nowhere'
plain\t'Tab-separated and complete'
json\t'One object with schema, scope, data and notes'
jsonl\t'One item per line'
csv\t'The items as one table, as RFC 4180 says'"
complete -c jobctl -n "__fish_jobctl_using_subcommand history; and __fish_seen_subcommand_from peaks" -l color -d 'When to colour [env: `JOBCTL_COLOR`; default: auto]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`'
always\t'Always, also into pipes'
never\t'Never'"
complete -c jobctl -n "__fish_jobctl_using_subcommand history; and __fish_seen_subcommand_from peaks" -l timeout -d 'Give up on a network step after this long [env: `JOBCTL_TIMEOUT`; default: 10s]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand history; and __fish_seen_subcommand_from peaks" -l watch -d 'Repeat every SECS seconds (2 unless told) until interrupted' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand history; and __fish_seen_subcommand_from peaks" -l config -d 'Read settings from this file [env: `JOBCTL_CONFIG`]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand history; and __fish_seen_subcommand_from peaks" -l read-only -d 'Refuse whatever changes, signals or starts something [env: `JOBCTL_READ_ONLY`]'
complete -c jobctl -n "__fish_jobctl_using_subcommand history; and __fish_seen_subcommand_from peaks" -s q -l quiet -d 'Leave out notes and hints'
complete -c jobctl -n "__fish_jobctl_using_subcommand history; and __fish_seen_subcommand_from peaks" -s v -l verbose -d 'Say more'
complete -c jobctl -n "__fish_jobctl_using_subcommand history; and __fish_seen_subcommand_from peaks" -l utc -d 'Print times in UTC'
complete -c jobctl -n "__fish_jobctl_using_subcommand history; and __fish_seen_subcommand_from peaks" -l local -d 'Print times in the local zone (the default)'
complete -c jobctl -n "__fish_jobctl_using_subcommand history; and __fish_seen_subcommand_from peaks" -l show-secrets -d 'Show passwords and other secrets instead of masking them'
complete -c jobctl -n "__fish_jobctl_using_subcommand history; and __fish_seen_subcommand_from peaks" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jobctl -n "__fish_jobctl_using_subcommand history; and __fish_seen_subcommand_from peaks" -s V -l version -d 'Print version'
complete -c jobctl -n "__fish_jobctl_using_subcommand history; and __fish_seen_subcommand_from forecast" -l within -d 'Within what time a peak is to be worked off' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand history; and __fish_seen_subcommand_from forecast" -l queue -d 'Only this queue' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand history; and __fish_seen_subcommand_from forecast" -l method -d 'Only this method' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand history; and __fish_seen_subcommand_from forecast" -l file -d 'Read this history; then neither a bench nor Redis is needed' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand history; and __fish_seen_subcommand_from forecast" -l bench -d 'The bench to work on [env: `JOBCTL_BENCH`; default: the one around the current directory]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand history; and __fish_seen_subcommand_from forecast" -l site -d 'Only this site; repeatable, or `all` [env: `JOBCTL_SITE`, `FRAPPE_SITE`; default: all]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand history; and __fish_seen_subcommand_from forecast" -l redis -d 'The Redis to work on, without a bench or instead of the bench\'s own [env: `JOBCTL_REDIS`]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand history; and __fish_seen_subcommand_from forecast" -s o -l output -d 'How to print the result [env: `JOBCTL_OUTPUT`; default: table, or plain in a pipe]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'The same with every column, cut nowhere'
plain\t'Tab-separated and complete'
json\t'One object with schema, scope, data and notes'
jsonl\t'One item per line'
csv\t'The items as one table, as RFC 4180 says'"
complete -c jobctl -n "__fish_jobctl_using_subcommand history; and __fish_seen_subcommand_from forecast" -l color -d 'When to colour [env: `JOBCTL_COLOR`; default: auto]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`'
always\t'Always, also into pipes'
never\t'Never'"
complete -c jobctl -n "__fish_jobctl_using_subcommand history; and __fish_seen_subcommand_from forecast" -l timeout -d 'Give up on a network step after this long [env: `JOBCTL_TIMEOUT`; default: 10s]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand history; and __fish_seen_subcommand_from forecast" -l watch -d 'Repeat every SECS seconds (2 unless told) until interrupted' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand history; and __fish_seen_subcommand_from forecast" -l config -d 'Read settings from this file [env: `JOBCTL_CONFIG`]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand history; and __fish_seen_subcommand_from forecast" -l read-only -d 'Refuse whatever changes, signals or starts something [env: `JOBCTL_READ_ONLY`]'
complete -c jobctl -n "__fish_jobctl_using_subcommand history; and __fish_seen_subcommand_from forecast" -s q -l quiet -d 'Leave out notes and hints'
complete -c jobctl -n "__fish_jobctl_using_subcommand history; and __fish_seen_subcommand_from forecast" -s v -l verbose -d 'Say more'
complete -c jobctl -n "__fish_jobctl_using_subcommand history; and __fish_seen_subcommand_from forecast" -l utc -d 'Print times in UTC'
complete -c jobctl -n "__fish_jobctl_using_subcommand history; and __fish_seen_subcommand_from forecast" -l local -d 'Print times in the local zone (the default)'
complete -c jobctl -n "__fish_jobctl_using_subcommand history; and __fish_seen_subcommand_from forecast" -l show-secrets -d 'Show passwords and other secrets instead of masking them'
complete -c jobctl -n "__fish_jobctl_using_subcommand history; and __fish_seen_subcommand_from forecast" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jobctl -n "__fish_jobctl_using_subcommand history; and __fish_seen_subcommand_from forecast" -s V -l version -d 'Print version'
complete -c jobctl -n "__fish_jobctl_using_subcommand purge-jobs" -l queue -d 'Only jobs of this queue, by its short or full name; repeatable' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand purge-jobs" -l status -d 'Only jobs in this state; repeatable' -r -f -a "queued\t'Waits in the queue\'s list'
started\t'Runs'
finished\t'Ended well'
failed\t'Ended with an exception'
stopped\t'Stopped by command'
scheduled\t'Waits for its time'
deferred\t'Waits for other jobs'
canceled\t'Canceled'"
complete -c jobctl -n "__fish_jobctl_using_subcommand purge-jobs" -l method -d 'Only jobs whose method fits this pattern, such as `erpnext.*.submit`' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand purge-jobs" -l event -d 'Only Frappe jobs of this event: scheduled jobs by the frequency of their type, such as `daily_long` (`any`: all of them), others by the event that they were enqueued for; repeatable' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand purge-jobs" -l user -d 'Only Frappe jobs that this user enqueued' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand purge-jobs" -l exception -d 'Only jobs whose failure fits this regular expression, in any letter case' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand purge-jobs" -l arg -d 'Only jobs with this value among their arguments, as `filters.company=ACME`; repeatable' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand purge-jobs" -l older-than -d 'Only jobs that have been in their state for this long, such as 2h' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand purge-jobs" -l since -d 'Only jobs that came into their state since then: a time, or how long ago' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand purge-jobs" -l until -d 'Only jobs that came into their state before then: a time, or how long ago' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand purge-jobs" -l id -d 'Only the job with this id; repeatable' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand purge-jobs" -l keep-newest -d 'In each queue, leave the N newest of the jobs that match' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand purge-jobs" -l dependents -d 'What becomes of jobs that wait for one that goes' -r -f -a "leave\t'They go on waiting, for ever'
cancel\t'They are canceled, and those that wait for them'
release\t'They are queued, if they wait for nothing else'"
complete -c jobctl -n "__fish_jobctl_using_subcommand purge-jobs" -l reason -d 'Say why, for the journal and the audit log' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand purge-jobs" -l limit -d 'Only the first N, in the order of the queues' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand purge-jobs" -l bench -d 'The bench to work on [env: `JOBCTL_BENCH`; default: the one around the current directory]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand purge-jobs" -l site -d 'Only this site; repeatable, or `all` [env: `JOBCTL_SITE`, `FRAPPE_SITE`; default: all]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand purge-jobs" -l redis -d 'The Redis to work on, without a bench or instead of the bench\'s own [env: `JOBCTL_REDIS`]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand purge-jobs" -s o -l output -d 'How to print the result [env: `JOBCTL_OUTPUT`; default: table, or plain in a pipe]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'The same with every column, cut nowhere'
plain\t'Tab-separated and complete'
json\t'One object with schema, scope, data and notes'
jsonl\t'One item per line'
csv\t'The items as one table, as RFC 4180 says'"
complete -c jobctl -n "__fish_jobctl_using_subcommand purge-jobs" -l color -d 'When to colour [env: `JOBCTL_COLOR`; default: auto]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`'
always\t'Always, also into pipes'
never\t'Never'"
complete -c jobctl -n "__fish_jobctl_using_subcommand purge-jobs" -l timeout -d 'Give up on a network step after this long [env: `JOBCTL_TIMEOUT`; default: 10s]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand purge-jobs" -l watch -d 'Repeat every SECS seconds (2 unless told) until interrupted' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand purge-jobs" -l config -d 'Read settings from this file [env: `JOBCTL_CONFIG`]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand purge-jobs" -l all -d 'Take every job of the bench in these states'
complete -c jobctl -n "__fish_jobctl_using_subcommand purge-jobs" -l dry-run -d 'Show the plan and change nothing'
complete -c jobctl -n "__fish_jobctl_using_subcommand purge-jobs" -s y -l yes -d 'Do not ask on a terminal'
complete -c jobctl -n "__fish_jobctl_using_subcommand purge-jobs" -l no-undo -d 'Keep no journal: what is done cannot be undone'
complete -c jobctl -n "__fish_jobctl_using_subcommand purge-jobs" -l read-only -d 'Refuse whatever changes, signals or starts something [env: `JOBCTL_READ_ONLY`]'
complete -c jobctl -n "__fish_jobctl_using_subcommand purge-jobs" -s q -l quiet -d 'Leave out notes and hints'
complete -c jobctl -n "__fish_jobctl_using_subcommand purge-jobs" -s v -l verbose -d 'Say more'
complete -c jobctl -n "__fish_jobctl_using_subcommand purge-jobs" -l utc -d 'Print times in UTC'
complete -c jobctl -n "__fish_jobctl_using_subcommand purge-jobs" -l local -d 'Print times in the local zone (the default)'
complete -c jobctl -n "__fish_jobctl_using_subcommand purge-jobs" -l show-secrets -d 'Show passwords and other secrets instead of masking them'
complete -c jobctl -n "__fish_jobctl_using_subcommand purge-jobs" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jobctl -n "__fish_jobctl_using_subcommand purge-jobs" -s V -l version -d 'Print version'
complete -c jobctl -n "__fish_jobctl_using_subcommand trigger-scheduler-event" -l wait -d 'Follow the jobs to their ends, for no longer than this where it is given' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand trigger-scheduler-event" -l rate -d 'So many a second, waiting while the queue holds as many as Frappe allows' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand trigger-scheduler-event" -l reason -d 'Say why, for the journal and the audit log' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand trigger-scheduler-event" -l limit -d 'Only the first N, in the order of the queues' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand trigger-scheduler-event" -l bench -d 'The bench to work on [env: `JOBCTL_BENCH`; default: the one around the current directory]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand trigger-scheduler-event" -l site -d 'Only this site; repeatable, or `all` [env: `JOBCTL_SITE`, `FRAPPE_SITE`; default: all]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand trigger-scheduler-event" -l redis -d 'The Redis to work on, without a bench or instead of the bench\'s own [env: `JOBCTL_REDIS`]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand trigger-scheduler-event" -s o -l output -d 'How to print the result [env: `JOBCTL_OUTPUT`; default: table, or plain in a pipe]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'The same with every column, cut nowhere'
plain\t'Tab-separated and complete'
json\t'One object with schema, scope, data and notes'
jsonl\t'One item per line'
csv\t'The items as one table, as RFC 4180 says'"
complete -c jobctl -n "__fish_jobctl_using_subcommand trigger-scheduler-event" -l color -d 'When to colour [env: `JOBCTL_COLOR`; default: auto]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`'
always\t'Always, also into pipes'
never\t'Never'"
complete -c jobctl -n "__fish_jobctl_using_subcommand trigger-scheduler-event" -l timeout -d 'Give up on a network step after this long [env: `JOBCTL_TIMEOUT`; default: 10s]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand trigger-scheduler-event" -l watch -d 'Repeat every SECS seconds (2 unless told) until interrupted' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand trigger-scheduler-event" -l config -d 'Read settings from this file [env: `JOBCTL_CONFIG`]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand trigger-scheduler-event" -l inline -d 'Have Frappe run them here and now, one after the other, without a queue'
complete -c jobctl -n "__fish_jobctl_using_subcommand trigger-scheduler-event" -l over-cap -d 'Put more jobs into a queue than Frappe allows'
complete -c jobctl -n "__fish_jobctl_using_subcommand trigger-scheduler-event" -l dry-run -d 'Show the plan and change nothing'
complete -c jobctl -n "__fish_jobctl_using_subcommand trigger-scheduler-event" -s y -l yes -d 'Do not ask on a terminal'
complete -c jobctl -n "__fish_jobctl_using_subcommand trigger-scheduler-event" -l no-undo -d 'Keep no journal: what is done cannot be undone'
complete -c jobctl -n "__fish_jobctl_using_subcommand trigger-scheduler-event" -l read-only -d 'Refuse whatever changes, signals or starts something [env: `JOBCTL_READ_ONLY`]'
complete -c jobctl -n "__fish_jobctl_using_subcommand trigger-scheduler-event" -s q -l quiet -d 'Leave out notes and hints'
complete -c jobctl -n "__fish_jobctl_using_subcommand trigger-scheduler-event" -s v -l verbose -d 'Say more'
complete -c jobctl -n "__fish_jobctl_using_subcommand trigger-scheduler-event" -l utc -d 'Print times in UTC'
complete -c jobctl -n "__fish_jobctl_using_subcommand trigger-scheduler-event" -l local -d 'Print times in the local zone (the default)'
complete -c jobctl -n "__fish_jobctl_using_subcommand trigger-scheduler-event" -l show-secrets -d 'Show passwords and other secrets instead of masking them'
complete -c jobctl -n "__fish_jobctl_using_subcommand trigger-scheduler-event" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jobctl -n "__fish_jobctl_using_subcommand trigger-scheduler-event" -s V -l version -d 'Print version'
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and not __fish_seen_subcommand_from status list next log enable disable pause resume stop-job start-job" -s f -l format -d 'As bench spells `--output`' -r -f -a "json\t''
text\t''"
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and not __fish_seen_subcommand_from status list next log enable disable pause resume stop-job start-job" -l bench -d 'The bench to work on [env: `JOBCTL_BENCH`; default: the one around the current directory]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and not __fish_seen_subcommand_from status list next log enable disable pause resume stop-job start-job" -l site -d 'Only this site; repeatable, or `all` [env: `JOBCTL_SITE`, `FRAPPE_SITE`; default: all]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and not __fish_seen_subcommand_from status list next log enable disable pause resume stop-job start-job" -l redis -d 'The Redis to work on, without a bench or instead of the bench\'s own [env: `JOBCTL_REDIS`]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and not __fish_seen_subcommand_from status list next log enable disable pause resume stop-job start-job" -s o -l output -d 'How to print the result [env: `JOBCTL_OUTPUT`; default: table, or plain in a pipe]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'The same with every column, cut nowhere'
plain\t'Tab-separated and complete'
json\t'One object with schema, scope, data and notes'
jsonl\t'One item per line'
csv\t'The items as one table, as RFC 4180 says'"
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and not __fish_seen_subcommand_from status list next log enable disable pause resume stop-job start-job" -l color -d 'When to colour [env: `JOBCTL_COLOR`; default: auto]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`'
always\t'Always, also into pipes'
never\t'Never'"
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and not __fish_seen_subcommand_from status list next log enable disable pause resume stop-job start-job" -l timeout -d 'Give up on a network step after this long [env: `JOBCTL_TIMEOUT`; default: 10s]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and not __fish_seen_subcommand_from status list next log enable disable pause resume stop-job start-job" -l watch -d 'Repeat every SECS seconds (2 unless told) until interrupted' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and not __fish_seen_subcommand_from status list next log enable disable pause resume stop-job start-job" -l config -d 'Read settings from this file [env: `JOBCTL_CONFIG`]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and not __fish_seen_subcommand_from status list next log enable disable pause resume stop-job start-job" -l read-only -d 'Refuse whatever changes, signals or starts something [env: `JOBCTL_READ_ONLY`]'
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and not __fish_seen_subcommand_from status list next log enable disable pause resume stop-job start-job" -s q -l quiet -d 'Leave out notes and hints'
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and not __fish_seen_subcommand_from status list next log enable disable pause resume stop-job start-job" -s v -l verbose -d 'Say more'
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and not __fish_seen_subcommand_from status list next log enable disable pause resume stop-job start-job" -l utc -d 'Print times in UTC'
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and not __fish_seen_subcommand_from status list next log enable disable pause resume stop-job start-job" -l local -d 'Print times in the local zone (the default)'
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and not __fish_seen_subcommand_from status list next log enable disable pause resume stop-job start-job" -l show-secrets -d 'Show passwords and other secrets instead of masking them'
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and not __fish_seen_subcommand_from status list next log enable disable pause resume stop-job start-job" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and not __fish_seen_subcommand_from status list next log enable disable pause resume stop-job start-job" -s V -l version -d 'Print version'
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and not __fish_seen_subcommand_from status list next log enable disable pause resume stop-job start-job" -f -a "status" -d 'Say for each site whether its scheduled jobs are enqueued, and why not'
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and not __fish_seen_subcommand_from status list next log enable disable pause resume stop-job start-job" -f -a "list" -d 'List the scheduled job types of sites: how often, when last and next, and what is wrong'
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and not __fish_seen_subcommand_from status list next log enable disable pause resume stop-job start-job" -f -a "next" -d 'Show what is due when: a timeline of the scheduled job types of sites'
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and not __fish_seen_subcommand_from status list next log enable disable pause resume stop-job start-job" -f -a "log" -d 'Show past runs of the scheduled job types of sites, and why they failed'
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and not __fish_seen_subcommand_from status list next log enable disable pause resume stop-job start-job" -f -a "enable" -d 'Enable the scheduler of sites'
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and not __fish_seen_subcommand_from status list next log enable disable pause resume stop-job start-job" -f -a "disable" -d 'Disable the scheduler of sites: no scheduled job is enqueued'
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and not __fish_seen_subcommand_from status list next log enable disable pause resume stop-job start-job" -f -a "pause" -d 'Pause the scheduler of sites: no scheduled job is enqueued'
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and not __fish_seen_subcommand_from status list next log enable disable pause resume stop-job start-job" -f -a "resume" -d 'Resume the scheduler of sites'
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and not __fish_seen_subcommand_from status list next log enable disable pause resume stop-job start-job" -f -a "stop-job" -d 'Let the scheduler pass a job type over'
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and not __fish_seen_subcommand_from status list next log enable disable pause resume stop-job start-job" -f -a "start-job" -d 'Let the scheduler look at a stopped job type again'
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from status" -s f -l format -d 'As bench spells `--output`' -r -f -a "json\t''
text\t''"
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from status" -l bench -d 'The bench to work on [env: `JOBCTL_BENCH`; default: the one around the current directory]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from status" -l site -d 'Only this site; repeatable, or `all` [env: `JOBCTL_SITE`, `FRAPPE_SITE`; default: all]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from status" -l redis -d 'The Redis to work on, without a bench or instead of the bench\'s own [env: `JOBCTL_REDIS`]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from status" -s o -l output -d 'How to print the result [env: `JOBCTL_OUTPUT`; default: table, or plain in a pipe]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'The same with every column, cut nowhere'
plain\t'Tab-separated and complete'
json\t'One object with schema, scope, data and notes'
jsonl\t'One item per line'
csv\t'The items as one table, as RFC 4180 says'"
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from status" -l color -d 'When to colour [env: `JOBCTL_COLOR`; default: auto]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`'
always\t'Always, also into pipes'
never\t'Never'"
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from status" -l timeout -d 'Give up on a network step after this long [env: `JOBCTL_TIMEOUT`; default: 10s]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from status" -l watch -d 'Repeat every SECS seconds (2 unless told) until interrupted' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from status" -l config -d 'Read settings from this file [env: `JOBCTL_CONFIG`]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from status" -l read-only -d 'Refuse whatever changes, signals or starts something [env: `JOBCTL_READ_ONLY`]'
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from status" -s q -l quiet -d 'Leave out notes and hints'
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from status" -s v -l verbose -d 'Say more'
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from status" -l utc -d 'Print times in UTC'
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from status" -l local -d 'Print times in the local zone (the default)'
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from status" -l show-secrets -d 'Show passwords and other secrets instead of masking them'
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from status" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from status" -s V -l version -d 'Print version'
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from list" -l frequency -d 'Only this frequency, such as `Daily` or `hourly_long`' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from list" -l method -d 'Only methods, or keys of types, that fit this pattern, such as `erpnext.*`' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from list" -s f -l format -d 'As bench spells `--output`' -r -f -a "json\t''
text\t''"
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from list" -l bench -d 'The bench to work on [env: `JOBCTL_BENCH`; default: the one around the current directory]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from list" -l site -d 'Only this site; repeatable, or `all` [env: `JOBCTL_SITE`, `FRAPPE_SITE`; default: all]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from list" -l redis -d 'The Redis to work on, without a bench or instead of the bench\'s own [env: `JOBCTL_REDIS`]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from list" -s o -l output -d 'How to print the result [env: `JOBCTL_OUTPUT`; default: table, or plain in a pipe]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'The same with every column, cut nowhere'
plain\t'Tab-separated and complete'
json\t'One object with schema, scope, data and notes'
jsonl\t'One item per line'
csv\t'The items as one table, as RFC 4180 says'"
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from list" -l color -d 'When to colour [env: `JOBCTL_COLOR`; default: auto]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`'
always\t'Always, also into pipes'
never\t'Never'"
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from list" -l timeout -d 'Give up on a network step after this long [env: `JOBCTL_TIMEOUT`; default: 10s]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from list" -l watch -d 'Repeat every SECS seconds (2 unless told) until interrupted' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from list" -l config -d 'Read settings from this file [env: `JOBCTL_CONFIG`]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from list" -l stopped -d 'Only those that are stopped'
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from list" -l overdue -d 'Only those that are overdue'
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from list" -l failing -d 'Only those that failed within seven days'
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from list" -l read-only -d 'Refuse whatever changes, signals or starts something [env: `JOBCTL_READ_ONLY`]'
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Leave out notes and hints'
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Say more'
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from list" -l utc -d 'Print times in UTC'
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from list" -l local -d 'Print times in the local zone (the default)'
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from list" -l show-secrets -d 'Show passwords and other secrets instead of masking them'
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from list" -s V -l version -d 'Print version'
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from next" -l method -d 'Only methods, or keys of types, that fit this pattern, such as `erpnext.*`' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from next" -s f -l format -d 'As bench spells `--output`' -r -f -a "json\t''
text\t''"
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from next" -l bench -d 'The bench to work on [env: `JOBCTL_BENCH`; default: the one around the current directory]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from next" -l site -d 'Only this site; repeatable, or `all` [env: `JOBCTL_SITE`, `FRAPPE_SITE`; default: all]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from next" -l redis -d 'The Redis to work on, without a bench or instead of the bench\'s own [env: `JOBCTL_REDIS`]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from next" -s o -l output -d 'How to print the result [env: `JOBCTL_OUTPUT`; default: table, or plain in a pipe]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'The same with every column, cut nowhere'
plain\t'Tab-separated and complete'
json\t'One object with schema, scope, data and notes'
jsonl\t'One item per line'
csv\t'The items as one table, as RFC 4180 says'"
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from next" -l color -d 'When to colour [env: `JOBCTL_COLOR`; default: auto]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`'
always\t'Always, also into pipes'
never\t'Never'"
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from next" -l timeout -d 'Give up on a network step after this long [env: `JOBCTL_TIMEOUT`; default: 10s]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from next" -l watch -d 'Repeat every SECS seconds (2 unless told) until interrupted' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from next" -l config -d 'Read settings from this file [env: `JOBCTL_CONFIG`]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from next" -l read-only -d 'Refuse whatever changes, signals or starts something [env: `JOBCTL_READ_ONLY`]'
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from next" -s q -l quiet -d 'Leave out notes and hints'
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from next" -s v -l verbose -d 'Say more'
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from next" -l utc -d 'Print times in UTC'
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from next" -l local -d 'Print times in the local zone (the default)'
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from next" -l show-secrets -d 'Show passwords and other secrets instead of masking them'
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from next" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from next" -s V -l version -d 'Print version'
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from log" -l since -d 'Only runs that began since then: a time, or how long ago' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from log" -l status -d 'Only runs with this status' -r -f -a "complete\t'It ended well'
failed\t'It ended with an error'
start\t'It runs, or its process died'
scheduled\t'It is about to run'"
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from log" -l method -d 'Only methods, or keys of types, that fit this pattern, such as `erpnext.*`' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from log" -s n -l limit -d 'At most this many runs, the newest' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from log" -s f -l format -d 'As bench spells `--output`' -r -f -a "json\t''
text\t''"
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from log" -l bench -d 'The bench to work on [env: `JOBCTL_BENCH`; default: the one around the current directory]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from log" -l site -d 'Only this site; repeatable, or `all` [env: `JOBCTL_SITE`, `FRAPPE_SITE`; default: all]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from log" -l redis -d 'The Redis to work on, without a bench or instead of the bench\'s own [env: `JOBCTL_REDIS`]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from log" -s o -l output -d 'How to print the result [env: `JOBCTL_OUTPUT`; default: table, or plain in a pipe]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'The same with every column, cut nowhere'
plain\t'Tab-separated and complete'
json\t'One object with schema, scope, data and notes'
jsonl\t'One item per line'
csv\t'The items as one table, as RFC 4180 says'"
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from log" -l color -d 'When to colour [env: `JOBCTL_COLOR`; default: auto]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`'
always\t'Always, also into pipes'
never\t'Never'"
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from log" -l timeout -d 'Give up on a network step after this long [env: `JOBCTL_TIMEOUT`; default: 10s]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from log" -l watch -d 'Repeat every SECS seconds (2 unless told) until interrupted' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from log" -l config -d 'Read settings from this file [env: `JOBCTL_CONFIG`]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from log" -l read-only -d 'Refuse whatever changes, signals or starts something [env: `JOBCTL_READ_ONLY`]'
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from log" -s q -l quiet -d 'Leave out notes and hints'
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from log" -s v -l verbose -d 'Say more'
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from log" -l utc -d 'Print times in UTC'
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from log" -l local -d 'Print times in the local zone (the default)'
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from log" -l show-secrets -d 'Show passwords and other secrets instead of masking them'
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from log" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from log" -s V -l version -d 'Print version'
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from enable" -l reason -d 'Say why, for the journal and the audit log' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from enable" -l limit -d 'Only the first N, in the order of the queues' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from enable" -s f -l format -d 'As bench spells `--output`' -r -f -a "json\t''
text\t''"
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from enable" -l bench -d 'The bench to work on [env: `JOBCTL_BENCH`; default: the one around the current directory]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from enable" -l site -d 'Only this site; repeatable, or `all` [env: `JOBCTL_SITE`, `FRAPPE_SITE`; default: all]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from enable" -l redis -d 'The Redis to work on, without a bench or instead of the bench\'s own [env: `JOBCTL_REDIS`]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from enable" -s o -l output -d 'How to print the result [env: `JOBCTL_OUTPUT`; default: table, or plain in a pipe]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'The same with every column, cut nowhere'
plain\t'Tab-separated and complete'
json\t'One object with schema, scope, data and notes'
jsonl\t'One item per line'
csv\t'The items as one table, as RFC 4180 says'"
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from enable" -l color -d 'When to colour [env: `JOBCTL_COLOR`; default: auto]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`'
always\t'Always, also into pipes'
never\t'Never'"
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from enable" -l timeout -d 'Give up on a network step after this long [env: `JOBCTL_TIMEOUT`; default: 10s]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from enable" -l watch -d 'Repeat every SECS seconds (2 unless told) until interrupted' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from enable" -l config -d 'Read settings from this file [env: `JOBCTL_CONFIG`]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from enable" -l dry-run -d 'Show the plan and change nothing'
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from enable" -s y -l yes -d 'Do not ask on a terminal'
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from enable" -l no-undo -d 'Keep no journal: what is done cannot be undone'
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from enable" -l read-only -d 'Refuse whatever changes, signals or starts something [env: `JOBCTL_READ_ONLY`]'
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from enable" -s q -l quiet -d 'Leave out notes and hints'
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from enable" -s v -l verbose -d 'Say more'
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from enable" -l utc -d 'Print times in UTC'
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from enable" -l local -d 'Print times in the local zone (the default)'
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from enable" -l show-secrets -d 'Show passwords and other secrets instead of masking them'
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from enable" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from enable" -s V -l version -d 'Print version'
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from disable" -l reason -d 'Say why, for the journal and the audit log' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from disable" -l limit -d 'Only the first N, in the order of the queues' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from disable" -s f -l format -d 'As bench spells `--output`' -r -f -a "json\t''
text\t''"
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from disable" -l bench -d 'The bench to work on [env: `JOBCTL_BENCH`; default: the one around the current directory]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from disable" -l site -d 'Only this site; repeatable, or `all` [env: `JOBCTL_SITE`, `FRAPPE_SITE`; default: all]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from disable" -l redis -d 'The Redis to work on, without a bench or instead of the bench\'s own [env: `JOBCTL_REDIS`]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from disable" -s o -l output -d 'How to print the result [env: `JOBCTL_OUTPUT`; default: table, or plain in a pipe]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'The same with every column, cut nowhere'
plain\t'Tab-separated and complete'
json\t'One object with schema, scope, data and notes'
jsonl\t'One item per line'
csv\t'The items as one table, as RFC 4180 says'"
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from disable" -l color -d 'When to colour [env: `JOBCTL_COLOR`; default: auto]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`'
always\t'Always, also into pipes'
never\t'Never'"
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from disable" -l timeout -d 'Give up on a network step after this long [env: `JOBCTL_TIMEOUT`; default: 10s]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from disable" -l watch -d 'Repeat every SECS seconds (2 unless told) until interrupted' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from disable" -l config -d 'Read settings from this file [env: `JOBCTL_CONFIG`]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from disable" -l dry-run -d 'Show the plan and change nothing'
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from disable" -s y -l yes -d 'Do not ask on a terminal'
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from disable" -l no-undo -d 'Keep no journal: what is done cannot be undone'
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from disable" -l read-only -d 'Refuse whatever changes, signals or starts something [env: `JOBCTL_READ_ONLY`]'
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from disable" -s q -l quiet -d 'Leave out notes and hints'
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from disable" -s v -l verbose -d 'Say more'
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from disable" -l utc -d 'Print times in UTC'
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from disable" -l local -d 'Print times in the local zone (the default)'
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from disable" -l show-secrets -d 'Show passwords and other secrets instead of masking them'
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from disable" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from disable" -s V -l version -d 'Print version'
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from pause" -l reason -d 'Say why, for the journal and the audit log' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from pause" -l limit -d 'Only the first N, in the order of the queues' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from pause" -s f -l format -d 'As bench spells `--output`' -r -f -a "json\t''
text\t''"
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from pause" -l bench -d 'The bench to work on [env: `JOBCTL_BENCH`; default: the one around the current directory]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from pause" -l site -d 'Only this site; repeatable, or `all` [env: `JOBCTL_SITE`, `FRAPPE_SITE`; default: all]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from pause" -l redis -d 'The Redis to work on, without a bench or instead of the bench\'s own [env: `JOBCTL_REDIS`]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from pause" -s o -l output -d 'How to print the result [env: `JOBCTL_OUTPUT`; default: table, or plain in a pipe]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'The same with every column, cut nowhere'
plain\t'Tab-separated and complete'
json\t'One object with schema, scope, data and notes'
jsonl\t'One item per line'
csv\t'The items as one table, as RFC 4180 says'"
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from pause" -l color -d 'When to colour [env: `JOBCTL_COLOR`; default: auto]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`'
always\t'Always, also into pipes'
never\t'Never'"
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from pause" -l timeout -d 'Give up on a network step after this long [env: `JOBCTL_TIMEOUT`; default: 10s]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from pause" -l watch -d 'Repeat every SECS seconds (2 unless told) until interrupted' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from pause" -l config -d 'Read settings from this file [env: `JOBCTL_CONFIG`]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from pause" -l dry-run -d 'Show the plan and change nothing'
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from pause" -s y -l yes -d 'Do not ask on a terminal'
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from pause" -l no-undo -d 'Keep no journal: what is done cannot be undone'
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from pause" -l read-only -d 'Refuse whatever changes, signals or starts something [env: `JOBCTL_READ_ONLY`]'
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from pause" -s q -l quiet -d 'Leave out notes and hints'
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from pause" -s v -l verbose -d 'Say more'
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from pause" -l utc -d 'Print times in UTC'
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from pause" -l local -d 'Print times in the local zone (the default)'
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from pause" -l show-secrets -d 'Show passwords and other secrets instead of masking them'
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from pause" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from pause" -s V -l version -d 'Print version'
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from resume" -l reason -d 'Say why, for the journal and the audit log' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from resume" -l limit -d 'Only the first N, in the order of the queues' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from resume" -s f -l format -d 'As bench spells `--output`' -r -f -a "json\t''
text\t''"
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from resume" -l bench -d 'The bench to work on [env: `JOBCTL_BENCH`; default: the one around the current directory]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from resume" -l site -d 'Only this site; repeatable, or `all` [env: `JOBCTL_SITE`, `FRAPPE_SITE`; default: all]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from resume" -l redis -d 'The Redis to work on, without a bench or instead of the bench\'s own [env: `JOBCTL_REDIS`]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from resume" -s o -l output -d 'How to print the result [env: `JOBCTL_OUTPUT`; default: table, or plain in a pipe]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'The same with every column, cut nowhere'
plain\t'Tab-separated and complete'
json\t'One object with schema, scope, data and notes'
jsonl\t'One item per line'
csv\t'The items as one table, as RFC 4180 says'"
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from resume" -l color -d 'When to colour [env: `JOBCTL_COLOR`; default: auto]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`'
always\t'Always, also into pipes'
never\t'Never'"
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from resume" -l timeout -d 'Give up on a network step after this long [env: `JOBCTL_TIMEOUT`; default: 10s]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from resume" -l watch -d 'Repeat every SECS seconds (2 unless told) until interrupted' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from resume" -l config -d 'Read settings from this file [env: `JOBCTL_CONFIG`]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from resume" -l override-bench -d 'Let the site\'s own file win over a pause in the common file'
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from resume" -l dry-run -d 'Show the plan and change nothing'
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from resume" -s y -l yes -d 'Do not ask on a terminal'
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from resume" -l no-undo -d 'Keep no journal: what is done cannot be undone'
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from resume" -l read-only -d 'Refuse whatever changes, signals or starts something [env: `JOBCTL_READ_ONLY`]'
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from resume" -s q -l quiet -d 'Leave out notes and hints'
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from resume" -s v -l verbose -d 'Say more'
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from resume" -l utc -d 'Print times in UTC'
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from resume" -l local -d 'Print times in the local zone (the default)'
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from resume" -l show-secrets -d 'Show passwords and other secrets instead of masking them'
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from resume" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from resume" -s V -l version -d 'Print version'
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from stop-job" -l reason -d 'Say why, for the journal and the audit log' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from stop-job" -l limit -d 'Only the first N, in the order of the queues' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from stop-job" -s f -l format -d 'As bench spells `--output`' -r -f -a "json\t''
text\t''"
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from stop-job" -l bench -d 'The bench to work on [env: `JOBCTL_BENCH`; default: the one around the current directory]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from stop-job" -l site -d 'Only this site; repeatable, or `all` [env: `JOBCTL_SITE`, `FRAPPE_SITE`; default: all]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from stop-job" -l redis -d 'The Redis to work on, without a bench or instead of the bench\'s own [env: `JOBCTL_REDIS`]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from stop-job" -s o -l output -d 'How to print the result [env: `JOBCTL_OUTPUT`; default: table, or plain in a pipe]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'The same with every column, cut nowhere'
plain\t'Tab-separated and complete'
json\t'One object with schema, scope, data and notes'
jsonl\t'One item per line'
csv\t'The items as one table, as RFC 4180 says'"
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from stop-job" -l color -d 'When to colour [env: `JOBCTL_COLOR`; default: auto]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`'
always\t'Always, also into pipes'
never\t'Never'"
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from stop-job" -l timeout -d 'Give up on a network step after this long [env: `JOBCTL_TIMEOUT`; default: 10s]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from stop-job" -l watch -d 'Repeat every SECS seconds (2 unless told) until interrupted' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from stop-job" -l config -d 'Read settings from this file [env: `JOBCTL_CONFIG`]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from stop-job" -l dry-run -d 'Show the plan and change nothing'
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from stop-job" -s y -l yes -d 'Do not ask on a terminal'
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from stop-job" -l no-undo -d 'Keep no journal: what is done cannot be undone'
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from stop-job" -l read-only -d 'Refuse whatever changes, signals or starts something [env: `JOBCTL_READ_ONLY`]'
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from stop-job" -s q -l quiet -d 'Leave out notes and hints'
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from stop-job" -s v -l verbose -d 'Say more'
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from stop-job" -l utc -d 'Print times in UTC'
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from stop-job" -l local -d 'Print times in the local zone (the default)'
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from stop-job" -l show-secrets -d 'Show passwords and other secrets instead of masking them'
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from stop-job" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from stop-job" -s V -l version -d 'Print version'
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from start-job" -l reason -d 'Say why, for the journal and the audit log' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from start-job" -l limit -d 'Only the first N, in the order of the queues' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from start-job" -s f -l format -d 'As bench spells `--output`' -r -f -a "json\t''
text\t''"
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from start-job" -l bench -d 'The bench to work on [env: `JOBCTL_BENCH`; default: the one around the current directory]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from start-job" -l site -d 'Only this site; repeatable, or `all` [env: `JOBCTL_SITE`, `FRAPPE_SITE`; default: all]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from start-job" -l redis -d 'The Redis to work on, without a bench or instead of the bench\'s own [env: `JOBCTL_REDIS`]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from start-job" -s o -l output -d 'How to print the result [env: `JOBCTL_OUTPUT`; default: table, or plain in a pipe]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'The same with every column, cut nowhere'
plain\t'Tab-separated and complete'
json\t'One object with schema, scope, data and notes'
jsonl\t'One item per line'
csv\t'The items as one table, as RFC 4180 says'"
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from start-job" -l color -d 'When to colour [env: `JOBCTL_COLOR`; default: auto]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`'
always\t'Always, also into pipes'
never\t'Never'"
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from start-job" -l timeout -d 'Give up on a network step after this long [env: `JOBCTL_TIMEOUT`; default: 10s]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from start-job" -l watch -d 'Repeat every SECS seconds (2 unless told) until interrupted' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from start-job" -l config -d 'Read settings from this file [env: `JOBCTL_CONFIG`]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from start-job" -l dry-run -d 'Show the plan and change nothing'
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from start-job" -s y -l yes -d 'Do not ask on a terminal'
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from start-job" -l no-undo -d 'Keep no journal: what is done cannot be undone'
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from start-job" -l read-only -d 'Refuse whatever changes, signals or starts something [env: `JOBCTL_READ_ONLY`]'
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from start-job" -s q -l quiet -d 'Leave out notes and hints'
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from start-job" -s v -l verbose -d 'Say more'
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from start-job" -l utc -d 'Print times in UTC'
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from start-job" -l local -d 'Print times in the local zone (the default)'
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from start-job" -l show-secrets -d 'Show passwords and other secrets instead of masking them'
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from start-job" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jobctl -n "__fish_jobctl_using_subcommand scheduler; and __fish_seen_subcommand_from start-job" -s V -l version -d 'Print version'
complete -c jobctl -n "__fish_jobctl_using_subcommand enable-scheduler" -l reason -d 'Say why, for the journal and the audit log' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand enable-scheduler" -l limit -d 'Only the first N, in the order of the queues' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand enable-scheduler" -l bench -d 'The bench to work on [env: `JOBCTL_BENCH`; default: the one around the current directory]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand enable-scheduler" -l site -d 'Only this site; repeatable, or `all` [env: `JOBCTL_SITE`, `FRAPPE_SITE`; default: all]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand enable-scheduler" -l redis -d 'The Redis to work on, without a bench or instead of the bench\'s own [env: `JOBCTL_REDIS`]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand enable-scheduler" -s o -l output -d 'How to print the result [env: `JOBCTL_OUTPUT`; default: table, or plain in a pipe]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'The same with every column, cut nowhere'
plain\t'Tab-separated and complete'
json\t'One object with schema, scope, data and notes'
jsonl\t'One item per line'
csv\t'The items as one table, as RFC 4180 says'"
complete -c jobctl -n "__fish_jobctl_using_subcommand enable-scheduler" -l color -d 'When to colour [env: `JOBCTL_COLOR`; default: auto]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`'
always\t'Always, also into pipes'
never\t'Never'"
complete -c jobctl -n "__fish_jobctl_using_subcommand enable-scheduler" -l timeout -d 'Give up on a network step after this long [env: `JOBCTL_TIMEOUT`; default: 10s]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand enable-scheduler" -l watch -d 'Repeat every SECS seconds (2 unless told) until interrupted' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand enable-scheduler" -l config -d 'Read settings from this file [env: `JOBCTL_CONFIG`]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand enable-scheduler" -l dry-run -d 'Show the plan and change nothing'
complete -c jobctl -n "__fish_jobctl_using_subcommand enable-scheduler" -s y -l yes -d 'Do not ask on a terminal'
complete -c jobctl -n "__fish_jobctl_using_subcommand enable-scheduler" -l no-undo -d 'Keep no journal: what is done cannot be undone'
complete -c jobctl -n "__fish_jobctl_using_subcommand enable-scheduler" -l read-only -d 'Refuse whatever changes, signals or starts something [env: `JOBCTL_READ_ONLY`]'
complete -c jobctl -n "__fish_jobctl_using_subcommand enable-scheduler" -s q -l quiet -d 'Leave out notes and hints'
complete -c jobctl -n "__fish_jobctl_using_subcommand enable-scheduler" -s v -l verbose -d 'Say more'
complete -c jobctl -n "__fish_jobctl_using_subcommand enable-scheduler" -l utc -d 'Print times in UTC'
complete -c jobctl -n "__fish_jobctl_using_subcommand enable-scheduler" -l local -d 'Print times in the local zone (the default)'
complete -c jobctl -n "__fish_jobctl_using_subcommand enable-scheduler" -l show-secrets -d 'Show passwords and other secrets instead of masking them'
complete -c jobctl -n "__fish_jobctl_using_subcommand enable-scheduler" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jobctl -n "__fish_jobctl_using_subcommand enable-scheduler" -s V -l version -d 'Print version'
complete -c jobctl -n "__fish_jobctl_using_subcommand disable-scheduler" -l reason -d 'Say why, for the journal and the audit log' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand disable-scheduler" -l limit -d 'Only the first N, in the order of the queues' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand disable-scheduler" -l bench -d 'The bench to work on [env: `JOBCTL_BENCH`; default: the one around the current directory]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand disable-scheduler" -l site -d 'Only this site; repeatable, or `all` [env: `JOBCTL_SITE`, `FRAPPE_SITE`; default: all]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand disable-scheduler" -l redis -d 'The Redis to work on, without a bench or instead of the bench\'s own [env: `JOBCTL_REDIS`]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand disable-scheduler" -s o -l output -d 'How to print the result [env: `JOBCTL_OUTPUT`; default: table, or plain in a pipe]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'The same with every column, cut nowhere'
plain\t'Tab-separated and complete'
json\t'One object with schema, scope, data and notes'
jsonl\t'One item per line'
csv\t'The items as one table, as RFC 4180 says'"
complete -c jobctl -n "__fish_jobctl_using_subcommand disable-scheduler" -l color -d 'When to colour [env: `JOBCTL_COLOR`; default: auto]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`'
always\t'Always, also into pipes'
never\t'Never'"
complete -c jobctl -n "__fish_jobctl_using_subcommand disable-scheduler" -l timeout -d 'Give up on a network step after this long [env: `JOBCTL_TIMEOUT`; default: 10s]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand disable-scheduler" -l watch -d 'Repeat every SECS seconds (2 unless told) until interrupted' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand disable-scheduler" -l config -d 'Read settings from this file [env: `JOBCTL_CONFIG`]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand disable-scheduler" -l dry-run -d 'Show the plan and change nothing'
complete -c jobctl -n "__fish_jobctl_using_subcommand disable-scheduler" -s y -l yes -d 'Do not ask on a terminal'
complete -c jobctl -n "__fish_jobctl_using_subcommand disable-scheduler" -l no-undo -d 'Keep no journal: what is done cannot be undone'
complete -c jobctl -n "__fish_jobctl_using_subcommand disable-scheduler" -l read-only -d 'Refuse whatever changes, signals or starts something [env: `JOBCTL_READ_ONLY`]'
complete -c jobctl -n "__fish_jobctl_using_subcommand disable-scheduler" -s q -l quiet -d 'Leave out notes and hints'
complete -c jobctl -n "__fish_jobctl_using_subcommand disable-scheduler" -s v -l verbose -d 'Say more'
complete -c jobctl -n "__fish_jobctl_using_subcommand disable-scheduler" -l utc -d 'Print times in UTC'
complete -c jobctl -n "__fish_jobctl_using_subcommand disable-scheduler" -l local -d 'Print times in the local zone (the default)'
complete -c jobctl -n "__fish_jobctl_using_subcommand disable-scheduler" -l show-secrets -d 'Show passwords and other secrets instead of masking them'
complete -c jobctl -n "__fish_jobctl_using_subcommand disable-scheduler" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jobctl -n "__fish_jobctl_using_subcommand disable-scheduler" -s V -l version -d 'Print version'
complete -c jobctl -n "__fish_jobctl_using_subcommand pause-scheduler" -l reason -d 'Say why, for the journal and the audit log' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand pause-scheduler" -l limit -d 'Only the first N, in the order of the queues' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand pause-scheduler" -l bench -d 'The bench to work on [env: `JOBCTL_BENCH`; default: the one around the current directory]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand pause-scheduler" -l site -d 'Only this site; repeatable, or `all` [env: `JOBCTL_SITE`, `FRAPPE_SITE`; default: all]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand pause-scheduler" -l redis -d 'The Redis to work on, without a bench or instead of the bench\'s own [env: `JOBCTL_REDIS`]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand pause-scheduler" -s o -l output -d 'How to print the result [env: `JOBCTL_OUTPUT`; default: table, or plain in a pipe]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'The same with every column, cut nowhere'
plain\t'Tab-separated and complete'
json\t'One object with schema, scope, data and notes'
jsonl\t'One item per line'
csv\t'The items as one table, as RFC 4180 says'"
complete -c jobctl -n "__fish_jobctl_using_subcommand pause-scheduler" -l color -d 'When to colour [env: `JOBCTL_COLOR`; default: auto]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`'
always\t'Always, also into pipes'
never\t'Never'"
complete -c jobctl -n "__fish_jobctl_using_subcommand pause-scheduler" -l timeout -d 'Give up on a network step after this long [env: `JOBCTL_TIMEOUT`; default: 10s]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand pause-scheduler" -l watch -d 'Repeat every SECS seconds (2 unless told) until interrupted' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand pause-scheduler" -l config -d 'Read settings from this file [env: `JOBCTL_CONFIG`]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand pause-scheduler" -l dry-run -d 'Show the plan and change nothing'
complete -c jobctl -n "__fish_jobctl_using_subcommand pause-scheduler" -s y -l yes -d 'Do not ask on a terminal'
complete -c jobctl -n "__fish_jobctl_using_subcommand pause-scheduler" -l no-undo -d 'Keep no journal: what is done cannot be undone'
complete -c jobctl -n "__fish_jobctl_using_subcommand pause-scheduler" -l read-only -d 'Refuse whatever changes, signals or starts something [env: `JOBCTL_READ_ONLY`]'
complete -c jobctl -n "__fish_jobctl_using_subcommand pause-scheduler" -s q -l quiet -d 'Leave out notes and hints'
complete -c jobctl -n "__fish_jobctl_using_subcommand pause-scheduler" -s v -l verbose -d 'Say more'
complete -c jobctl -n "__fish_jobctl_using_subcommand pause-scheduler" -l utc -d 'Print times in UTC'
complete -c jobctl -n "__fish_jobctl_using_subcommand pause-scheduler" -l local -d 'Print times in the local zone (the default)'
complete -c jobctl -n "__fish_jobctl_using_subcommand pause-scheduler" -l show-secrets -d 'Show passwords and other secrets instead of masking them'
complete -c jobctl -n "__fish_jobctl_using_subcommand pause-scheduler" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jobctl -n "__fish_jobctl_using_subcommand pause-scheduler" -s V -l version -d 'Print version'
complete -c jobctl -n "__fish_jobctl_using_subcommand resume-scheduler" -l reason -d 'Say why, for the journal and the audit log' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand resume-scheduler" -l limit -d 'Only the first N, in the order of the queues' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand resume-scheduler" -l bench -d 'The bench to work on [env: `JOBCTL_BENCH`; default: the one around the current directory]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand resume-scheduler" -l site -d 'Only this site; repeatable, or `all` [env: `JOBCTL_SITE`, `FRAPPE_SITE`; default: all]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand resume-scheduler" -l redis -d 'The Redis to work on, without a bench or instead of the bench\'s own [env: `JOBCTL_REDIS`]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand resume-scheduler" -s o -l output -d 'How to print the result [env: `JOBCTL_OUTPUT`; default: table, or plain in a pipe]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'The same with every column, cut nowhere'
plain\t'Tab-separated and complete'
json\t'One object with schema, scope, data and notes'
jsonl\t'One item per line'
csv\t'The items as one table, as RFC 4180 says'"
complete -c jobctl -n "__fish_jobctl_using_subcommand resume-scheduler" -l color -d 'When to colour [env: `JOBCTL_COLOR`; default: auto]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`'
always\t'Always, also into pipes'
never\t'Never'"
complete -c jobctl -n "__fish_jobctl_using_subcommand resume-scheduler" -l timeout -d 'Give up on a network step after this long [env: `JOBCTL_TIMEOUT`; default: 10s]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand resume-scheduler" -l watch -d 'Repeat every SECS seconds (2 unless told) until interrupted' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand resume-scheduler" -l config -d 'Read settings from this file [env: `JOBCTL_CONFIG`]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand resume-scheduler" -l override-bench -d 'Let the site\'s own file win over a pause in the common file'
complete -c jobctl -n "__fish_jobctl_using_subcommand resume-scheduler" -l dry-run -d 'Show the plan and change nothing'
complete -c jobctl -n "__fish_jobctl_using_subcommand resume-scheduler" -s y -l yes -d 'Do not ask on a terminal'
complete -c jobctl -n "__fish_jobctl_using_subcommand resume-scheduler" -l no-undo -d 'Keep no journal: what is done cannot be undone'
complete -c jobctl -n "__fish_jobctl_using_subcommand resume-scheduler" -l read-only -d 'Refuse whatever changes, signals or starts something [env: `JOBCTL_READ_ONLY`]'
complete -c jobctl -n "__fish_jobctl_using_subcommand resume-scheduler" -s q -l quiet -d 'Leave out notes and hints'
complete -c jobctl -n "__fish_jobctl_using_subcommand resume-scheduler" -s v -l verbose -d 'Say more'
complete -c jobctl -n "__fish_jobctl_using_subcommand resume-scheduler" -l utc -d 'Print times in UTC'
complete -c jobctl -n "__fish_jobctl_using_subcommand resume-scheduler" -l local -d 'Print times in the local zone (the default)'
complete -c jobctl -n "__fish_jobctl_using_subcommand resume-scheduler" -l show-secrets -d 'Show passwords and other secrets instead of masking them'
complete -c jobctl -n "__fish_jobctl_using_subcommand resume-scheduler" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jobctl -n "__fish_jobctl_using_subcommand resume-scheduler" -s V -l version -d 'Print version'
complete -c jobctl -n "__fish_jobctl_using_subcommand set-maintenance-mode" -l reason -d 'Say why, for the journal and the audit log' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand set-maintenance-mode" -l limit -d 'Only the first N, in the order of the queues' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand set-maintenance-mode" -l bench -d 'The bench to work on [env: `JOBCTL_BENCH`; default: the one around the current directory]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand set-maintenance-mode" -l site -d 'Only this site; repeatable, or `all` [env: `JOBCTL_SITE`, `FRAPPE_SITE`; default: all]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand set-maintenance-mode" -l redis -d 'The Redis to work on, without a bench or instead of the bench\'s own [env: `JOBCTL_REDIS`]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand set-maintenance-mode" -s o -l output -d 'How to print the result [env: `JOBCTL_OUTPUT`; default: table, or plain in a pipe]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'The same with every column, cut nowhere'
plain\t'Tab-separated and complete'
json\t'One object with schema, scope, data and notes'
jsonl\t'One item per line'
csv\t'The items as one table, as RFC 4180 says'"
complete -c jobctl -n "__fish_jobctl_using_subcommand set-maintenance-mode" -l color -d 'When to colour [env: `JOBCTL_COLOR`; default: auto]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`'
always\t'Always, also into pipes'
never\t'Never'"
complete -c jobctl -n "__fish_jobctl_using_subcommand set-maintenance-mode" -l timeout -d 'Give up on a network step after this long [env: `JOBCTL_TIMEOUT`; default: 10s]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand set-maintenance-mode" -l watch -d 'Repeat every SECS seconds (2 unless told) until interrupted' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand set-maintenance-mode" -l config -d 'Read settings from this file [env: `JOBCTL_CONFIG`]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand set-maintenance-mode" -l override-bench -d 'Let the site\'s own file win over the common file'
complete -c jobctl -n "__fish_jobctl_using_subcommand set-maintenance-mode" -l dry-run -d 'Show the plan and change nothing'
complete -c jobctl -n "__fish_jobctl_using_subcommand set-maintenance-mode" -s y -l yes -d 'Do not ask on a terminal'
complete -c jobctl -n "__fish_jobctl_using_subcommand set-maintenance-mode" -l no-undo -d 'Keep no journal: what is done cannot be undone'
complete -c jobctl -n "__fish_jobctl_using_subcommand set-maintenance-mode" -l read-only -d 'Refuse whatever changes, signals or starts something [env: `JOBCTL_READ_ONLY`]'
complete -c jobctl -n "__fish_jobctl_using_subcommand set-maintenance-mode" -s q -l quiet -d 'Leave out notes and hints'
complete -c jobctl -n "__fish_jobctl_using_subcommand set-maintenance-mode" -s v -l verbose -d 'Say more'
complete -c jobctl -n "__fish_jobctl_using_subcommand set-maintenance-mode" -l utc -d 'Print times in UTC'
complete -c jobctl -n "__fish_jobctl_using_subcommand set-maintenance-mode" -l local -d 'Print times in the local zone (the default)'
complete -c jobctl -n "__fish_jobctl_using_subcommand set-maintenance-mode" -l show-secrets -d 'Show passwords and other secrets instead of masking them'
complete -c jobctl -n "__fish_jobctl_using_subcommand set-maintenance-mode" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jobctl -n "__fish_jobctl_using_subcommand set-maintenance-mode" -s V -l version -d 'Print version'
complete -c jobctl -n "__fish_jobctl_using_subcommand ready-for-migration" -l wait -d 'Wait so long for the jobs to end' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand ready-for-migration" -l reason -d 'Say why, for the journal and the audit log' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand ready-for-migration" -l limit -d 'Only the first N, in the order of the queues' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand ready-for-migration" -l bench -d 'The bench to work on [env: `JOBCTL_BENCH`; default: the one around the current directory]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand ready-for-migration" -l site -d 'Only this site; repeatable, or `all` [env: `JOBCTL_SITE`, `FRAPPE_SITE`; default: all]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand ready-for-migration" -l redis -d 'The Redis to work on, without a bench or instead of the bench\'s own [env: `JOBCTL_REDIS`]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand ready-for-migration" -s o -l output -d 'How to print the result [env: `JOBCTL_OUTPUT`; default: table, or plain in a pipe]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'The same with every column, cut nowhere'
plain\t'Tab-separated and complete'
json\t'One object with schema, scope, data and notes'
jsonl\t'One item per line'
csv\t'The items as one table, as RFC 4180 says'"
complete -c jobctl -n "__fish_jobctl_using_subcommand ready-for-migration" -l color -d 'When to colour [env: `JOBCTL_COLOR`; default: auto]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`'
always\t'Always, also into pipes'
never\t'Never'"
complete -c jobctl -n "__fish_jobctl_using_subcommand ready-for-migration" -l timeout -d 'Give up on a network step after this long [env: `JOBCTL_TIMEOUT`; default: 10s]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand ready-for-migration" -l watch -d 'Repeat every SECS seconds (2 unless told) until interrupted' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand ready-for-migration" -l config -d 'Read settings from this file [env: `JOBCTL_CONFIG`]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand ready-for-migration" -l stop-scheduler -d 'Pause the schedulers of the sites, so that no new jobs come'
complete -c jobctl -n "__fish_jobctl_using_subcommand ready-for-migration" -l dry-run -d 'Show the plan and change nothing'
complete -c jobctl -n "__fish_jobctl_using_subcommand ready-for-migration" -s y -l yes -d 'Do not ask on a terminal'
complete -c jobctl -n "__fish_jobctl_using_subcommand ready-for-migration" -l no-undo -d 'Keep no journal: what is done cannot be undone'
complete -c jobctl -n "__fish_jobctl_using_subcommand ready-for-migration" -l read-only -d 'Refuse whatever changes, signals or starts something [env: `JOBCTL_READ_ONLY`]'
complete -c jobctl -n "__fish_jobctl_using_subcommand ready-for-migration" -s q -l quiet -d 'Leave out notes and hints'
complete -c jobctl -n "__fish_jobctl_using_subcommand ready-for-migration" -s v -l verbose -d 'Say more'
complete -c jobctl -n "__fish_jobctl_using_subcommand ready-for-migration" -l utc -d 'Print times in UTC'
complete -c jobctl -n "__fish_jobctl_using_subcommand ready-for-migration" -l local -d 'Print times in the local zone (the default)'
complete -c jobctl -n "__fish_jobctl_using_subcommand ready-for-migration" -l show-secrets -d 'Show passwords and other secrets instead of masking them'
complete -c jobctl -n "__fish_jobctl_using_subcommand ready-for-migration" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jobctl -n "__fish_jobctl_using_subcommand ready-for-migration" -s V -l version -d 'Print version'
complete -c jobctl -n "__fish_jobctl_using_subcommand publish-realtime" -l message -d 'The message, sent as text' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand publish-realtime" -l room -d 'Only clients in this room' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand publish-realtime" -l user -d 'Only this user' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand publish-realtime" -l doctype -d 'With --docname: only those who look at this document' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand publish-realtime" -l docname -d 'See --doctype' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand publish-realtime" -l after-commit -d 'As bench takes it: there is no transaction here to wait for' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand publish-realtime" -l reason -d 'Say why, for the journal and the audit log' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand publish-realtime" -l limit -d 'Only the first N, in the order of the queues' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand publish-realtime" -l bench -d 'The bench to work on [env: `JOBCTL_BENCH`; default: the one around the current directory]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand publish-realtime" -l site -d 'Only this site; repeatable, or `all` [env: `JOBCTL_SITE`, `FRAPPE_SITE`; default: all]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand publish-realtime" -l redis -d 'The Redis to work on, without a bench or instead of the bench\'s own [env: `JOBCTL_REDIS`]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand publish-realtime" -s o -l output -d 'How to print the result [env: `JOBCTL_OUTPUT`; default: table, or plain in a pipe]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'The same with every column, cut nowhere'
plain\t'Tab-separated and complete'
json\t'One object with schema, scope, data and notes'
jsonl\t'One item per line'
csv\t'The items as one table, as RFC 4180 says'"
complete -c jobctl -n "__fish_jobctl_using_subcommand publish-realtime" -l color -d 'When to colour [env: `JOBCTL_COLOR`; default: auto]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`'
always\t'Always, also into pipes'
never\t'Never'"
complete -c jobctl -n "__fish_jobctl_using_subcommand publish-realtime" -l timeout -d 'Give up on a network step after this long [env: `JOBCTL_TIMEOUT`; default: 10s]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand publish-realtime" -l watch -d 'Repeat every SECS seconds (2 unless told) until interrupted' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand publish-realtime" -l config -d 'Read settings from this file [env: `JOBCTL_CONFIG`]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand publish-realtime" -l dry-run -d 'Show the plan and change nothing'
complete -c jobctl -n "__fish_jobctl_using_subcommand publish-realtime" -s y -l yes -d 'Do not ask on a terminal'
complete -c jobctl -n "__fish_jobctl_using_subcommand publish-realtime" -l no-undo -d 'Keep no journal: what is done cannot be undone'
complete -c jobctl -n "__fish_jobctl_using_subcommand publish-realtime" -l read-only -d 'Refuse whatever changes, signals or starts something [env: `JOBCTL_READ_ONLY`]'
complete -c jobctl -n "__fish_jobctl_using_subcommand publish-realtime" -s q -l quiet -d 'Leave out notes and hints'
complete -c jobctl -n "__fish_jobctl_using_subcommand publish-realtime" -s v -l verbose -d 'Say more'
complete -c jobctl -n "__fish_jobctl_using_subcommand publish-realtime" -l utc -d 'Print times in UTC'
complete -c jobctl -n "__fish_jobctl_using_subcommand publish-realtime" -l local -d 'Print times in the local zone (the default)'
complete -c jobctl -n "__fish_jobctl_using_subcommand publish-realtime" -l show-secrets -d 'Show passwords and other secrets instead of masking them'
complete -c jobctl -n "__fish_jobctl_using_subcommand publish-realtime" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jobctl -n "__fish_jobctl_using_subcommand publish-realtime" -s V -l version -d 'Print version'
complete -c jobctl -n "__fish_jobctl_using_subcommand worker" -l queue -d 'Queues in the order of priority, with commas [default: all of the bench; `default` of RQ]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand worker" -l strategy -d 'The order of the queues, where it is not the order of their names' -r -f -a "round_robin\t'Each job from the next queue'
random\t'Each job from any queue'"
complete -c jobctl -n "__fish_jobctl_using_subcommand worker" -s u -l rq-username -d 'Log in to Redis as this user' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand worker" -s p -l rq-password -d 'Log in to Redis with this password; better kept in the bench\'s configuration or the URL' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand worker" -l python -d 'Without a bench: the Python with RQ in it [default: the first of the search path]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand worker" -l worker-class -d 'Without a bench: a worker class of your own' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand worker" -l path -d 'Without a bench: where Python finds the code of jobs; repeatable' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand worker" -l bench -d 'The bench to work on [env: `JOBCTL_BENCH`; default: the one around the current directory]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand worker" -l site -d 'Only this site; repeatable, or `all` [env: `JOBCTL_SITE`, `FRAPPE_SITE`; default: all]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand worker" -l redis -d 'The Redis to work on, without a bench or instead of the bench\'s own [env: `JOBCTL_REDIS`]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand worker" -s o -l output -d 'How to print the result [env: `JOBCTL_OUTPUT`; default: table, or plain in a pipe]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'The same with every column, cut nowhere'
plain\t'Tab-separated and complete'
json\t'One object with schema, scope, data and notes'
jsonl\t'One item per line'
csv\t'The items as one table, as RFC 4180 says'"
complete -c jobctl -n "__fish_jobctl_using_subcommand worker" -l color -d 'When to colour [env: `JOBCTL_COLOR`; default: auto]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`'
always\t'Always, also into pipes'
never\t'Never'"
complete -c jobctl -n "__fish_jobctl_using_subcommand worker" -l timeout -d 'Give up on a network step after this long [env: `JOBCTL_TIMEOUT`; default: 10s]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand worker" -l watch -d 'Repeat every SECS seconds (2 unless told) until interrupted' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand worker" -l config -d 'Read settings from this file [env: `JOBCTL_CONFIG`]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand worker" -s b -l burst -d 'End once the queues are empty'
complete -c jobctl -n "__fish_jobctl_using_subcommand worker" -l allow-root -d 'Without a bench: run jobs as root'
complete -c jobctl -n "__fish_jobctl_using_subcommand worker" -l read-only -d 'Refuse whatever changes, signals or starts something [env: `JOBCTL_READ_ONLY`]'
complete -c jobctl -n "__fish_jobctl_using_subcommand worker" -s q -l quiet -d 'Leave out notes and hints'
complete -c jobctl -n "__fish_jobctl_using_subcommand worker" -s v -l verbose -d 'Say more'
complete -c jobctl -n "__fish_jobctl_using_subcommand worker" -l utc -d 'Print times in UTC'
complete -c jobctl -n "__fish_jobctl_using_subcommand worker" -l local -d 'Print times in the local zone (the default)'
complete -c jobctl -n "__fish_jobctl_using_subcommand worker" -l show-secrets -d 'Show passwords and other secrets instead of masking them'
complete -c jobctl -n "__fish_jobctl_using_subcommand worker" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jobctl -n "__fish_jobctl_using_subcommand worker" -s V -l version -d 'Print version'
complete -c jobctl -n "__fish_jobctl_using_subcommand worker-pool; and not __fish_seen_subcommand_from status" -s n -l num-workers -d 'How many workers [default: 2]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand worker-pool; and not __fish_seen_subcommand_from status" -l max -d 'Keep between --min and so many workers, as many as clear the queues in --scale-target' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand worker-pool; and not __fish_seen_subcommand_from status" -l min -d 'The fewest workers of a pool with --max [default: 1]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand worker-pool; and not __fish_seen_subcommand_from status" -l scale-target -d 'Start more workers while the jobs that wait need longer than this [default: 60s]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand worker-pool; and not __fish_seen_subcommand_from status" -l cool-down -d 'Let workers leave once fewer have been enough for this long [default: 30s]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand worker-pool; and not __fish_seen_subcommand_from status" -l pool -d 'The pool [pool.NAME] of the settings; repeatable, or `all` [default: all, if there are any]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand worker-pool; and not __fish_seen_subcommand_from status" -l max-memory -d 'Replace a worker that uses more than this, its work horse included, after its job; one that has run none is left alone' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand worker-pool; and not __fish_seen_subcommand_from status" -l max-jobs -d 'Replace a worker after so many jobs' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand worker-pool; and not __fish_seen_subcommand_from status" -l grace -d 'How long jobs may go on after the first signal [default: a minute more than the longest time limit of the queues]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand worker-pool; and not __fish_seen_subcommand_from status" -l log-dir -d 'Write each worker\'s output to NAME.log and NAME.error.log there' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand worker-pool; and not __fish_seen_subcommand_from status" -l status-file -d 'Keep the state in this file, for `worker-pool status`' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand worker-pool; and not __fish_seen_subcommand_from status" -l queue -d 'Queues in the order of priority, with commas [default: all of the bench; `default` of RQ]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand worker-pool; and not __fish_seen_subcommand_from status" -l strategy -d 'The order of the queues, where it is not the order of their names' -r -f -a "round_robin\t'Each job from the next queue'
random\t'Each job from any queue'"
complete -c jobctl -n "__fish_jobctl_using_subcommand worker-pool; and not __fish_seen_subcommand_from status" -s u -l rq-username -d 'Log in to Redis as this user' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand worker-pool; and not __fish_seen_subcommand_from status" -s p -l rq-password -d 'Log in to Redis with this password; better kept in the bench\'s configuration or the URL' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand worker-pool; and not __fish_seen_subcommand_from status" -l python -d 'Without a bench: the Python with RQ in it [default: the first of the search path]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand worker-pool; and not __fish_seen_subcommand_from status" -l worker-class -d 'Without a bench: a worker class of your own' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand worker-pool; and not __fish_seen_subcommand_from status" -l path -d 'Without a bench: where Python finds the code of jobs; repeatable' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand worker-pool; and not __fish_seen_subcommand_from status" -l bench -d 'The bench to work on [env: `JOBCTL_BENCH`; default: the one around the current directory]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand worker-pool; and not __fish_seen_subcommand_from status" -l site -d 'Only this site; repeatable, or `all` [env: `JOBCTL_SITE`, `FRAPPE_SITE`; default: all]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand worker-pool; and not __fish_seen_subcommand_from status" -l redis -d 'The Redis to work on, without a bench or instead of the bench\'s own [env: `JOBCTL_REDIS`]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand worker-pool; and not __fish_seen_subcommand_from status" -s o -l output -d 'How to print the result [env: `JOBCTL_OUTPUT`; default: table, or plain in a pipe]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'The same with every column, cut nowhere'
plain\t'Tab-separated and complete'
json\t'One object with schema, scope, data and notes'
jsonl\t'One item per line'
csv\t'The items as one table, as RFC 4180 says'"
complete -c jobctl -n "__fish_jobctl_using_subcommand worker-pool; and not __fish_seen_subcommand_from status" -l color -d 'When to colour [env: `JOBCTL_COLOR`; default: auto]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`'
always\t'Always, also into pipes'
never\t'Never'"
complete -c jobctl -n "__fish_jobctl_using_subcommand worker-pool; and not __fish_seen_subcommand_from status" -l timeout -d 'Give up on a network step after this long [env: `JOBCTL_TIMEOUT`; default: 10s]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand worker-pool; and not __fish_seen_subcommand_from status" -l watch -d 'Repeat every SECS seconds (2 unless told) until interrupted' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand worker-pool; and not __fish_seen_subcommand_from status" -l config -d 'Read settings from this file [env: `JOBCTL_CONFIG`]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand worker-pool; and not __fish_seen_subcommand_from status" -l fail-on-job-failure -d 'Exit with 1 if jobs of these queues failed or were cut off during a --burst, or wait for a retry; of failed runs that no job tells of any more one is excused for each ended job with retries'
complete -c jobctl -n "__fish_jobctl_using_subcommand worker-pool; and not __fish_seen_subcommand_from status" -l log-prefix -d 'Put each worker\'s name before its lines'
complete -c jobctl -n "__fish_jobctl_using_subcommand worker-pool; and not __fish_seen_subcommand_from status" -s b -l burst -d 'End once the queues are empty'
complete -c jobctl -n "__fish_jobctl_using_subcommand worker-pool; and not __fish_seen_subcommand_from status" -l allow-root -d 'Without a bench: run jobs as root'
complete -c jobctl -n "__fish_jobctl_using_subcommand worker-pool; and not __fish_seen_subcommand_from status" -l read-only -d 'Refuse whatever changes, signals or starts something [env: `JOBCTL_READ_ONLY`]'
complete -c jobctl -n "__fish_jobctl_using_subcommand worker-pool; and not __fish_seen_subcommand_from status" -s q -l quiet -d 'Leave out notes and hints'
complete -c jobctl -n "__fish_jobctl_using_subcommand worker-pool; and not __fish_seen_subcommand_from status" -s v -l verbose -d 'Say more'
complete -c jobctl -n "__fish_jobctl_using_subcommand worker-pool; and not __fish_seen_subcommand_from status" -l utc -d 'Print times in UTC'
complete -c jobctl -n "__fish_jobctl_using_subcommand worker-pool; and not __fish_seen_subcommand_from status" -l local -d 'Print times in the local zone (the default)'
complete -c jobctl -n "__fish_jobctl_using_subcommand worker-pool; and not __fish_seen_subcommand_from status" -l show-secrets -d 'Show passwords and other secrets instead of masking them'
complete -c jobctl -n "__fish_jobctl_using_subcommand worker-pool; and not __fish_seen_subcommand_from status" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jobctl -n "__fish_jobctl_using_subcommand worker-pool; and not __fish_seen_subcommand_from status" -s V -l version -d 'Print version'
complete -c jobctl -n "__fish_jobctl_using_subcommand worker-pool; and not __fish_seen_subcommand_from status" -a "status" -d 'Show what a pool does, from its --status-file'
complete -c jobctl -n "__fish_jobctl_using_subcommand worker-pool; and __fish_seen_subcommand_from status" -l status-file -d 'Keep the state in this file, for `worker-pool status`' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand worker-pool; and __fish_seen_subcommand_from status" -l bench -d 'The bench to work on [env: `JOBCTL_BENCH`; default: the one around the current directory]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand worker-pool; and __fish_seen_subcommand_from status" -l site -d 'Only this site; repeatable, or `all` [env: `JOBCTL_SITE`, `FRAPPE_SITE`; default: all]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand worker-pool; and __fish_seen_subcommand_from status" -l redis -d 'The Redis to work on, without a bench or instead of the bench\'s own [env: `JOBCTL_REDIS`]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand worker-pool; and __fish_seen_subcommand_from status" -s o -l output -d 'How to print the result [env: `JOBCTL_OUTPUT`; default: table, or plain in a pipe]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'The same with every column, cut nowhere'
plain\t'Tab-separated and complete'
json\t'One object with schema, scope, data and notes'
jsonl\t'One item per line'
csv\t'The items as one table, as RFC 4180 says'"
complete -c jobctl -n "__fish_jobctl_using_subcommand worker-pool; and __fish_seen_subcommand_from status" -l color -d 'When to colour [env: `JOBCTL_COLOR`; default: auto]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`'
always\t'Always, also into pipes'
never\t'Never'"
complete -c jobctl -n "__fish_jobctl_using_subcommand worker-pool; and __fish_seen_subcommand_from status" -l timeout -d 'Give up on a network step after this long [env: `JOBCTL_TIMEOUT`; default: 10s]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand worker-pool; and __fish_seen_subcommand_from status" -l watch -d 'Repeat every SECS seconds (2 unless told) until interrupted' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand worker-pool; and __fish_seen_subcommand_from status" -l config -d 'Read settings from this file [env: `JOBCTL_CONFIG`]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand worker-pool; and __fish_seen_subcommand_from status" -l read-only -d 'Refuse whatever changes, signals or starts something [env: `JOBCTL_READ_ONLY`]'
complete -c jobctl -n "__fish_jobctl_using_subcommand worker-pool; and __fish_seen_subcommand_from status" -s q -l quiet -d 'Leave out notes and hints'
complete -c jobctl -n "__fish_jobctl_using_subcommand worker-pool; and __fish_seen_subcommand_from status" -s v -l verbose -d 'Say more'
complete -c jobctl -n "__fish_jobctl_using_subcommand worker-pool; and __fish_seen_subcommand_from status" -l utc -d 'Print times in UTC'
complete -c jobctl -n "__fish_jobctl_using_subcommand worker-pool; and __fish_seen_subcommand_from status" -l local -d 'Print times in the local zone (the default)'
complete -c jobctl -n "__fish_jobctl_using_subcommand worker-pool; and __fish_seen_subcommand_from status" -l show-secrets -d 'Show passwords and other secrets instead of masking them'
complete -c jobctl -n "__fish_jobctl_using_subcommand worker-pool; and __fish_seen_subcommand_from status" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jobctl -n "__fish_jobctl_using_subcommand worker-pool; and __fish_seen_subcommand_from status" -s V -l version -d 'Print version'
complete -c jobctl -n "__fish_jobctl_using_subcommand schedule" -l bench -d 'The bench to work on [env: `JOBCTL_BENCH`; default: the one around the current directory]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand schedule" -l site -d 'Only this site; repeatable, or `all` [env: `JOBCTL_SITE`, `FRAPPE_SITE`; default: all]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand schedule" -l redis -d 'The Redis to work on, without a bench or instead of the bench\'s own [env: `JOBCTL_REDIS`]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand schedule" -s o -l output -d 'How to print the result [env: `JOBCTL_OUTPUT`; default: table, or plain in a pipe]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'The same with every column, cut nowhere'
plain\t'Tab-separated and complete'
json\t'One object with schema, scope, data and notes'
jsonl\t'One item per line'
csv\t'The items as one table, as RFC 4180 says'"
complete -c jobctl -n "__fish_jobctl_using_subcommand schedule" -l color -d 'When to colour [env: `JOBCTL_COLOR`; default: auto]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`'
always\t'Always, also into pipes'
never\t'Never'"
complete -c jobctl -n "__fish_jobctl_using_subcommand schedule" -l timeout -d 'Give up on a network step after this long [env: `JOBCTL_TIMEOUT`; default: 10s]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand schedule" -l watch -d 'Repeat every SECS seconds (2 unless told) until interrupted' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand schedule" -l config -d 'Read settings from this file [env: `JOBCTL_CONFIG`]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand schedule" -l read-only -d 'Refuse whatever changes, signals or starts something [env: `JOBCTL_READ_ONLY`]'
complete -c jobctl -n "__fish_jobctl_using_subcommand schedule" -s q -l quiet -d 'Leave out notes and hints'
complete -c jobctl -n "__fish_jobctl_using_subcommand schedule" -s v -l verbose -d 'Say more'
complete -c jobctl -n "__fish_jobctl_using_subcommand schedule" -l utc -d 'Print times in UTC'
complete -c jobctl -n "__fish_jobctl_using_subcommand schedule" -l local -d 'Print times in the local zone (the default)'
complete -c jobctl -n "__fish_jobctl_using_subcommand schedule" -l show-secrets -d 'Show passwords and other secrets instead of masking them'
complete -c jobctl -n "__fish_jobctl_using_subcommand schedule" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jobctl -n "__fish_jobctl_using_subcommand schedule" -s V -l version -d 'Print version'
complete -c jobctl -n "__fish_jobctl_using_subcommand groups; and not __fish_seen_subcommand_from list show cancel retry" -l bench -d 'The bench to work on [env: `JOBCTL_BENCH`; default: the one around the current directory]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand groups; and not __fish_seen_subcommand_from list show cancel retry" -l site -d 'Only this site; repeatable, or `all` [env: `JOBCTL_SITE`, `FRAPPE_SITE`; default: all]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand groups; and not __fish_seen_subcommand_from list show cancel retry" -l redis -d 'The Redis to work on, without a bench or instead of the bench\'s own [env: `JOBCTL_REDIS`]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand groups; and not __fish_seen_subcommand_from list show cancel retry" -s o -l output -d 'How to print the result [env: `JOBCTL_OUTPUT`; default: table, or plain in a pipe]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'The same with every column, cut nowhere'
plain\t'Tab-separated and complete'
json\t'One object with schema, scope, data and notes'
jsonl\t'One item per line'
csv\t'The items as one table, as RFC 4180 says'"
complete -c jobctl -n "__fish_jobctl_using_subcommand groups; and not __fish_seen_subcommand_from list show cancel retry" -l color -d 'When to colour [env: `JOBCTL_COLOR`; default: auto]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`'
always\t'Always, also into pipes'
never\t'Never'"
complete -c jobctl -n "__fish_jobctl_using_subcommand groups; and not __fish_seen_subcommand_from list show cancel retry" -l timeout -d 'Give up on a network step after this long [env: `JOBCTL_TIMEOUT`; default: 10s]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand groups; and not __fish_seen_subcommand_from list show cancel retry" -l watch -d 'Repeat every SECS seconds (2 unless told) until interrupted' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand groups; and not __fish_seen_subcommand_from list show cancel retry" -l config -d 'Read settings from this file [env: `JOBCTL_CONFIG`]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand groups; and not __fish_seen_subcommand_from list show cancel retry" -l read-only -d 'Refuse whatever changes, signals or starts something [env: `JOBCTL_READ_ONLY`]'
complete -c jobctl -n "__fish_jobctl_using_subcommand groups; and not __fish_seen_subcommand_from list show cancel retry" -s q -l quiet -d 'Leave out notes and hints'
complete -c jobctl -n "__fish_jobctl_using_subcommand groups; and not __fish_seen_subcommand_from list show cancel retry" -s v -l verbose -d 'Say more'
complete -c jobctl -n "__fish_jobctl_using_subcommand groups; and not __fish_seen_subcommand_from list show cancel retry" -l utc -d 'Print times in UTC'
complete -c jobctl -n "__fish_jobctl_using_subcommand groups; and not __fish_seen_subcommand_from list show cancel retry" -l local -d 'Print times in the local zone (the default)'
complete -c jobctl -n "__fish_jobctl_using_subcommand groups; and not __fish_seen_subcommand_from list show cancel retry" -l show-secrets -d 'Show passwords and other secrets instead of masking them'
complete -c jobctl -n "__fish_jobctl_using_subcommand groups; and not __fish_seen_subcommand_from list show cancel retry" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jobctl -n "__fish_jobctl_using_subcommand groups; and not __fish_seen_subcommand_from list show cancel retry" -s V -l version -d 'Print version'
complete -c jobctl -n "__fish_jobctl_using_subcommand groups; and not __fish_seen_subcommand_from list show cancel retry" -f -a "list" -d 'List the groups: how many jobs wait, run, finished and failed, and how long it will take'
complete -c jobctl -n "__fish_jobctl_using_subcommand groups; and not __fish_seen_subcommand_from list show cancel retry" -f -a "show" -d 'Show a group with its jobs'
complete -c jobctl -n "__fish_jobctl_using_subcommand groups; and not __fish_seen_subcommand_from list show cancel retry" -f -a "cancel" -d 'Cancel the jobs of a group that wait; those that run go on'
complete -c jobctl -n "__fish_jobctl_using_subcommand groups; and not __fish_seen_subcommand_from list show cancel retry" -f -a "retry" -d 'Queue the failed jobs of a group again, and only these'
complete -c jobctl -n "__fish_jobctl_using_subcommand groups; and __fish_seen_subcommand_from list" -l bench -d 'The bench to work on [env: `JOBCTL_BENCH`; default: the one around the current directory]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand groups; and __fish_seen_subcommand_from list" -l site -d 'Only this site; repeatable, or `all` [env: `JOBCTL_SITE`, `FRAPPE_SITE`; default: all]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand groups; and __fish_seen_subcommand_from list" -l redis -d 'The Redis to work on, without a bench or instead of the bench\'s own [env: `JOBCTL_REDIS`]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand groups; and __fish_seen_subcommand_from list" -s o -l output -d 'How to print the result [env: `JOBCTL_OUTPUT`; default: table, or plain in a pipe]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'The same with every column, cut nowhere'
plain\t'Tab-separated and complete'
json\t'One object with schema, scope, data and notes'
jsonl\t'One item per line'
csv\t'The items as one table, as RFC 4180 says'"
complete -c jobctl -n "__fish_jobctl_using_subcommand groups; and __fish_seen_subcommand_from list" -l color -d 'When to colour [env: `JOBCTL_COLOR`; default: auto]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`'
always\t'Always, also into pipes'
never\t'Never'"
complete -c jobctl -n "__fish_jobctl_using_subcommand groups; and __fish_seen_subcommand_from list" -l timeout -d 'Give up on a network step after this long [env: `JOBCTL_TIMEOUT`; default: 10s]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand groups; and __fish_seen_subcommand_from list" -l watch -d 'Repeat every SECS seconds (2 unless told) until interrupted' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand groups; and __fish_seen_subcommand_from list" -l config -d 'Read settings from this file [env: `JOBCTL_CONFIG`]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand groups; and __fish_seen_subcommand_from list" -l read-only -d 'Refuse whatever changes, signals or starts something [env: `JOBCTL_READ_ONLY`]'
complete -c jobctl -n "__fish_jobctl_using_subcommand groups; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Leave out notes and hints'
complete -c jobctl -n "__fish_jobctl_using_subcommand groups; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Say more'
complete -c jobctl -n "__fish_jobctl_using_subcommand groups; and __fish_seen_subcommand_from list" -l utc -d 'Print times in UTC'
complete -c jobctl -n "__fish_jobctl_using_subcommand groups; and __fish_seen_subcommand_from list" -l local -d 'Print times in the local zone (the default)'
complete -c jobctl -n "__fish_jobctl_using_subcommand groups; and __fish_seen_subcommand_from list" -l show-secrets -d 'Show passwords and other secrets instead of masking them'
complete -c jobctl -n "__fish_jobctl_using_subcommand groups; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jobctl -n "__fish_jobctl_using_subcommand groups; and __fish_seen_subcommand_from list" -s V -l version -d 'Print version'
complete -c jobctl -n "__fish_jobctl_using_subcommand groups; and __fish_seen_subcommand_from show" -l bench -d 'The bench to work on [env: `JOBCTL_BENCH`; default: the one around the current directory]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand groups; and __fish_seen_subcommand_from show" -l site -d 'Only this site; repeatable, or `all` [env: `JOBCTL_SITE`, `FRAPPE_SITE`; default: all]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand groups; and __fish_seen_subcommand_from show" -l redis -d 'The Redis to work on, without a bench or instead of the bench\'s own [env: `JOBCTL_REDIS`]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand groups; and __fish_seen_subcommand_from show" -s o -l output -d 'How to print the result [env: `JOBCTL_OUTPUT`; default: table, or plain in a pipe]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'The same with every column, cut nowhere'
plain\t'Tab-separated and complete'
json\t'One object with schema, scope, data and notes'
jsonl\t'One item per line'
csv\t'The items as one table, as RFC 4180 says'"
complete -c jobctl -n "__fish_jobctl_using_subcommand groups; and __fish_seen_subcommand_from show" -l color -d 'When to colour [env: `JOBCTL_COLOR`; default: auto]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`'
always\t'Always, also into pipes'
never\t'Never'"
complete -c jobctl -n "__fish_jobctl_using_subcommand groups; and __fish_seen_subcommand_from show" -l timeout -d 'Give up on a network step after this long [env: `JOBCTL_TIMEOUT`; default: 10s]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand groups; and __fish_seen_subcommand_from show" -l watch -d 'Repeat every SECS seconds (2 unless told) until interrupted' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand groups; and __fish_seen_subcommand_from show" -l config -d 'Read settings from this file [env: `JOBCTL_CONFIG`]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand groups; and __fish_seen_subcommand_from show" -l read-only -d 'Refuse whatever changes, signals or starts something [env: `JOBCTL_READ_ONLY`]'
complete -c jobctl -n "__fish_jobctl_using_subcommand groups; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Leave out notes and hints'
complete -c jobctl -n "__fish_jobctl_using_subcommand groups; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Say more'
complete -c jobctl -n "__fish_jobctl_using_subcommand groups; and __fish_seen_subcommand_from show" -l utc -d 'Print times in UTC'
complete -c jobctl -n "__fish_jobctl_using_subcommand groups; and __fish_seen_subcommand_from show" -l local -d 'Print times in the local zone (the default)'
complete -c jobctl -n "__fish_jobctl_using_subcommand groups; and __fish_seen_subcommand_from show" -l show-secrets -d 'Show passwords and other secrets instead of masking them'
complete -c jobctl -n "__fish_jobctl_using_subcommand groups; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jobctl -n "__fish_jobctl_using_subcommand groups; and __fish_seen_subcommand_from show" -s V -l version -d 'Print version'
complete -c jobctl -n "__fish_jobctl_using_subcommand groups; and __fish_seen_subcommand_from cancel" -l dependents -d 'What becomes of jobs that wait for one that goes' -r -f -a "leave\t'They go on waiting, for ever'
cancel\t'They are canceled, and those that wait for them'
release\t'They are queued, if they wait for nothing else'"
complete -c jobctl -n "__fish_jobctl_using_subcommand groups; and __fish_seen_subcommand_from cancel" -l reason -d 'Say why, for the journal and the audit log' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand groups; and __fish_seen_subcommand_from cancel" -l limit -d 'Only the first N, in the order of the queues' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand groups; and __fish_seen_subcommand_from cancel" -l bench -d 'The bench to work on [env: `JOBCTL_BENCH`; default: the one around the current directory]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand groups; and __fish_seen_subcommand_from cancel" -l site -d 'Only this site; repeatable, or `all` [env: `JOBCTL_SITE`, `FRAPPE_SITE`; default: all]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand groups; and __fish_seen_subcommand_from cancel" -l redis -d 'The Redis to work on, without a bench or instead of the bench\'s own [env: `JOBCTL_REDIS`]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand groups; and __fish_seen_subcommand_from cancel" -s o -l output -d 'How to print the result [env: `JOBCTL_OUTPUT`; default: table, or plain in a pipe]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'The same with every column, cut nowhere'
plain\t'Tab-separated and complete'
json\t'One object with schema, scope, data and notes'
jsonl\t'One item per line'
csv\t'The items as one table, as RFC 4180 says'"
complete -c jobctl -n "__fish_jobctl_using_subcommand groups; and __fish_seen_subcommand_from cancel" -l color -d 'When to colour [env: `JOBCTL_COLOR`; default: auto]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`'
always\t'Always, also into pipes'
never\t'Never'"
complete -c jobctl -n "__fish_jobctl_using_subcommand groups; and __fish_seen_subcommand_from cancel" -l timeout -d 'Give up on a network step after this long [env: `JOBCTL_TIMEOUT`; default: 10s]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand groups; and __fish_seen_subcommand_from cancel" -l watch -d 'Repeat every SECS seconds (2 unless told) until interrupted' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand groups; and __fish_seen_subcommand_from cancel" -l config -d 'Read settings from this file [env: `JOBCTL_CONFIG`]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand groups; and __fish_seen_subcommand_from cancel" -l dry-run -d 'Show the plan and change nothing'
complete -c jobctl -n "__fish_jobctl_using_subcommand groups; and __fish_seen_subcommand_from cancel" -s y -l yes -d 'Do not ask on a terminal'
complete -c jobctl -n "__fish_jobctl_using_subcommand groups; and __fish_seen_subcommand_from cancel" -l no-undo -d 'Keep no journal: what is done cannot be undone'
complete -c jobctl -n "__fish_jobctl_using_subcommand groups; and __fish_seen_subcommand_from cancel" -l read-only -d 'Refuse whatever changes, signals or starts something [env: `JOBCTL_READ_ONLY`]'
complete -c jobctl -n "__fish_jobctl_using_subcommand groups; and __fish_seen_subcommand_from cancel" -s q -l quiet -d 'Leave out notes and hints'
complete -c jobctl -n "__fish_jobctl_using_subcommand groups; and __fish_seen_subcommand_from cancel" -s v -l verbose -d 'Say more'
complete -c jobctl -n "__fish_jobctl_using_subcommand groups; and __fish_seen_subcommand_from cancel" -l utc -d 'Print times in UTC'
complete -c jobctl -n "__fish_jobctl_using_subcommand groups; and __fish_seen_subcommand_from cancel" -l local -d 'Print times in the local zone (the default)'
complete -c jobctl -n "__fish_jobctl_using_subcommand groups; and __fish_seen_subcommand_from cancel" -l show-secrets -d 'Show passwords and other secrets instead of masking them'
complete -c jobctl -n "__fish_jobctl_using_subcommand groups; and __fish_seen_subcommand_from cancel" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jobctl -n "__fish_jobctl_using_subcommand groups; and __fish_seen_subcommand_from cancel" -s V -l version -d 'Print version'
complete -c jobctl -n "__fish_jobctl_using_subcommand groups; and __fish_seen_subcommand_from retry" -l retries -d 'Give them so many retries [default: as many as they have left]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand groups; and __fish_seen_subcommand_from retry" -l rate -d 'So many a second, waiting while the queue holds as many as Frappe allows' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand groups; and __fish_seen_subcommand_from retry" -l reason -d 'Say why, for the journal and the audit log' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand groups; and __fish_seen_subcommand_from retry" -l limit -d 'Only the first N, in the order of the queues' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand groups; and __fish_seen_subcommand_from retry" -l bench -d 'The bench to work on [env: `JOBCTL_BENCH`; default: the one around the current directory]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand groups; and __fish_seen_subcommand_from retry" -l site -d 'Only this site; repeatable, or `all` [env: `JOBCTL_SITE`, `FRAPPE_SITE`; default: all]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand groups; and __fish_seen_subcommand_from retry" -l redis -d 'The Redis to work on, without a bench or instead of the bench\'s own [env: `JOBCTL_REDIS`]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand groups; and __fish_seen_subcommand_from retry" -s o -l output -d 'How to print the result [env: `JOBCTL_OUTPUT`; default: table, or plain in a pipe]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'The same with every column, cut nowhere'
plain\t'Tab-separated and complete'
json\t'One object with schema, scope, data and notes'
jsonl\t'One item per line'
csv\t'The items as one table, as RFC 4180 says'"
complete -c jobctl -n "__fish_jobctl_using_subcommand groups; and __fish_seen_subcommand_from retry" -l color -d 'When to colour [env: `JOBCTL_COLOR`; default: auto]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`'
always\t'Always, also into pipes'
never\t'Never'"
complete -c jobctl -n "__fish_jobctl_using_subcommand groups; and __fish_seen_subcommand_from retry" -l timeout -d 'Give up on a network step after this long [env: `JOBCTL_TIMEOUT`; default: 10s]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand groups; and __fish_seen_subcommand_from retry" -l watch -d 'Repeat every SECS seconds (2 unless told) until interrupted' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand groups; and __fish_seen_subcommand_from retry" -l config -d 'Read settings from this file [env: `JOBCTL_CONFIG`]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand groups; and __fish_seen_subcommand_from retry" -l front -d 'Put them in front of the jobs that wait'
complete -c jobctl -n "__fish_jobctl_using_subcommand groups; and __fish_seen_subcommand_from retry" -l over-cap -d 'Put more jobs into a queue than Frappe allows'
complete -c jobctl -n "__fish_jobctl_using_subcommand groups; and __fish_seen_subcommand_from retry" -l dry-run -d 'Show the plan and change nothing'
complete -c jobctl -n "__fish_jobctl_using_subcommand groups; and __fish_seen_subcommand_from retry" -s y -l yes -d 'Do not ask on a terminal'
complete -c jobctl -n "__fish_jobctl_using_subcommand groups; and __fish_seen_subcommand_from retry" -l no-undo -d 'Keep no journal: what is done cannot be undone'
complete -c jobctl -n "__fish_jobctl_using_subcommand groups; and __fish_seen_subcommand_from retry" -l read-only -d 'Refuse whatever changes, signals or starts something [env: `JOBCTL_READ_ONLY`]'
complete -c jobctl -n "__fish_jobctl_using_subcommand groups; and __fish_seen_subcommand_from retry" -s q -l quiet -d 'Leave out notes and hints'
complete -c jobctl -n "__fish_jobctl_using_subcommand groups; and __fish_seen_subcommand_from retry" -s v -l verbose -d 'Say more'
complete -c jobctl -n "__fish_jobctl_using_subcommand groups; and __fish_seen_subcommand_from retry" -l utc -d 'Print times in UTC'
complete -c jobctl -n "__fish_jobctl_using_subcommand groups; and __fish_seen_subcommand_from retry" -l local -d 'Print times in the local zone (the default)'
complete -c jobctl -n "__fish_jobctl_using_subcommand groups; and __fish_seen_subcommand_from retry" -l show-secrets -d 'Show passwords and other secrets instead of masking them'
complete -c jobctl -n "__fish_jobctl_using_subcommand groups; and __fish_seen_subcommand_from retry" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jobctl -n "__fish_jobctl_using_subcommand groups; and __fish_seen_subcommand_from retry" -s V -l version -d 'Print version'
complete -c jobctl -n "__fish_jobctl_using_subcommand supervisor; and not __fish_seen_subcommand_from generate check" -l bench -d 'The bench to work on [env: `JOBCTL_BENCH`; default: the one around the current directory]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand supervisor; and not __fish_seen_subcommand_from generate check" -l site -d 'Only this site; repeatable, or `all` [env: `JOBCTL_SITE`, `FRAPPE_SITE`; default: all]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand supervisor; and not __fish_seen_subcommand_from generate check" -l redis -d 'The Redis to work on, without a bench or instead of the bench\'s own [env: `JOBCTL_REDIS`]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand supervisor; and not __fish_seen_subcommand_from generate check" -s o -l output -d 'How to print the result [env: `JOBCTL_OUTPUT`; default: table, or plain in a pipe]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'The same with every column, cut nowhere'
plain\t'Tab-separated and complete'
json\t'One object with schema, scope, data and notes'
jsonl\t'One item per line'
csv\t'The items as one table, as RFC 4180 says'"
complete -c jobctl -n "__fish_jobctl_using_subcommand supervisor; and not __fish_seen_subcommand_from generate check" -l color -d 'When to colour [env: `JOBCTL_COLOR`; default: auto]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`'
always\t'Always, also into pipes'
never\t'Never'"
complete -c jobctl -n "__fish_jobctl_using_subcommand supervisor; and not __fish_seen_subcommand_from generate check" -l timeout -d 'Give up on a network step after this long [env: `JOBCTL_TIMEOUT`; default: 10s]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand supervisor; and not __fish_seen_subcommand_from generate check" -l watch -d 'Repeat every SECS seconds (2 unless told) until interrupted' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand supervisor; and not __fish_seen_subcommand_from generate check" -l config -d 'Read settings from this file [env: `JOBCTL_CONFIG`]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand supervisor; and not __fish_seen_subcommand_from generate check" -l read-only -d 'Refuse whatever changes, signals or starts something [env: `JOBCTL_READ_ONLY`]'
complete -c jobctl -n "__fish_jobctl_using_subcommand supervisor; and not __fish_seen_subcommand_from generate check" -s q -l quiet -d 'Leave out notes and hints'
complete -c jobctl -n "__fish_jobctl_using_subcommand supervisor; and not __fish_seen_subcommand_from generate check" -s v -l verbose -d 'Say more'
complete -c jobctl -n "__fish_jobctl_using_subcommand supervisor; and not __fish_seen_subcommand_from generate check" -l utc -d 'Print times in UTC'
complete -c jobctl -n "__fish_jobctl_using_subcommand supervisor; and not __fish_seen_subcommand_from generate check" -l local -d 'Print times in the local zone (the default)'
complete -c jobctl -n "__fish_jobctl_using_subcommand supervisor; and not __fish_seen_subcommand_from generate check" -l show-secrets -d 'Show passwords and other secrets instead of masking them'
complete -c jobctl -n "__fish_jobctl_using_subcommand supervisor; and not __fish_seen_subcommand_from generate check" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jobctl -n "__fish_jobctl_using_subcommand supervisor; and not __fish_seen_subcommand_from generate check" -s V -l version -d 'Print version'
complete -c jobctl -n "__fish_jobctl_using_subcommand supervisor; and not __fish_seen_subcommand_from generate check" -f -a "generate" -d 'Print process definitions for the bench\'s queues and its scheduler'
complete -c jobctl -n "__fish_jobctl_using_subcommand supervisor; and not __fish_seen_subcommand_from generate check" -f -a "check" -d 'Find the faults of the bench\'s process definitions'
complete -c jobctl -n "__fish_jobctl_using_subcommand supervisor; and __fish_seen_subcommand_from generate" -l format -d 'Who is to start the processes' -r -f -a "supervisor\t'supervisord'
systemd\t'systemd'"
complete -c jobctl -n "__fish_jobctl_using_subcommand supervisor; and __fish_seen_subcommand_from generate" -l bench -d 'The bench to work on [env: `JOBCTL_BENCH`; default: the one around the current directory]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand supervisor; and __fish_seen_subcommand_from generate" -l site -d 'Only this site; repeatable, or `all` [env: `JOBCTL_SITE`, `FRAPPE_SITE`; default: all]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand supervisor; and __fish_seen_subcommand_from generate" -l redis -d 'The Redis to work on, without a bench or instead of the bench\'s own [env: `JOBCTL_REDIS`]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand supervisor; and __fish_seen_subcommand_from generate" -s o -l output -d 'How to print the result [env: `JOBCTL_OUTPUT`; default: table, or plain in a pipe]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'The same with every column, cut nowhere'
plain\t'Tab-separated and complete'
json\t'One object with schema, scope, data and notes'
jsonl\t'One item per line'
csv\t'The items as one table, as RFC 4180 says'"
complete -c jobctl -n "__fish_jobctl_using_subcommand supervisor; and __fish_seen_subcommand_from generate" -l color -d 'When to colour [env: `JOBCTL_COLOR`; default: auto]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`'
always\t'Always, also into pipes'
never\t'Never'"
complete -c jobctl -n "__fish_jobctl_using_subcommand supervisor; and __fish_seen_subcommand_from generate" -l timeout -d 'Give up on a network step after this long [env: `JOBCTL_TIMEOUT`; default: 10s]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand supervisor; and __fish_seen_subcommand_from generate" -l watch -d 'Repeat every SECS seconds (2 unless told) until interrupted' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand supervisor; and __fish_seen_subcommand_from generate" -l config -d 'Read settings from this file [env: `JOBCTL_CONFIG`]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand supervisor; and __fish_seen_subcommand_from generate" -l pool -d 'One `jobctl worker-pool` for each group of queues in place of single workers'
complete -c jobctl -n "__fish_jobctl_using_subcommand supervisor; and __fish_seen_subcommand_from generate" -l read-only -d 'Refuse whatever changes, signals or starts something [env: `JOBCTL_READ_ONLY`]'
complete -c jobctl -n "__fish_jobctl_using_subcommand supervisor; and __fish_seen_subcommand_from generate" -s q -l quiet -d 'Leave out notes and hints'
complete -c jobctl -n "__fish_jobctl_using_subcommand supervisor; and __fish_seen_subcommand_from generate" -s v -l verbose -d 'Say more'
complete -c jobctl -n "__fish_jobctl_using_subcommand supervisor; and __fish_seen_subcommand_from generate" -l utc -d 'Print times in UTC'
complete -c jobctl -n "__fish_jobctl_using_subcommand supervisor; and __fish_seen_subcommand_from generate" -l local -d 'Print times in the local zone (the default)'
complete -c jobctl -n "__fish_jobctl_using_subcommand supervisor; and __fish_seen_subcommand_from generate" -l show-secrets -d 'Show passwords and other secrets instead of masking them'
complete -c jobctl -n "__fish_jobctl_using_subcommand supervisor; and __fish_seen_subcommand_from generate" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jobctl -n "__fish_jobctl_using_subcommand supervisor; and __fish_seen_subcommand_from generate" -s V -l version -d 'Print version'
complete -c jobctl -n "__fish_jobctl_using_subcommand supervisor; and __fish_seen_subcommand_from check" -l bench -d 'The bench to work on [env: `JOBCTL_BENCH`; default: the one around the current directory]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand supervisor; and __fish_seen_subcommand_from check" -l site -d 'Only this site; repeatable, or `all` [env: `JOBCTL_SITE`, `FRAPPE_SITE`; default: all]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand supervisor; and __fish_seen_subcommand_from check" -l redis -d 'The Redis to work on, without a bench or instead of the bench\'s own [env: `JOBCTL_REDIS`]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand supervisor; and __fish_seen_subcommand_from check" -s o -l output -d 'How to print the result [env: `JOBCTL_OUTPUT`; default: table, or plain in a pipe]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'The same with every column, cut nowhere'
plain\t'Tab-separated and complete'
json\t'One object with schema, scope, data and notes'
jsonl\t'One item per line'
csv\t'The items as one table, as RFC 4180 says'"
complete -c jobctl -n "__fish_jobctl_using_subcommand supervisor; and __fish_seen_subcommand_from check" -l color -d 'When to colour [env: `JOBCTL_COLOR`; default: auto]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`'
always\t'Always, also into pipes'
never\t'Never'"
complete -c jobctl -n "__fish_jobctl_using_subcommand supervisor; and __fish_seen_subcommand_from check" -l timeout -d 'Give up on a network step after this long [env: `JOBCTL_TIMEOUT`; default: 10s]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand supervisor; and __fish_seen_subcommand_from check" -l watch -d 'Repeat every SECS seconds (2 unless told) until interrupted' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand supervisor; and __fish_seen_subcommand_from check" -l config -d 'Read settings from this file [env: `JOBCTL_CONFIG`]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand supervisor; and __fish_seen_subcommand_from check" -l read-only -d 'Refuse whatever changes, signals or starts something [env: `JOBCTL_READ_ONLY`]'
complete -c jobctl -n "__fish_jobctl_using_subcommand supervisor; and __fish_seen_subcommand_from check" -s q -l quiet -d 'Leave out notes and hints'
complete -c jobctl -n "__fish_jobctl_using_subcommand supervisor; and __fish_seen_subcommand_from check" -s v -l verbose -d 'Say more'
complete -c jobctl -n "__fish_jobctl_using_subcommand supervisor; and __fish_seen_subcommand_from check" -l utc -d 'Print times in UTC'
complete -c jobctl -n "__fish_jobctl_using_subcommand supervisor; and __fish_seen_subcommand_from check" -l local -d 'Print times in the local zone (the default)'
complete -c jobctl -n "__fish_jobctl_using_subcommand supervisor; and __fish_seen_subcommand_from check" -l show-secrets -d 'Show passwords and other secrets instead of masking them'
complete -c jobctl -n "__fish_jobctl_using_subcommand supervisor; and __fish_seen_subcommand_from check" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jobctl -n "__fish_jobctl_using_subcommand supervisor; and __fish_seen_subcommand_from check" -s V -l version -d 'Print version'
complete -c jobctl -n "__fish_jobctl_using_subcommand undo" -l reason -d 'Say why, for the journal and the audit log' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand undo" -l limit -d 'Only the first N, in the order of the queues' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand undo" -l bench -d 'The bench to work on [env: `JOBCTL_BENCH`; default: the one around the current directory]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand undo" -l site -d 'Only this site; repeatable, or `all` [env: `JOBCTL_SITE`, `FRAPPE_SITE`; default: all]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand undo" -l redis -d 'The Redis to work on, without a bench or instead of the bench\'s own [env: `JOBCTL_REDIS`]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand undo" -s o -l output -d 'How to print the result [env: `JOBCTL_OUTPUT`; default: table, or plain in a pipe]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'The same with every column, cut nowhere'
plain\t'Tab-separated and complete'
json\t'One object with schema, scope, data and notes'
jsonl\t'One item per line'
csv\t'The items as one table, as RFC 4180 says'"
complete -c jobctl -n "__fish_jobctl_using_subcommand undo" -l color -d 'When to colour [env: `JOBCTL_COLOR`; default: auto]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`'
always\t'Always, also into pipes'
never\t'Never'"
complete -c jobctl -n "__fish_jobctl_using_subcommand undo" -l timeout -d 'Give up on a network step after this long [env: `JOBCTL_TIMEOUT`; default: 10s]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand undo" -l watch -d 'Repeat every SECS seconds (2 unless told) until interrupted' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand undo" -l config -d 'Read settings from this file [env: `JOBCTL_CONFIG`]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand undo" -l force -d 'Restore also jobs of which a crash left it open whether they were removed, and switches that somebody changed since'
complete -c jobctl -n "__fish_jobctl_using_subcommand undo" -l include-fixed-ids -d 'Restore also fixed ids that a scheduler may have run since'
complete -c jobctl -n "__fish_jobctl_using_subcommand undo" -l over-cap -d 'Put more jobs into a queue than Frappe allows'
complete -c jobctl -n "__fish_jobctl_using_subcommand undo" -l dry-run -d 'Show the plan and change nothing'
complete -c jobctl -n "__fish_jobctl_using_subcommand undo" -s y -l yes -d 'Do not ask on a terminal'
complete -c jobctl -n "__fish_jobctl_using_subcommand undo" -l no-undo -d 'Keep no journal: what is done cannot be undone'
complete -c jobctl -n "__fish_jobctl_using_subcommand undo" -l read-only -d 'Refuse whatever changes, signals or starts something [env: `JOBCTL_READ_ONLY`]'
complete -c jobctl -n "__fish_jobctl_using_subcommand undo" -s q -l quiet -d 'Leave out notes and hints'
complete -c jobctl -n "__fish_jobctl_using_subcommand undo" -s v -l verbose -d 'Say more'
complete -c jobctl -n "__fish_jobctl_using_subcommand undo" -l utc -d 'Print times in UTC'
complete -c jobctl -n "__fish_jobctl_using_subcommand undo" -l local -d 'Print times in the local zone (the default)'
complete -c jobctl -n "__fish_jobctl_using_subcommand undo" -l show-secrets -d 'Show passwords and other secrets instead of masking them'
complete -c jobctl -n "__fish_jobctl_using_subcommand undo" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jobctl -n "__fish_jobctl_using_subcommand undo" -s V -l version -d 'Print version'
complete -c jobctl -n "__fish_jobctl_using_subcommand ops; and not __fish_seen_subcommand_from list show prune" -l bench -d 'The bench to work on [env: `JOBCTL_BENCH`; default: the one around the current directory]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand ops; and not __fish_seen_subcommand_from list show prune" -l site -d 'Only this site; repeatable, or `all` [env: `JOBCTL_SITE`, `FRAPPE_SITE`; default: all]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand ops; and not __fish_seen_subcommand_from list show prune" -l redis -d 'The Redis to work on, without a bench or instead of the bench\'s own [env: `JOBCTL_REDIS`]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand ops; and not __fish_seen_subcommand_from list show prune" -s o -l output -d 'How to print the result [env: `JOBCTL_OUTPUT`; default: table, or plain in a pipe]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'The same with every column, cut nowhere'
plain\t'Tab-separated and complete'
json\t'One object with schema, scope, data and notes'
jsonl\t'One item per line'
csv\t'The items as one table, as RFC 4180 says'"
complete -c jobctl -n "__fish_jobctl_using_subcommand ops; and not __fish_seen_subcommand_from list show prune" -l color -d 'When to colour [env: `JOBCTL_COLOR`; default: auto]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`'
always\t'Always, also into pipes'
never\t'Never'"
complete -c jobctl -n "__fish_jobctl_using_subcommand ops; and not __fish_seen_subcommand_from list show prune" -l timeout -d 'Give up on a network step after this long [env: `JOBCTL_TIMEOUT`; default: 10s]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand ops; and not __fish_seen_subcommand_from list show prune" -l watch -d 'Repeat every SECS seconds (2 unless told) until interrupted' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand ops; and not __fish_seen_subcommand_from list show prune" -l config -d 'Read settings from this file [env: `JOBCTL_CONFIG`]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand ops; and not __fish_seen_subcommand_from list show prune" -l read-only -d 'Refuse whatever changes, signals or starts something [env: `JOBCTL_READ_ONLY`]'
complete -c jobctl -n "__fish_jobctl_using_subcommand ops; and not __fish_seen_subcommand_from list show prune" -s q -l quiet -d 'Leave out notes and hints'
complete -c jobctl -n "__fish_jobctl_using_subcommand ops; and not __fish_seen_subcommand_from list show prune" -s v -l verbose -d 'Say more'
complete -c jobctl -n "__fish_jobctl_using_subcommand ops; and not __fish_seen_subcommand_from list show prune" -l utc -d 'Print times in UTC'
complete -c jobctl -n "__fish_jobctl_using_subcommand ops; and not __fish_seen_subcommand_from list show prune" -l local -d 'Print times in the local zone (the default)'
complete -c jobctl -n "__fish_jobctl_using_subcommand ops; and not __fish_seen_subcommand_from list show prune" -l show-secrets -d 'Show passwords and other secrets instead of masking them'
complete -c jobctl -n "__fish_jobctl_using_subcommand ops; and not __fish_seen_subcommand_from list show prune" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jobctl -n "__fish_jobctl_using_subcommand ops; and not __fish_seen_subcommand_from list show prune" -s V -l version -d 'Print version'
complete -c jobctl -n "__fish_jobctl_using_subcommand ops; and not __fish_seen_subcommand_from list show prune" -f -a "list" -d 'List the operations that can be undone, newest first'
complete -c jobctl -n "__fish_jobctl_using_subcommand ops; and not __fish_seen_subcommand_from list show prune" -f -a "show" -d 'Show an operation: who, when, why, which jobs'
complete -c jobctl -n "__fish_jobctl_using_subcommand ops; and not __fish_seen_subcommand_from list show prune" -f -a "prune" -d 'Throw away journals older than 14 days, or beyond 2 GiB in all; never an unfinished one'
complete -c jobctl -n "__fish_jobctl_using_subcommand ops; and __fish_seen_subcommand_from list" -l bench -d 'The bench to work on [env: `JOBCTL_BENCH`; default: the one around the current directory]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand ops; and __fish_seen_subcommand_from list" -l site -d 'Only this site; repeatable, or `all` [env: `JOBCTL_SITE`, `FRAPPE_SITE`; default: all]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand ops; and __fish_seen_subcommand_from list" -l redis -d 'The Redis to work on, without a bench or instead of the bench\'s own [env: `JOBCTL_REDIS`]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand ops; and __fish_seen_subcommand_from list" -s o -l output -d 'How to print the result [env: `JOBCTL_OUTPUT`; default: table, or plain in a pipe]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'The same with every column, cut nowhere'
plain\t'Tab-separated and complete'
json\t'One object with schema, scope, data and notes'
jsonl\t'One item per line'
csv\t'The items as one table, as RFC 4180 says'"
complete -c jobctl -n "__fish_jobctl_using_subcommand ops; and __fish_seen_subcommand_from list" -l color -d 'When to colour [env: `JOBCTL_COLOR`; default: auto]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`'
always\t'Always, also into pipes'
never\t'Never'"
complete -c jobctl -n "__fish_jobctl_using_subcommand ops; and __fish_seen_subcommand_from list" -l timeout -d 'Give up on a network step after this long [env: `JOBCTL_TIMEOUT`; default: 10s]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand ops; and __fish_seen_subcommand_from list" -l watch -d 'Repeat every SECS seconds (2 unless told) until interrupted' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand ops; and __fish_seen_subcommand_from list" -l config -d 'Read settings from this file [env: `JOBCTL_CONFIG`]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand ops; and __fish_seen_subcommand_from list" -l read-only -d 'Refuse whatever changes, signals or starts something [env: `JOBCTL_READ_ONLY`]'
complete -c jobctl -n "__fish_jobctl_using_subcommand ops; and __fish_seen_subcommand_from list" -s q -l quiet -d 'Leave out notes and hints'
complete -c jobctl -n "__fish_jobctl_using_subcommand ops; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Say more'
complete -c jobctl -n "__fish_jobctl_using_subcommand ops; and __fish_seen_subcommand_from list" -l utc -d 'Print times in UTC'
complete -c jobctl -n "__fish_jobctl_using_subcommand ops; and __fish_seen_subcommand_from list" -l local -d 'Print times in the local zone (the default)'
complete -c jobctl -n "__fish_jobctl_using_subcommand ops; and __fish_seen_subcommand_from list" -l show-secrets -d 'Show passwords and other secrets instead of masking them'
complete -c jobctl -n "__fish_jobctl_using_subcommand ops; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jobctl -n "__fish_jobctl_using_subcommand ops; and __fish_seen_subcommand_from list" -s V -l version -d 'Print version'
complete -c jobctl -n "__fish_jobctl_using_subcommand ops; and __fish_seen_subcommand_from show" -l bench -d 'The bench to work on [env: `JOBCTL_BENCH`; default: the one around the current directory]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand ops; and __fish_seen_subcommand_from show" -l site -d 'Only this site; repeatable, or `all` [env: `JOBCTL_SITE`, `FRAPPE_SITE`; default: all]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand ops; and __fish_seen_subcommand_from show" -l redis -d 'The Redis to work on, without a bench or instead of the bench\'s own [env: `JOBCTL_REDIS`]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand ops; and __fish_seen_subcommand_from show" -s o -l output -d 'How to print the result [env: `JOBCTL_OUTPUT`; default: table, or plain in a pipe]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'The same with every column, cut nowhere'
plain\t'Tab-separated and complete'
json\t'One object with schema, scope, data and notes'
jsonl\t'One item per line'
csv\t'The items as one table, as RFC 4180 says'"
complete -c jobctl -n "__fish_jobctl_using_subcommand ops; and __fish_seen_subcommand_from show" -l color -d 'When to colour [env: `JOBCTL_COLOR`; default: auto]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`'
always\t'Always, also into pipes'
never\t'Never'"
complete -c jobctl -n "__fish_jobctl_using_subcommand ops; and __fish_seen_subcommand_from show" -l timeout -d 'Give up on a network step after this long [env: `JOBCTL_TIMEOUT`; default: 10s]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand ops; and __fish_seen_subcommand_from show" -l watch -d 'Repeat every SECS seconds (2 unless told) until interrupted' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand ops; and __fish_seen_subcommand_from show" -l config -d 'Read settings from this file [env: `JOBCTL_CONFIG`]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand ops; and __fish_seen_subcommand_from show" -l read-only -d 'Refuse whatever changes, signals or starts something [env: `JOBCTL_READ_ONLY`]'
complete -c jobctl -n "__fish_jobctl_using_subcommand ops; and __fish_seen_subcommand_from show" -s q -l quiet -d 'Leave out notes and hints'
complete -c jobctl -n "__fish_jobctl_using_subcommand ops; and __fish_seen_subcommand_from show" -s v -l verbose -d 'Say more'
complete -c jobctl -n "__fish_jobctl_using_subcommand ops; and __fish_seen_subcommand_from show" -l utc -d 'Print times in UTC'
complete -c jobctl -n "__fish_jobctl_using_subcommand ops; and __fish_seen_subcommand_from show" -l local -d 'Print times in the local zone (the default)'
complete -c jobctl -n "__fish_jobctl_using_subcommand ops; and __fish_seen_subcommand_from show" -l show-secrets -d 'Show passwords and other secrets instead of masking them'
complete -c jobctl -n "__fish_jobctl_using_subcommand ops; and __fish_seen_subcommand_from show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jobctl -n "__fish_jobctl_using_subcommand ops; and __fish_seen_subcommand_from show" -s V -l version -d 'Print version'
complete -c jobctl -n "__fish_jobctl_using_subcommand ops; and __fish_seen_subcommand_from prune" -l older-than -d 'Throw away what is older than this' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand ops; and __fish_seen_subcommand_from prune" -l bench -d 'The bench to work on [env: `JOBCTL_BENCH`; default: the one around the current directory]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand ops; and __fish_seen_subcommand_from prune" -l site -d 'Only this site; repeatable, or `all` [env: `JOBCTL_SITE`, `FRAPPE_SITE`; default: all]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand ops; and __fish_seen_subcommand_from prune" -l redis -d 'The Redis to work on, without a bench or instead of the bench\'s own [env: `JOBCTL_REDIS`]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand ops; and __fish_seen_subcommand_from prune" -s o -l output -d 'How to print the result [env: `JOBCTL_OUTPUT`; default: table, or plain in a pipe]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'The same with every column, cut nowhere'
plain\t'Tab-separated and complete'
json\t'One object with schema, scope, data and notes'
jsonl\t'One item per line'
csv\t'The items as one table, as RFC 4180 says'"
complete -c jobctl -n "__fish_jobctl_using_subcommand ops; and __fish_seen_subcommand_from prune" -l color -d 'When to colour [env: `JOBCTL_COLOR`; default: auto]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`'
always\t'Always, also into pipes'
never\t'Never'"
complete -c jobctl -n "__fish_jobctl_using_subcommand ops; and __fish_seen_subcommand_from prune" -l timeout -d 'Give up on a network step after this long [env: `JOBCTL_TIMEOUT`; default: 10s]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand ops; and __fish_seen_subcommand_from prune" -l watch -d 'Repeat every SECS seconds (2 unless told) until interrupted' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand ops; and __fish_seen_subcommand_from prune" -l config -d 'Read settings from this file [env: `JOBCTL_CONFIG`]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand ops; and __fish_seen_subcommand_from prune" -l dry-run -d 'Show what would go and change nothing'
complete -c jobctl -n "__fish_jobctl_using_subcommand ops; and __fish_seen_subcommand_from prune" -s y -l yes -d 'Do not ask on a terminal'
complete -c jobctl -n "__fish_jobctl_using_subcommand ops; and __fish_seen_subcommand_from prune" -l read-only -d 'Refuse whatever changes, signals or starts something [env: `JOBCTL_READ_ONLY`]'
complete -c jobctl -n "__fish_jobctl_using_subcommand ops; and __fish_seen_subcommand_from prune" -s q -l quiet -d 'Leave out notes and hints'
complete -c jobctl -n "__fish_jobctl_using_subcommand ops; and __fish_seen_subcommand_from prune" -s v -l verbose -d 'Say more'
complete -c jobctl -n "__fish_jobctl_using_subcommand ops; and __fish_seen_subcommand_from prune" -l utc -d 'Print times in UTC'
complete -c jobctl -n "__fish_jobctl_using_subcommand ops; and __fish_seen_subcommand_from prune" -l local -d 'Print times in the local zone (the default)'
complete -c jobctl -n "__fish_jobctl_using_subcommand ops; and __fish_seen_subcommand_from prune" -l show-secrets -d 'Show passwords and other secrets instead of masking them'
complete -c jobctl -n "__fish_jobctl_using_subcommand ops; and __fish_seen_subcommand_from prune" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jobctl -n "__fish_jobctl_using_subcommand ops; and __fish_seen_subcommand_from prune" -s V -l version -d 'Print version'
complete -c jobctl -n "__fish_jobctl_using_subcommand demo" -l dir -d 'The bench\'s directory [default: jobctl/demo in your state directory]' -r -f -a "(__fish_complete_directories)"
complete -c jobctl -n "__fish_jobctl_using_subcommand demo" -l python -d 'The Python with rq in it that the workers run on [default: the one that tests/demo.sh made, else python3]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand demo" -l bench -d 'The bench to work on [env: `JOBCTL_BENCH`; default: the one around the current directory]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand demo" -l site -d 'Only this site; repeatable, or `all` [env: `JOBCTL_SITE`, `FRAPPE_SITE`; default: all]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand demo" -l redis -d 'The Redis to work on, without a bench or instead of the bench\'s own [env: `JOBCTL_REDIS`]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand demo" -s o -l output -d 'How to print the result [env: `JOBCTL_OUTPUT`; default: table, or plain in a pipe]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'The same with every column, cut nowhere'
plain\t'Tab-separated and complete'
json\t'One object with schema, scope, data and notes'
jsonl\t'One item per line'
csv\t'The items as one table, as RFC 4180 says'"
complete -c jobctl -n "__fish_jobctl_using_subcommand demo" -l color -d 'When to colour [env: `JOBCTL_COLOR`; default: auto]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`'
always\t'Always, also into pipes'
never\t'Never'"
complete -c jobctl -n "__fish_jobctl_using_subcommand demo" -l timeout -d 'Give up on a network step after this long [env: `JOBCTL_TIMEOUT`; default: 10s]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand demo" -l watch -d 'Repeat every SECS seconds (2 unless told) until interrupted' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand demo" -l config -d 'Read settings from this file [env: `JOBCTL_CONFIG`]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand demo" -l stop -d 'End the demo and remove its directory'
complete -c jobctl -n "__fish_jobctl_using_subcommand demo" -l healthy -d 'Leave the broken things out: doctor finds nothing'
complete -c jobctl -n "__fish_jobctl_using_subcommand demo" -l read-only -d 'Refuse whatever changes, signals or starts something [env: `JOBCTL_READ_ONLY`]'
complete -c jobctl -n "__fish_jobctl_using_subcommand demo" -s q -l quiet -d 'Leave out notes and hints'
complete -c jobctl -n "__fish_jobctl_using_subcommand demo" -s v -l verbose -d 'Say more'
complete -c jobctl -n "__fish_jobctl_using_subcommand demo" -l utc -d 'Print times in UTC'
complete -c jobctl -n "__fish_jobctl_using_subcommand demo" -l local -d 'Print times in the local zone (the default)'
complete -c jobctl -n "__fish_jobctl_using_subcommand demo" -l show-secrets -d 'Show passwords and other secrets instead of masking them'
complete -c jobctl -n "__fish_jobctl_using_subcommand demo" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jobctl -n "__fish_jobctl_using_subcommand demo" -s V -l version -d 'Print version'
complete -c jobctl -n "__fish_jobctl_using_subcommand completions" -l bench -d 'The bench to work on [env: `JOBCTL_BENCH`; default: the one around the current directory]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand completions" -l site -d 'Only this site; repeatable, or `all` [env: `JOBCTL_SITE`, `FRAPPE_SITE`; default: all]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand completions" -l redis -d 'The Redis to work on, without a bench or instead of the bench\'s own [env: `JOBCTL_REDIS`]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand completions" -s o -l output -d 'How to print the result [env: `JOBCTL_OUTPUT`; default: table, or plain in a pipe]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'The same with every column, cut nowhere'
plain\t'Tab-separated and complete'
json\t'One object with schema, scope, data and notes'
jsonl\t'One item per line'
csv\t'The items as one table, as RFC 4180 says'"
complete -c jobctl -n "__fish_jobctl_using_subcommand completions" -l color -d 'When to colour [env: `JOBCTL_COLOR`; default: auto]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`'
always\t'Always, also into pipes'
never\t'Never'"
complete -c jobctl -n "__fish_jobctl_using_subcommand completions" -l timeout -d 'Give up on a network step after this long [env: `JOBCTL_TIMEOUT`; default: 10s]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand completions" -l watch -d 'Repeat every SECS seconds (2 unless told) until interrupted' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand completions" -l config -d 'Read settings from this file [env: `JOBCTL_CONFIG`]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand completions" -l read-only -d 'Refuse whatever changes, signals or starts something [env: `JOBCTL_READ_ONLY`]'
complete -c jobctl -n "__fish_jobctl_using_subcommand completions" -s q -l quiet -d 'Leave out notes and hints'
complete -c jobctl -n "__fish_jobctl_using_subcommand completions" -s v -l verbose -d 'Say more'
complete -c jobctl -n "__fish_jobctl_using_subcommand completions" -l utc -d 'Print times in UTC'
complete -c jobctl -n "__fish_jobctl_using_subcommand completions" -l local -d 'Print times in the local zone (the default)'
complete -c jobctl -n "__fish_jobctl_using_subcommand completions" -l show-secrets -d 'Show passwords and other secrets instead of masking them'
complete -c jobctl -n "__fish_jobctl_using_subcommand completions" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jobctl -n "__fish_jobctl_using_subcommand completions" -s V -l version -d 'Print version'
complete -c jobctl -n "__fish_jobctl_using_subcommand man" -l bench -d 'The bench to work on [env: `JOBCTL_BENCH`; default: the one around the current directory]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand man" -l site -d 'Only this site; repeatable, or `all` [env: `JOBCTL_SITE`, `FRAPPE_SITE`; default: all]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand man" -l redis -d 'The Redis to work on, without a bench or instead of the bench\'s own [env: `JOBCTL_REDIS`]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand man" -s o -l output -d 'How to print the result [env: `JOBCTL_OUTPUT`; default: table, or plain in a pipe]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'The same with every column, cut nowhere'
plain\t'Tab-separated and complete'
json\t'One object with schema, scope, data and notes'
jsonl\t'One item per line'
csv\t'The items as one table, as RFC 4180 says'"
complete -c jobctl -n "__fish_jobctl_using_subcommand man" -l color -d 'When to colour [env: `JOBCTL_COLOR`; default: auto]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`'
always\t'Always, also into pipes'
never\t'Never'"
complete -c jobctl -n "__fish_jobctl_using_subcommand man" -l timeout -d 'Give up on a network step after this long [env: `JOBCTL_TIMEOUT`; default: 10s]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand man" -l watch -d 'Repeat every SECS seconds (2 unless told) until interrupted' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand man" -l config -d 'Read settings from this file [env: `JOBCTL_CONFIG`]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand man" -l read-only -d 'Refuse whatever changes, signals or starts something [env: `JOBCTL_READ_ONLY`]'
complete -c jobctl -n "__fish_jobctl_using_subcommand man" -s q -l quiet -d 'Leave out notes and hints'
complete -c jobctl -n "__fish_jobctl_using_subcommand man" -s v -l verbose -d 'Say more'
complete -c jobctl -n "__fish_jobctl_using_subcommand man" -l utc -d 'Print times in UTC'
complete -c jobctl -n "__fish_jobctl_using_subcommand man" -l local -d 'Print times in the local zone (the default)'
complete -c jobctl -n "__fish_jobctl_using_subcommand man" -l show-secrets -d 'Show passwords and other secrets instead of masking them'
complete -c jobctl -n "__fish_jobctl_using_subcommand man" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jobctl -n "__fish_jobctl_using_subcommand man" -s V -l version -d 'Print version'
complete -c jobctl -n "__fish_jobctl_using_subcommand generate" -l bench -d 'The bench to work on [env: `JOBCTL_BENCH`; default: the one around the current directory]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand generate" -l site -d 'Only this site; repeatable, or `all` [env: `JOBCTL_SITE`, `FRAPPE_SITE`; default: all]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand generate" -l redis -d 'The Redis to work on, without a bench or instead of the bench\'s own [env: `JOBCTL_REDIS`]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand generate" -s o -l output -d 'How to print the result [env: `JOBCTL_OUTPUT`; default: table, or plain in a pipe]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'The same with every column, cut nowhere'
plain\t'Tab-separated and complete'
json\t'One object with schema, scope, data and notes'
jsonl\t'One item per line'
csv\t'The items as one table, as RFC 4180 says'"
complete -c jobctl -n "__fish_jobctl_using_subcommand generate" -l color -d 'When to colour [env: `JOBCTL_COLOR`; default: auto]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`'
always\t'Always, also into pipes'
never\t'Never'"
complete -c jobctl -n "__fish_jobctl_using_subcommand generate" -l timeout -d 'Give up on a network step after this long [env: `JOBCTL_TIMEOUT`; default: 10s]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand generate" -l watch -d 'Repeat every SECS seconds (2 unless told) until interrupted' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand generate" -l config -d 'Read settings from this file [env: `JOBCTL_CONFIG`]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand generate" -l read-only -d 'Refuse whatever changes, signals or starts something [env: `JOBCTL_READ_ONLY`]'
complete -c jobctl -n "__fish_jobctl_using_subcommand generate" -s q -l quiet -d 'Leave out notes and hints'
complete -c jobctl -n "__fish_jobctl_using_subcommand generate" -s v -l verbose -d 'Say more'
complete -c jobctl -n "__fish_jobctl_using_subcommand generate" -l utc -d 'Print times in UTC'
complete -c jobctl -n "__fish_jobctl_using_subcommand generate" -l local -d 'Print times in the local zone (the default)'
complete -c jobctl -n "__fish_jobctl_using_subcommand generate" -l show-secrets -d 'Show passwords and other secrets instead of masking them'
complete -c jobctl -n "__fish_jobctl_using_subcommand generate" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jobctl -n "__fish_jobctl_using_subcommand generate" -s V -l version -d 'Print version'
