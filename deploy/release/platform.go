package main

import (
	"fmt"
	"slices"
	"strings"
)

// platform is one that is built for, in Go's words.
type platform struct{ OS, Arch string }

// all are those that are built for.
var all = []string{"linux/amd64", "linux/arm64", "darwin/amd64", "darwin/arm64", "windows/amd64", "windows/arm64"}

func platformsOf(list string) ([]platform, error) {
	var chosen []platform
	for name := range strings.SplitSeq(list, ",") {
		if !slices.Contains(all, name) {
			return nil, fmt.Errorf("--platforms: unknown platform %q; there are %s", name, strings.Join(all, ", "))
		}
		system, arch, _ := strings.Cut(name, "/")
		chosen = append(chosen, platform{system, arch})
	}
	return chosen, nil
}

func (p platform) String() string { return p.OS + "/" + p.Arch }

// file is the name of the program on it.
func (p platform) file() string {
	if p.OS == "windows" {
		return "shipwake.exe"
	}
	return "shipwake"
}

// archive is the name of its archive.
func (p platform) archive(version string) string {
	extension := ".tar.gz"
	if p.OS == "windows" {
		extension = ".zip"
	}
	return p.stem(version) + extension
}

func (p platform) stem(version string) string {
	return "shipwake_" + version + "_" + p.OS + "_" + p.Arch
}
