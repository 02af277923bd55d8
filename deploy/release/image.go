package main

import (
	"archive/tar"
	"bytes"
	"context"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/tarball"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// The names of the images of a release.
func (s Source) ociLayout() string { return "shipwake_" + s.Version + "_oci.tar" }
func (s Source) dockerTar(arch string) string {
	return "shipwake_" + s.Version + "_docker_" + arch + ".tar"
}

// images writes one index of the images for Linux, as a tar of an OCI layout, and each as a tar that `docker load` takes.
func (r *release) images(ctx context.Context, targets []platform) error {
	index := mutate.IndexMediaType(empty.Index, types.OCIImageIndex)
	for _, p := range targets {
		if p.OS != "linux" {
			continue
		}
		image, err := r.image(p)
		if err != nil {
			return err
		}
		index = mutate.AppendManifests(index, mutate.IndexAddendum{
			Add: image, Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: p.OS, Architecture: p.Arch}},
		})
		tag, err := name.NewTag("shipwake:"+r.Version, name.WithDefaultRegistry(""))
		if err != nil {
			return err
		}
		if err := tarball.WriteToFile(filepath.Join(r.dist, r.dockerTar(p.Arch)), tag, image); err != nil {
			return err
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return r.writeLayout(index)
}

// image is that of one platform: the program, what it needs of a system, and what the Dockerfile says.
func (r *release) image(p platform) (v1.Image, error) {
	dockerfile, err := r.read("deploy/Dockerfile")
	if err != nil {
		return nil, err
	}
	config, copies, err := imageConfig(string(dockerfile))
	if err != nil {
		return nil, err
	}
	config.Labels = r.labels()
	system, err := r.system(config, copies)
	if err != nil {
		return nil, err
	}
	program, err := r.program(p)
	if err != nil {
		return nil, err
	}
	base := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	made, err := mutate.Append(base, r.addendum(system, "certificates, configuration"), r.addendum(program, "shipwake "+r.Version))
	if err != nil {
		return nil, err
	}
	file, err := made.ConfigFile()
	if err != nil {
		return nil, err
	}
	file = file.DeepCopy()
	file.OS, file.Architecture, file.Created, file.Config = p.OS, p.Arch, v1.Time{Time: r.Time}, config
	return mutate.ConfigFile(made, file)
}

func (r *release) addendum(layer v1.Layer, what string) mutate.Addendum {
	return mutate.Addendum{Layer: layer, History: v1.History{Created: v1.Time{Time: r.Time}, CreatedBy: "deploy/release", Comment: what}}
}

func (r *release) labels() map[string]string {
	const prefix = "org.opencontainers.image."
	return map[string]string{
		prefix + "title": "Shipwake", prefix + "description": description, prefix + "licenses": license, prefix + "source": homepage,
		prefix + "url": homepage, prefix + "version": r.Version, prefix + "revision": r.Commit, prefix + "created": r.Time.Format(time.RFC3339),
	}
}

// system is the layer that is the same for every architecture.
func (r *release) system(config v1.Config, copies []copied) (v1.Layer, error) {
	roots, err := rootCertificates()
	if err != nil {
		return nil, err
	}
	owner, _, _ := strings.Cut(config.User, ":")
	user, err := strconv.Atoi(owner)
	if err != nil {
		return nil, err
	}
	headers := []node{{name: "etc/ssl/certs/ca-certificates.crt", mode: 0o644, data: roots}, {name: "tmp", mode: fs.ModeDir | 0o1777}}
	for volume := range config.Volumes {
		headers = append(headers, node{name: strings.TrimPrefix(volume, "/"), mode: fs.ModeDir | 0o755, owner: user})
	}
	for _, c := range copies {
		data, err := r.read(c.from)
		if err != nil {
			return nil, err
		}
		headers = append(headers, node{name: strings.TrimPrefix(c.to, "/"), mode: 0o644, data: data})
	}
	return r.layer(headers)
}

func (r *release) program(p platform) (v1.Layer, error) {
	binary, err := os.ReadFile(r.binary[p.String()])
	if err != nil {
		return nil, err
	}
	return r.layer([]node{{name: "shipwake", mode: 0o755, data: binary}})
}

// node is one file or folder of a layer.
type node struct {
	name  string
	mode  fs.FileMode // with the sticky bit as Unix writes it
	owner int
	data  []byte
}

// layer is one of files, with the folders above them, sorted and of one time.
func (r *release) layer(nodes []node) (v1.Layer, error) {
	have := map[string]bool{}
	for _, n := range nodes {
		have[n.name] = true
	}
	for _, n := range slices.Clone(nodes) {
		for dir := filepath.ToSlash(filepath.Dir(n.name)); dir != "."; dir = filepath.ToSlash(filepath.Dir(dir)) {
			if !have[dir] {
				have[dir], nodes = true, append(nodes, node{name: dir, mode: fs.ModeDir | 0o755})
			}
		}
	}
	slices.SortFunc(nodes, func(a, b node) int { return strings.Compare(a.name, b.name) })
	var plain bytes.Buffer
	w := tar.NewWriter(&plain)
	for _, n := range nodes {
		header := &tar.Header{Typeflag: tar.TypeReg, Name: n.name, Mode: int64(n.mode & 0o7777), Size: int64(len(n.data)), Uid: n.owner, Gid: n.owner, ModTime: r.Time, Format: tar.FormatUSTAR}
		if n.mode.IsDir() {
			header.Typeflag, header.Name = tar.TypeDir, n.name+"/"
		}
		if err := w.WriteHeader(header); err != nil {
			return nil, err
		}
		if _, err := w.Write(n.data); err != nil {
			return nil, err
		}
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	opener := func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(plain.Bytes())), nil }
	return tarball.LayerFromOpener(opener, tarball.WithCompressedCaching, tarball.WithMediaType(types.OCILayer))
}

// writeLayout writes an index as a tar of an OCI layout, with the version as its name.
func (r *release) writeLayout(index v1.ImageIndex) error {
	dir, err := os.MkdirTemp("", "shipwake-oci-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	path, err := layout.Write(dir, empty.Index)
	if err != nil {
		return err
	}
	named := layout.WithAnnotations(map[string]string{"org.opencontainers.image.ref.name": r.Version})
	if err := path.AppendIndex(index, named); err != nil {
		return err
	}
	var entries []entry
	err = filepath.WalkDir(dir, func(at string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(at)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(dir, at)
		entries = append(entries, entry{filepath.ToSlash(name), 0o644, data})
		return err
	})
	if err != nil {
		return err
	}
	out, err := os.Create(filepath.Join(r.dist, r.ociLayout()))
	if err != nil {
		return err
	}
	if err := writeTar(out, entries, r.Time); err != nil {
		_ = out.Close()
		return err
	}
	return out.Close()
}
