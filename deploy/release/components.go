package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// components writes what each binary is made of, by the program of `make sbom`.
func (r *release) components(ctx context.Context, targets []platform) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", r.sbom, "./sbom")
	cmd.Dir = filepath.Join(r.clone, "tools")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=-mod=readonly", "PWD="+cmd.Dir)
	if said, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("building tools/sbom: %w\n%s", err, strings.TrimSpace(string(said)))
	}
	for _, p := range targets {
		var list bytes.Buffer
		cmd := exec.CommandContext(ctx, r.sbom, r.binary[p.String()])
		cmd.Stdout = &list
		if err := cmd.Run(); err != nil {
			return fmt.Errorf("the components of %s: %w", p, err)
		}
		if list.Len() == 0 {
			return errors.New("the list of components is empty")
		}
		if err := r.write(p.stem(r.Version)+".cdx.json", list.Bytes()); err != nil {
			return err
		}
	}
	return nil
}
