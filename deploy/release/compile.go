package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// ldflags leave out what nobody needs to run it, and set the version.
const ldflags = "-s -w -X github.com/shipwake/shipwake/cmd/shipwake/app.version="

// compile builds the program for a platform in a clean clone. Nothing of the machine comes in but the Go toolchain.
func (s Source) compile(ctx context.Context, p platform, clone, out string, environment ...string) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-buildvcs=true", "-ldflags", ldflags+s.Version, "-o", out, "./cmd/shipwake")
	cmd.Dir = clone
	cmd.Env = append(os.Environ(),
		"CGO_ENABLED=0", "GOOS="+p.OS, "GOARCH="+p.Arch, "GOAMD64=v1", "GOARM64=v8.0",
		"GOFLAGS=-mod=readonly", "GOWORK=off", "GOEXPERIMENT=", "GODEBUG=", "PWD="+clone)
	cmd.Env = append(cmd.Env, environment...)
	if said, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("building %s: %w\n%s", p, err, strings.TrimSpace(string(said)))
	}
	return nil
}

// compileTwice builds in two clones at different paths, with what must not matter set otherwise, and refuses other bytes.
func (s Source) compileTwice(ctx context.Context, p platform, clones [2]string, out string) error {
	if err := os.MkdirAll(filepath.Dir(out), 0o755); err != nil {
		return err
	}
	if err := s.compile(ctx, p, clones[0], out, "TZ=UTC", "LANG=C"); err != nil {
		return err
	}
	again := out + ".again"
	defer os.Remove(again)
	if err := s.compile(ctx, p, clones[1], again, "TZ=Pacific/Auckland", "LANG=de_DE.UTF-8", "USER=somebody"); err != nil {
		return err
	}
	first, err := digest(out)
	if err != nil {
		return err
	}
	second, err := digest(again)
	if err != nil {
		return err
	}
	if first != second {
		return fmt.Errorf("%s is not reproducible: the same commit gave %s in one folder and %s in another", p, first, second)
	}
	return nil
}

// digest is the SHA-256 of a file, in hexadecimal.
func digest(file string) (string, error) {
	f, err := os.Open(file)
	if err != nil {
		return "", err
	}
	defer f.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}
