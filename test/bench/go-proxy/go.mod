module holdpoint.dev/bench/go-proxy

go 1.26
