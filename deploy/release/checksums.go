package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// checksums is the one file that is signed: it stands for all others.
const checksums = "SHA256SUMS"

// writeChecksums writes the digest of every file of a folder, as sha256sum --check reads them.
func writeChecksums(dir string) error {
	sums, err := digests(dir)
	if err != nil {
		return err
	}
	var text strings.Builder
	for _, s := range sums {
		fmt.Fprintf(&text, "%s  %s\n", s.digest, s.name)
	}
	return os.WriteFile(filepath.Join(dir, checksums), []byte(text.String()), 0o644)
}

// sum is a file of the release and its digest.
type sum struct{ name, digest string }

// digests are those of the files of a folder, by name.
func digests(dir string) ([]sum, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var all []sum
	for _, e := range entries {
		if e.IsDir() || e.Name() == checksums {
			continue
		}
		d, err := digest(filepath.Join(dir, e.Name()))
		if err != nil {
			return nil, err
		}
		all = append(all, sum{e.Name(), d})
	}
	return all, nil
}
