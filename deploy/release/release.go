package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"
)

// release is what is made of a commit.
type release struct {
	Source
	builder string
	dist    string
	log     io.Writer

	clone  string            // a clean checkout, from which everything but the binaries is taken
	sbom   string            // the program that lists the components of a binary
	binary map[string]string // by platform
}

// make builds everything. Two platforms are built at a time, as linking takes one processor.
func (r *release) make(ctx context.Context, targets []platform) error {
	began := time.Now()
	work, err := os.MkdirTemp("", "shipwake-release-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	clones := [2]string{filepath.Join(work, "a"), filepath.Join(work, "elsewhere", "b")}
	for _, dir := range clones {
		if err := r.Source.clone(ctx, dir); err != nil {
			return err
		}
	}
	r.clone, r.sbom, r.binary = clones[0], filepath.Join(work, "sbom"), map[string]string{}
	if err := r.empty(); err != nil {
		return err
	}
	r.say("release %s of commit %s, %s", r.Version, r.Commit, r.Time.Format(time.RFC3339))
	group, building := errgroup.WithContext(ctx)
	group.SetLimit(2)
	for _, p := range targets {
		out := filepath.Join(work, "binaries", p.OS+"_"+p.Arch, p.file())
		r.binary[p.String()] = out
		group.Go(func() error { return r.Source.compileTwice(building, p, clones, out) })
	}
	if err := group.Wait(); err != nil {
		return err
	}
	r.say("%d platforms: the same bytes twice, in %s", len(targets), time.Since(began).Round(time.Second))
	if err := r.pack(ctx, targets); err != nil {
		return err
	}
	if err := r.describe(ctx, targets); err != nil {
		return err
	}
	if err := writeChecksums(r.dist); err != nil {
		return err
	}
	r.say("%s is ready in %s; nothing is published", r.dist, time.Since(began).Round(time.Second))
	return nil
}

// empty makes the folder for the results, and refuses one that holds something else.
func (r *release) empty() error {
	entries, err := os.ReadDir(r.dist)
	if os.IsNotExist(err) {
		return os.MkdirAll(r.dist, 0o755)
	}
	if err != nil {
		return err
	}
	if _, err := os.Stat(filepath.Join(r.dist, checksums)); err != nil && len(entries) > 0 {
		return fmt.Errorf("--out %s: it holds something, and no %s of an earlier release; give an empty folder", r.dist, checksums)
	}
	for _, e := range entries {
		if err := os.RemoveAll(filepath.Join(r.dist, e.Name())); err != nil {
			return err
		}
	}
	return nil
}

// pack makes what holds the binaries.
func (r *release) pack(ctx context.Context, targets []platform) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(2)
	for _, p := range targets {
		group.Go(func() error { return r.archive(p) })
		if p.OS != "linux" {
			continue
		}
		for _, format := range []string{"deb", "rpm"} {
			group.Go(func() error { return r.linuxPackage(p, format) })
		}
	}
	group.Go(func() error { return r.images(ctx, targets) })
	return group.Wait()
}

// describe makes what says what is in it, and what leads to it.
func (r *release) describe(ctx context.Context, targets []platform) error {
	if err := r.components(ctx, targets); err != nil {
		return err
	}
	if len(targets) < len(all) {
		r.say("no formula and no flake: they lead to every platform")
		return r.provenance(ctx)
	}
	for _, t := range []string{"shipwake.rb", "flake.nix"} {
		if err := r.fill(t); err != nil {
			return err
		}
	}
	return r.provenance(ctx)
}

func (r *release) say(format string, args ...any) { fmt.Fprintf(r.log, format+"\n", args...) }

// write writes a file of the release.
func (r *release) write(name string, content []byte) error {
	return os.WriteFile(filepath.Join(r.dist, name), content, 0o644)
}
