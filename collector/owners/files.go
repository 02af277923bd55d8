package owners

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// Bounds of what is read.
const (
	mostFiles = 10_000
	mostBytes = 4 << 20 // of one file
)

// read is the content of a file, unless it is too long.
func read(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	content, err := io.ReadAll(io.LimitReader(f, mostBytes+1))
	if err == nil && len(content) > mostBytes {
		err = fmt.Errorf("must not be longer than %d bytes", mostBytes)
	}
	return content, err
}

// deep stands for any folders in a path, also none.
const deep = "**"

// checkGlob says what is wrong with a path.
func checkGlob(path string) error {
	for part := range strings.SplitSeq(filepath.ToSlash(path), "/") {
		if _, err := filepath.Match(part, ""); err != nil {
			return errors.New("a [ must be closed")
		}
		if part != deep && strings.Contains(part, deep) {
			return errors.New("** must stand alone between slashes, such as /srv/**/catalog-info.yaml")
		}
	}
	return nil
}

// glob lists the files of a path, sorted. Folders that begin with a dot and node_modules are no part of **.
func glob(path string) ([]string, error) {
	before, after, isDeep := strings.Cut(filepath.ToSlash(path), deep)
	if !isDeep {
		return filepath.Glob(path)
	}
	root := filepath.Clean(before)
	want := strings.Split(strings.Trim(deep+after, "/"), "/")
	var all []string
	err := filepath.WalkDir(root, func(at string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir():
			if at != root && skipped(entry.Name()) {
				return filepath.SkipDir
			}
			return nil
		case len(all) == mostFiles:
			return fmt.Errorf("%s: more than %d files", path, mostFiles)
		}
		below, err := filepath.Rel(root, at)
		if err == nil && fits(strings.Split(filepath.ToSlash(below), "/"), want) {
			all = append(all, at)
		}
		return err
	})
	slices.Sort(all)
	return all, err
}

func skipped(folder string) bool {
	return strings.HasPrefix(folder, ".") || folder == "node_modules"
}

// fits says whether the parts of a path are as the parts of a pattern want them.
func fits(parts, want []string) bool {
	if len(want) == 0 || len(parts) == 0 {
		return len(parts) == 0 && len(want) == 0
	}
	if want[0] == deep {
		return len(want) == 1 || fits(parts, want[1:]) || fits(parts[1:], want)
	}
	matched, err := filepath.Match(want[0], parts[0])
	return err == nil && matched && fits(parts[1:], want[1:])
}
