package main

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"text/template"
)

// fill writes a file that leads to the archives, out of its template in deploy/release/templates, with their digests.
func (r *release) fill(file string) error {
	source, err := r.read("deploy/release/templates/" + file + ".tmpl")
	if err != nil {
		return err
	}
	t, err := template.New(file).Option("missingkey=error").Funcs(template.FuncMap{"sha256": r.sha256, "sri": r.sri, "archive": r.archiveFor}).Parse(string(source))
	if err != nil {
		return err
	}
	var text bytes.Buffer
	if err := t.Execute(&text, map[string]string{
		"Version": r.Version, "Homepage": homepage, "Description": description, "License": license,
		"Download": homepage + "/releases/download/v" + r.Version,
	}); err != nil {
		return err
	}
	return r.write(file, text.Bytes())
}

// archiveFor is the name of the archive of a platform.
func (r *release) archiveFor(system, arch string) string {
	return platform{system, arch}.archive(r.Version)
}

func (r *release) sha256(system, arch string) (string, error) {
	d, err := digest(filepath.Join(r.dist, r.archiveFor(system, arch)))
	if err != nil {
		return "", fmt.Errorf("%s/%s: %w", system, arch, err)
	}
	return d, nil
}

// sri is a digest in the notation of Subresource Integrity, which Nix takes.
func (r *release) sri(system, arch string) (string, error) {
	d, err := r.sha256(system, arch)
	if err != nil {
		return "", err
	}
	raw, err := hex.DecodeString(d)
	return "sha256-" + base64.StdEncoding.EncodeToString(raw), err
}
