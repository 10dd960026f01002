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
csv\t'The first table, as RFC 4180 says'"
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
complete -c jobctl -n "__fish_jobctl_needs_command" -f -a "jobs" -d 'List, show and look up jobs'
complete -c jobctl -n "__fish_jobctl_needs_command" -f -a "queues" -d 'List the queues, or look into one'
complete -c jobctl -n "__fish_jobctl_needs_command" -f -a "workers" -d 'List the workers, or look at one'
complete -c jobctl -n "__fish_jobctl_needs_command" -f -a "show-pending-jobs" -d 'Show what waits: depths of the queues, and waiting jobs by site and by method'
complete -c jobctl -n "__fish_jobctl_needs_command" -f -a "logs" -d 'Show and follow the logs of a bench, merged in the order of time'
complete -c jobctl -n "__fish_jobctl_needs_command" -f -a "stats" -d 'Say how often, how long and how late jobs ran, by method, queue, site or time'
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
csv\t'The first table, as RFC 4180 says'"
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
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and not __fish_seen_subcommand_from list show exists" -l bench -d 'The bench to work on [env: `JOBCTL_BENCH`; default: the one around the current directory]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and not __fish_seen_subcommand_from list show exists" -l site -d 'Only this site; repeatable, or `all` [env: `JOBCTL_SITE`, `FRAPPE_SITE`; default: all]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and not __fish_seen_subcommand_from list show exists" -l redis -d 'The Redis to work on, without a bench or instead of the bench\'s own [env: `JOBCTL_REDIS`]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and not __fish_seen_subcommand_from list show exists" -s o -l output -d 'How to print the result [env: `JOBCTL_OUTPUT`; default: table, or plain in a pipe]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'The same with every column, cut nowhere'
plain\t'Tab-separated and complete'
json\t'One object with schema, scope, data and notes'
jsonl\t'One item per line'
csv\t'The first table, as RFC 4180 says'"
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and not __fish_seen_subcommand_from list show exists" -l color -d 'When to colour [env: `JOBCTL_COLOR`; default: auto]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`'
always\t'Always, also into pipes'
never\t'Never'"
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and not __fish_seen_subcommand_from list show exists" -l timeout -d 'Give up on a network step after this long [env: `JOBCTL_TIMEOUT`; default: 10s]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and not __fish_seen_subcommand_from list show exists" -l watch -d 'Repeat every SECS seconds (2 unless told) until interrupted' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and not __fish_seen_subcommand_from list show exists" -l config -d 'Read settings from this file [env: `JOBCTL_CONFIG`]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and not __fish_seen_subcommand_from list show exists" -l read-only -d 'Refuse whatever changes, signals or starts something [env: `JOBCTL_READ_ONLY`]'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and not __fish_seen_subcommand_from list show exists" -s q -l quiet -d 'Leave out notes and hints'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and not __fish_seen_subcommand_from list show exists" -s v -l verbose -d 'Say more'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and not __fish_seen_subcommand_from list show exists" -l utc -d 'Print times in UTC'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and not __fish_seen_subcommand_from list show exists" -l local -d 'Print times in the local zone (the default)'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and not __fish_seen_subcommand_from list show exists" -l show-secrets -d 'Show passwords and other secrets instead of masking them'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and not __fish_seen_subcommand_from list show exists" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and not __fish_seen_subcommand_from list show exists" -s V -l version -d 'Print version'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and not __fish_seen_subcommand_from list show exists" -f -a "list" -d 'List jobs of every state, filtered and sorted'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and not __fish_seen_subcommand_from list show exists" -f -a "show" -d 'Show everything that is known of a job'
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and not __fish_seen_subcommand_from list show exists" -f -a "exists" -d 'Say whether a job exists: exit code 0 if it does, 1 if not'
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
complete -c jobctl -n "__fish_jobctl_using_subcommand jobs; and __fish_seen_subcommand_from list" -l event -d 'Only Frappe jobs that were enqueued for this event' -r
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
csv\t'The first table, as RFC 4180 says'"
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
csv\t'The first table, as RFC 4180 says'"
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
csv\t'The first table, as RFC 4180 says'"
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
complete -c jobctl -n "__fish_jobctl_using_subcommand queues; and not __fish_seen_subcommand_from list show" -l bench -d 'The bench to work on [env: `JOBCTL_BENCH`; default: the one around the current directory]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand queues; and not __fish_seen_subcommand_from list show" -l site -d 'Only this site; repeatable, or `all` [env: `JOBCTL_SITE`, `FRAPPE_SITE`; default: all]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand queues; and not __fish_seen_subcommand_from list show" -l redis -d 'The Redis to work on, without a bench or instead of the bench\'s own [env: `JOBCTL_REDIS`]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand queues; and not __fish_seen_subcommand_from list show" -s o -l output -d 'How to print the result [env: `JOBCTL_OUTPUT`; default: table, or plain in a pipe]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'The same with every column, cut nowhere'
plain\t'Tab-separated and complete'
json\t'One object with schema, scope, data and notes'
jsonl\t'One item per line'
csv\t'The first table, as RFC 4180 says'"
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
csv\t'The first table, as RFC 4180 says'"
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
csv\t'The first table, as RFC 4180 says'"
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
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and not __fish_seen_subcommand_from list show" -l bench -d 'The bench to work on [env: `JOBCTL_BENCH`; default: the one around the current directory]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and not __fish_seen_subcommand_from list show" -l site -d 'Only this site; repeatable, or `all` [env: `JOBCTL_SITE`, `FRAPPE_SITE`; default: all]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and not __fish_seen_subcommand_from list show" -l redis -d 'The Redis to work on, without a bench or instead of the bench\'s own [env: `JOBCTL_REDIS`]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and not __fish_seen_subcommand_from list show" -s o -l output -d 'How to print the result [env: `JOBCTL_OUTPUT`; default: table, or plain in a pipe]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'The same with every column, cut nowhere'
plain\t'Tab-separated and complete'
json\t'One object with schema, scope, data and notes'
jsonl\t'One item per line'
csv\t'The first table, as RFC 4180 says'"
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and not __fish_seen_subcommand_from list show" -l color -d 'When to colour [env: `JOBCTL_COLOR`; default: auto]' -r -f -a "auto\t'On a terminal, unless `NO_COLOR` is set or `TERM` is `dumb`'
always\t'Always, also into pipes'
never\t'Never'"
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and not __fish_seen_subcommand_from list show" -l timeout -d 'Give up on a network step after this long [env: `JOBCTL_TIMEOUT`; default: 10s]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and not __fish_seen_subcommand_from list show" -l watch -d 'Repeat every SECS seconds (2 unless told) until interrupted' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and not __fish_seen_subcommand_from list show" -l config -d 'Read settings from this file [env: `JOBCTL_CONFIG`]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and not __fish_seen_subcommand_from list show" -l read-only -d 'Refuse whatever changes, signals or starts something [env: `JOBCTL_READ_ONLY`]'
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and not __fish_seen_subcommand_from list show" -s q -l quiet -d 'Leave out notes and hints'
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and not __fish_seen_subcommand_from list show" -s v -l verbose -d 'Say more'
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and not __fish_seen_subcommand_from list show" -l utc -d 'Print times in UTC'
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and not __fish_seen_subcommand_from list show" -l local -d 'Print times in the local zone (the default)'
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and not __fish_seen_subcommand_from list show" -l show-secrets -d 'Show passwords and other secrets instead of masking them'
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and not __fish_seen_subcommand_from list show" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and not __fish_seen_subcommand_from list show" -s V -l version -d 'Print version'
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and not __fish_seen_subcommand_from list show" -f -a "list" -d 'List the workers: whether they live, what they run, what they have done'
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and not __fish_seen_subcommand_from list show" -f -a "show" -d 'Show one worker: whether it lives and why, its job, its processes'
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from list" -l bench -d 'The bench to work on [env: `JOBCTL_BENCH`; default: the one around the current directory]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from list" -l site -d 'Only this site; repeatable, or `all` [env: `JOBCTL_SITE`, `FRAPPE_SITE`; default: all]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from list" -l redis -d 'The Redis to work on, without a bench or instead of the bench\'s own [env: `JOBCTL_REDIS`]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand workers; and __fish_seen_subcommand_from list" -s o -l output -d 'How to print the result [env: `JOBCTL_OUTPUT`; default: table, or plain in a pipe]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'The same with every column, cut nowhere'
plain\t'Tab-separated and complete'
json\t'One object with schema, scope, data and notes'
jsonl\t'One item per line'
csv\t'The first table, as RFC 4180 says'"
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
csv\t'The first table, as RFC 4180 says'"
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
complete -c jobctl -n "__fish_jobctl_using_subcommand show-pending-jobs" -l bench -d 'The bench to work on [env: `JOBCTL_BENCH`; default: the one around the current directory]' -r -F
complete -c jobctl -n "__fish_jobctl_using_subcommand show-pending-jobs" -l site -d 'Only this site; repeatable, or `all` [env: `JOBCTL_SITE`, `FRAPPE_SITE`; default: all]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand show-pending-jobs" -l redis -d 'The Redis to work on, without a bench or instead of the bench\'s own [env: `JOBCTL_REDIS`]' -r
complete -c jobctl -n "__fish_jobctl_using_subcommand show-pending-jobs" -s o -l output -d 'How to print the result [env: `JOBCTL_OUTPUT`; default: table, or plain in a pipe]' -r -f -a "table\t'For people, cut to the width of the terminal'
wide\t'The same with every column, cut nowhere'
plain\t'Tab-separated and complete'
json\t'One object with schema, scope, data and notes'
jsonl\t'One item per line'
csv\t'The first table, as RFC 4180 says'"
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
csv\t'The first table, as RFC 4180 says'"
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
csv\t'The first table, as RFC 4180 says'"
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
csv\t'The first table, as RFC 4180 says'"
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
csv\t'The first table, as RFC 4180 says'"
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
csv\t'The first table, as RFC 4180 says'"
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
csv\t'The first table, as RFC 4180 says'"
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
