# Count, failures, sum and longest duration by method: less than jobctl does, since quantiles would
# make jq hold every value. Run with `jq -n -f`.
reduce (inputs | select(.transaction_type == "job")) as $record ({};
    .[$record.job.method] |= {
        count: ((.count // 0) + 1),
        failed: ((.failed // 0) + (if $record.exception then 1 else 0 end)),
        total: ((.total // 0) + $record.duration),
        longest: ([.longest // 0, $record.duration] | max)
    })
