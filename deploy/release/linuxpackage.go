package main

import (
	"os"
	"path/filepath"

	"github.com/goreleaser/nfpm/v2"
	_ "github.com/goreleaser/nfpm/v2/deb" // Debian and its kin
	"github.com/goreleaser/nfpm/v2/files"
	_ "github.com/goreleaser/nfpm/v2/rpm" // Fedora, SUSE and their kin
)

// What the packages, the formula and the labels of the image say of the program.
const (
	homepage    = "https://github.com/shipwake/shipwake"
	description = "Shipwake tells what each deployment did to your services"
	license     = "Apache-2.0"
)

// installed is a file that a package installs, of some bytes.
type installed struct {
	to, kind string
	mode     os.FileMode
	data     []byte
}

// linuxPackage writes the package of a platform in a format, deb or rpm.
func (r *release) linuxPackage(p platform, format string) (err error) {
	staging, err := os.MkdirTemp("", "shipwake-"+format+"-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(staging)
	contents, err := r.contents(p, format, staging)
	if err != nil {
		return err
	}
	script := func(name string) string { return filepath.Join(r.clone, "deploy", "release", "scripts", name) }
	packager, err := nfpm.Get(format)
	if err != nil {
		return err
	}
	info := nfpm.WithDefaults(&nfpm.Info{
		Name: "shipwake", Arch: p.Arch, Platform: p.OS, Version: r.Version, Release: "1", Section: "net", Priority: "optional",
		Maintainer: "Shipwake maintainers <maintainers@users.noreply.github.com>", Vendor: "Shipwake", Homepage: homepage, License: license,
		Description: description + "\n" + `It takes in changes (deploys, rollbacks, flag flips), incidents and OpenTelemetry data, judges every change with
the evidence, and keeps DORA numbers.`,
		MTime: r.Time, DisableGlobbing: true,
		Overridables: nfpm.Overridables{
			Recommends: []string{"ca-certificates"}, // for what it calls
			Contents:   contents,
			Scripts: nfpm.Scripts{
				PreInstall: script("preinstall.sh"), PostInstall: script("postinstall.sh"),
				PreRemove: script("preremove.sh"), PostRemove: script("postremove.sh"),
			},
			RPM: nfpm.RPM{BuildHost: "localhost", Summary: description},
		},
	})
	file, err := os.Create(filepath.Join(r.dist, packager.ConventionalFileName(info)))
	if err != nil {
		return err
	}
	defer func() {
		if cerr := file.Close(); err == nil {
			err = cerr
		}
	}()
	return packager.Package(info, file)
}

// contents are the files of a package. What isn't a file of the repository as it is, is written to staging.
func (r *release) contents(p platform, format, staging string) (files.Contents, error) {
	all := files.Contents{
		{Source: r.binary[p.String()], Destination: "/usr/bin/shipwake", FileInfo: r.info(0o755)},
		{Destination: "/var/lib/shipwake", Type: files.TypeDir, FileInfo: &files.ContentFileInfo{Owner: "shipwake", Group: "shipwake", Mode: 0o700, MTime: r.Time}},
	}
	texts, err := r.installed(format)
	if err != nil {
		return nil, err
	}
	for _, text := range texts {
		file := filepath.Join(staging, filepath.FromSlash(text.to))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			return nil, err
		}
		if err := os.WriteFile(file, text.data, 0o644); err != nil {
			return nil, err
		}
		all = append(all, &files.Content{Source: file, Destination: text.to, Type: text.kind, FileInfo: r.info(text.mode)})
	}
	return all, nil
}

func (r *release) info(mode os.FileMode) *files.ContentFileInfo {
	return &files.ContentFileInfo{Mode: mode, MTime: r.Time}
}

// installed are the files of a package beside the program.
func (r *release) installed(format string) ([]installed, error) {
	unit, err := r.unit()
	if err != nil {
		return nil, err
	}
	all := []installed{{"/usr/lib/systemd/system/shipwake.service", "", 0o644, unit}}
	copyright := "/usr/share/licenses/shipwake/LICENSE"
	if format == "deb" {
		copyright = "/usr/share/doc/shipwake/copyright"
	}
	for _, f := range []struct {
		from string
		installed
	}{
		{"deploy/systemd/shipwake.sysusers.conf", installed{"/usr/lib/sysusers.d/shipwake.conf", "", 0o644, nil}},
		{"deploy/systemd/shipwake.yaml", installed{"/etc/shipwake/shipwake.yaml", files.TypeConfigNoReplace, 0o644, nil}},
		{"deploy/systemd/environment", installed{"/etc/shipwake/environment", files.TypeConfigNoReplace, 0o600, nil}},
		{"LICENSE", installed{copyright, "", 0o644, nil}},
	} {
		if f.data, err = r.read(f.from); err != nil {
			return nil, err
		}
		all = append(all, f.installed)
	}
	manual, err := r.manual()
	if err != nil {
		return nil, err
	}
	for _, m := range manual {
		all = append(all, installed{"/usr/" + m.name, "", 0o644, m.data})
	}
	return all, nil
}
