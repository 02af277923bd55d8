// Command shipwake watches what deployments do: see its --help, and the README at the root of the repository.
package main

import (
	"context"
	"os"

	"github.com/shipwake/shipwake/cmd/shipwake/app"
)

func main() {
	os.Exit(app.Main(context.Background(), os.Args[1:], os.Stdout, os.Stderr))
}
