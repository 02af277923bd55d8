// Command release answers: what does somebody download, and is it the same whoever builds it?
//
// It builds the program for every platform out of a clean clone of a commit, twice and in different folders, and refuses to go
// on when the bytes differ. Of the binaries it makes archives, packages for Debian and for RPM, a container image, a Homebrew
// formula, a Nix flake, a list of components of each build, a statement of provenance and one file of checksums. It needs no
// daemon and publishes nothing.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		stop()
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

const usage = `usage:
  release build [--out DIR] [--version X.Y.Z] [--platforms os/arch,…] [--builder URL]
  release push --image REGISTRY/NAME [--out DIR]`

func run(ctx context.Context, args []string, out io.Writer) error {
	if len(args) == 0 {
		return errors.New(usage)
	}
	switch args[0] {
	case "build":
		return build(ctx, args[1:], out)
	case "push":
		return push(ctx, args[1:], out)
	}
	return fmt.Errorf("unknown command %q\n%s", args[0], usage)
}

func build(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("build", flag.ContinueOnError)
	repo := flags.String("repo", "../..", "`directory` of the repository")
	dist := flags.String("out", "../../dist", "`directory` to write to; what is in it is removed")
	version := flags.String("version", "", "`X.Y.Z`; without, that of the tag of the commit, else one that sorts before every release")
	platforms := flags.String("platforms", strings.Join(all, ","), "os/arch, separated by commas")
	builder := flags.String("builder", cmp.Or(os.Getenv("SHIPWAKE_BUILDER"), homepage+"/blob/main/deploy/release"), "who builds, for the provenance: a `URL` (also $SHIPWAKE_BUILDER)")
	if err := flags.Parse(args); err != nil {
		return err
	}
	source, err := sourceOf(ctx, *repo, "HEAD", *version)
	if err != nil {
		return err
	}
	targets, err := platformsOf(*platforms)
	if err != nil {
		return err
	}
	r := &release{Source: source, builder: *builder, dist: *dist, log: out}
	return r.make(ctx, targets)
}
