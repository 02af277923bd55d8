package main

import (
	"archive/tar"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// push sends the images of a release to a registry, as they are in the folder, and prints what to sign: the name by digest.
// Whoever has logged in by `docker login` or `podman login` may push.
func push(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("push", flag.ContinueOnError)
	dist := flags.String("out", "../../dist", "`directory` of the release")
	image := flags.String("image", "", "`REGISTRY/NAME` to push to; the tag is the version")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if *image == "" {
		return errors.New("push: --image is missing, such as --image ghcr.io/shipwake/shipwake")
	}
	found, err := filepath.Glob(filepath.Join(*dist, "shipwake_*_oci.tar"))
	if err != nil || len(found) != 1 {
		return fmt.Errorf("push: %s holds %d images, and not one", *dist, len(found))
	}
	index, tag, cleanup, err := openLayout(found[0])
	if err != nil {
		return err
	}
	defer cleanup()
	ref, err := name.NewTag(*image+":"+tag, name.StrictValidation)
	if err != nil {
		return fmt.Errorf("--image: %w", err)
	}
	if err := remote.WriteIndex(ref, index, remote.WithContext(ctx), remote.WithAuthFromKeychain(authn.DefaultKeychain)); err != nil {
		return err
	}
	hash, err := index.Digest()
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%s@%s\n", ref.Context(), hash)
	return nil
}

// openLayout is the index in a tar of an OCI layout, and the tag that it has there.
func openLayout(file string) (index v1.ImageIndex, tag string, cleanup func(), err error) {
	dir, err := os.MkdirTemp("", "shipwake-push-")
	if err != nil {
		return nil, "", nil, err
	}
	cleanup = func() { _ = os.RemoveAll(dir) }
	defer func() {
		if err != nil {
			cleanup()
		}
	}()
	if err := untar(file, dir); err != nil {
		return nil, "", nil, err
	}
	top, err := layout.ImageIndexFromPath(dir)
	if err != nil {
		return nil, "", nil, err
	}
	manifest, err := top.IndexManifest()
	if err != nil {
		return nil, "", nil, err
	}
	if len(manifest.Manifests) != 1 {
		return nil, "", nil, fmt.Errorf("%s holds %d images, and not one", file, len(manifest.Manifests))
	}
	only := manifest.Manifests[0]
	index, err = top.ImageIndex(only.Digest)
	return index, only.Annotations["org.opencontainers.image.ref.name"], cleanup, err
}

// untar unpacks a tar of plain files.
func untar(file, dir string) error {
	in, err := os.Open(file)
	if err != nil {
		return err
	}
	defer in.Close()
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	for r := tar.NewReader(in); ; {
		header, err := r.Next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		if err := root.MkdirAll(filepath.Dir(header.Name), 0o755); err != nil {
			return err
		}
		out, err := root.Create(header.Name)
		if err != nil {
			return err
		}
		if _, err := io.Copy(out, r); err != nil {
			_ = out.Close()
			return err
		}
		if err := out.Close(); err != nil {
			return err
		}
	}
}
