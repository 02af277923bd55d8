package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// entry is one file of an archive.
type entry struct {
	name string
	mode int64
	data []byte
}

// read reads a file of the commit.
func (r *release) read(name string) ([]byte, error) {
	return os.ReadFile(filepath.Join(r.clone, filepath.FromSlash(name)))
}

// manual are the manual pages and the completions of the commit, by their names where they are installed.
func (r *release) manual() ([]entry, error) {
	var all []entry
	for pattern, to := range map[string]string{
		"docs/man/*.1":              "share/man/man1/",
		"deploy/completions/*.bash": "share/bash-completion/completions/",
		"deploy/completions/*.fish": "share/fish/vendor_completions.d/",
		"deploy/completions/_*":     "share/zsh/site-functions/",
	} {
		found, err := filepath.Glob(filepath.Join(r.clone, filepath.FromSlash(pattern)))
		if err != nil {
			return nil, err
		}
		for _, file := range found {
			data, err := os.ReadFile(file)
			if err != nil {
				return nil, err
			}
			all = append(all, entry{to + strings.TrimSuffix(filepath.Base(file), ".bash"), 0o644, data})
		}
	}
	return all, nil
}

// unit is the systemd unit for a program that a package installs. The one in the repository is for one that somebody copied.
func (r *release) unit() ([]byte, error) {
	const copied, packaged = "/usr/local/bin/shipwake", "/usr/bin/shipwake"
	text, err := r.read("deploy/systemd/shipwake.service")
	if err != nil {
		return nil, err
	}
	if bytes.Count(text, []byte(copied)) != 1 {
		return nil, fmt.Errorf("deploy/systemd/shipwake.service names %s %d times, and not once", copied, bytes.Count(text, []byte(copied)))
	}
	return bytes.Replace(text, []byte(copied), []byte(packaged), 1), nil
}
