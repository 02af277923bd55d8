package main

import (
	"archive/tar"
	"archive/zip"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// archive writes the archive of a platform: the program, the license, and what a host needs to run it as a service.
func (r *release) archive(p platform) (err error) {
	entries, err := r.archived(p)
	if err != nil {
		return err
	}
	file, err := os.Create(filepath.Join(r.dist, p.archive(r.Version)))
	if err != nil {
		return err
	}
	defer func() {
		if cerr := file.Close(); err == nil {
			err = cerr
		}
	}()
	if p.OS == "windows" {
		return writeZip(file, entries, r.Time)
	}
	compressed := gzip.NewWriter(file)
	if err := writeTar(compressed, entries, r.Time); err != nil {
		return err
	}
	return compressed.Close()
}

func (r *release) archived(p platform) ([]entry, error) {
	binary, err := os.ReadFile(r.binary[p.String()])
	if err != nil {
		return nil, err
	}
	entries := []entry{{p.file(), 0o755, binary}}
	names := []string{"LICENSE", "CHANGELOG.md"}
	if p.OS == "linux" {
		names = append(names, "deploy/systemd/shipwake.service", "deploy/systemd/shipwake.yaml", "deploy/systemd/shipwake.sysusers.conf")
	}
	for _, name := range names {
		data, err := r.read(name)
		if err != nil {
			return nil, err
		}
		entries = append(entries, entry{strings.TrimPrefix(name, "deploy/"), 0o644, data})
	}
	if p.OS != "windows" {
		manual, err := r.manual()
		if err != nil {
			return nil, err
		}
		entries = append(entries, manual...)
	}
	slices.SortFunc(entries, func(a, b entry) int { return strings.Compare(a.name, b.name) })
	return entries, nil
}

// writeTar writes files that belong to root, with one time for all of them.
func writeTar(out io.Writer, entries []entry, at time.Time) error {
	w := tar.NewWriter(out)
	for _, e := range entries {
		header := &tar.Header{Typeflag: tar.TypeReg, Name: e.name, Mode: e.mode, Size: int64(len(e.data)), ModTime: at, Format: tar.FormatUSTAR}
		if err := w.WriteHeader(header); err != nil {
			return err
		}
		if _, err := w.Write(e.data); err != nil {
			return err
		}
	}
	return w.Close()
}

func writeZip(out io.Writer, entries []entry, at time.Time) error {
	w := zip.NewWriter(out)
	for _, e := range entries {
		header := &zip.FileHeader{Name: e.name, Method: zip.Deflate, Modified: at}
		header.SetMode(os.FileMode(e.mode))
		file, err := w.CreateHeader(header)
		if err != nil {
			return err
		}
		if _, err := file.Write(e.data); err != nil {
			return err
		}
	}
	return w.Close()
}
