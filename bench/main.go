// Command bench compares the speed of a tool call through Sluice, with everything on that a call goes through (token, argument check, limits,
// audit), with that of two peers over the same fixed upstream: the standard library's reverse proxy, tuned, carrying the raw REST call, and the
// same tool written by hand on the official Go SDK.
//
// Each part is a process of its own. Rounds alternate between the subjects, so that a noisy moment meets all of them; what is reported are
// medians over the rounds of the ratio to the reverse proxy in the same round. Every measured call is checked for success, and the
// upstream's own count must agree.
//
//	go run ./bench [-rounds 5] [-duration 3s] [-connections 32] [-postgresql=false]
//
// How much an idle stream costs is measured apart:
//
//	go run ./bench streams [-count 10000] [-keep-alive 5s] [-binary bin/sluice]
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// run is one part if its name is given, and else the whole comparison, which starts the parts.
func run(ctx context.Context, args []string) error {
	if len(args) > 0 {
		switch args[0] {
		case "upstream":
			return serveUpstream(ctx)
		case "proxy":
			return serveProxy(ctx, args[1])
		case "sdk":
			return serveSDK(ctx, args[1])
		case "load":
			return load(args[1:])
		case "streams":
			return measureStreams(ctx, args[1:])
		}
	}
	var plan plan
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.IntVar(&plan.Rounds, "rounds", 5, "rounds that each subject is measured in")
	flags.DurationVar(&plan.Duration, "duration", 3*time.Second, "length of one measurement")
	flags.IntVar(&plan.Connections, "connections", 32, "connections that call at the same time")
	flags.BoolVar(&plan.PostgreSQL, "postgresql", true, "measure Sluice on PostgreSQL too")
	if err := flags.Parse(args); err != nil {
		return err
	}
	return compare(ctx, plan)
}
