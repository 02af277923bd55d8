// Command bench answers: what does Shipwake cost its host, beside the stock Collector and by itself?
//
// It drives built binaries through the doors that everybody uses, and counts the CPU time of the server alone, so that
// neither the generator nor what else the machine does is in the figures. A run in which anything was lost fails.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		stop()
		os.Exit(1)
	}
}
