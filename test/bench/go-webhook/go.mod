module holdpoint.dev/bench/go-webhook

go 1.26
