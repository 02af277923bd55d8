package doctor

import (
	"context"
	"fmt"
	"maps"
	"os"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// secrets says which files that hold secrets others on this machine may read.
func secrets(_ context.Context, p *Patient) []Finding {
	c := p.Configuration
	switch {
	case c == nil:
		return skip(noConfiguration)
	case runtime.GOOS == "windows":
		return skip("modes of files say nothing here")
	}
	var found []Finding
	looked := 0
	for _, path := range c.Paths {
		keys := literal(path)
		looked += min(1, len(keys))
		if len(keys) > 0 && othersRead(path) {
			found = append(found, warn("chmod o-rwx "+path+", or write ${env:NAME} or a …_file in place of the secrets",
				"%s may be read by everybody on this machine, and has secrets in it: %s", path, listed(keys))...)
		}
	}
	for _, f := range c.Files {
		_, err := os.Stat(f.Path)
		switch looked++; {
		case err != nil:
			found = append(found, fail("make it, or correct the key", "%s: %v", f.Key, err)...)
		case othersRead(f.Path):
			found = append(found, warn("chmod o-rwx "+f.Path+"; of a volume in Kubernetes, defaultMode: 0440",
				"%s may be read by everybody on this machine (%s)", f.Path, f.Key)...)
		}
	}
	switch {
	case len(found) > 0:
		return found
	case looked == 0:
		return ok("no file that is known holds secrets")
	}
	return ok("%s, and others can't read %s", counted(looked, "file holds secrets", "files hold secrets"), pick(looked == 1, "it", "them"))
}

// othersRead says whether everybody may read a file.
func othersRead(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().Perm()&0o004 != 0
}

// telling are keys that hold secrets; of key_file and its like that is the file.
var telling = regexp.MustCompile(`(^|_)(secrets?|tokens?|passwords?|password_hash|private_key|seal_keys?|basic_auth|api_key)$`)

// literal are the keys of a file of configuration whose secrets stand in it.
func literal(path string) []string {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil
	}
	var conf map[string]any
	if yaml.Unmarshal(text, &conf) != nil {
		return nil
	}
	var keys []string
	eachKey(conf, "", func(key, name string, value any) {
		if telling.MatchString(name) && stands(value) {
			keys = append(keys, key)
		}
	})
	return keys
}

// stands says whether a value is a secret itself, and not where to take it from.
func stands(value any) bool {
	switch v := value.(type) {
	case string:
		return v != "" && !strings.HasPrefix(strings.TrimSpace(v), "${")
	case []any:
		return slices.ContainsFunc(v, stands)
	}
	return false
}

// fileKeys are keys that name a file with a secret. A certificate is for everybody.
var fileKeys = regexp.MustCompile(`(^|_)(secrets?|tokens?|private_key|seal_key|basic_auth|password|key)_file$`)

// secretFiles are the files with secrets that a configuration names.
func secretFiles(conf map[string]any) (all []File) {
	eachKey(conf, "", func(key, name string, value any) {
		if path, isText := value.(string); isText && path != "" && fileKeys.MatchString(name) {
			all = append(all, File{key, path})
		}
	})
	return all
}

// eachKey goes through a configuration: the whole key, its last element, and the value.
func eachKey(value any, key string, do func(key, name string, value any)) {
	join := func(name string) string { return strings.TrimPrefix(key+"::"+name, "::") }
	switch v := value.(type) {
	case map[string]any:
		for _, name := range slices.Sorted(maps.Keys(v)) {
			do(join(name), name, v[name])
			eachKey(v[name], join(name), do)
		}
	case []any:
		for i := range v {
			eachKey(v[i], join(strconv.Itoa(i)), do)
		}
	}
}

// mostListed is how many names a line has room for.
const mostListed = 5

func listed(names []string) string {
	if len(names) > mostListed {
		return fmt.Sprintf("%s and %d more", strings.Join(names[:mostListed], ", "), len(names)-mostListed)
	}
	return strings.Join(names, ", ")
}

func counted(n int, one, many string) string { return fmt.Sprintf("%d %s", n, pick(n == 1, one, many)) }

func pick(first bool, one, other string) string {
	if first {
		return one
	}
	return other
}
