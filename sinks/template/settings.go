package template

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"slices"
	"strings"

	"go.opentelemetry.io/collector/config/configopaque"
)

// settings are the values of a file's settings for one target.
type settings struct {
	known map[string]Setting
	fixed map[string]string
	files map[string]string // paths, which are read anew for each message
}

// mostSetting bounds a file with a setting, in bytes.
const mostSetting = 64 << 10

// suffix of the twin of a setting that names a file.
const suffix = "_file"

func newSettings(known map[string]Setting, given map[string]configopaque.String) (settings, error) {
	s := settings{known: known, fixed: map[string]string{}, files: map[string]string{}}
	for _, name := range slices.Sorted(maps.Keys(given)) {
		value := string(given[name])
		if _, ok := known[name]; ok {
			s.fixed[name] = value
			continue
		}
		of, isFile := strings.CutSuffix(name, suffix)
		if _, ok := known[of]; !ok || !isFile {
			return s, fmt.Errorf("settings::%s: there is no such setting; the known ones are %s", name, listed(known))
		}
		s.files[of] = value
	}
	return s, s.check()
}

func listed(known map[string]Setting) string {
	if len(known) == 0 {
		return "none"
	}
	return strings.Join(slices.Sorted(maps.Keys(known)), ", ")
}

func (s settings) check() error {
	for _, name := range slices.Sorted(maps.Keys(s.known)) {
		path, fromFile := s.files[name]
		switch value, given := s.fixed[name]; {
		case given && fromFile:
			return fmt.Errorf("settings::%s%s: set it, or %s, and not both", name, suffix, name)
		case given && strings.TrimSpace(value) == "" && s.known[name].Required:
			return fmt.Errorf("settings::%s: it is empty: is an environment variable unset?", name)
		case !given && !fromFile && s.known[name].Required:
			return fmt.Errorf("settings::%s: required: %s; settings::%s%s is the path of a file that holds it", name, s.known[name].Help, name, suffix)
		case fromFile && path == "":
			return fmt.Errorf("settings::%s%s: it is empty: is an environment variable unset?", name, suffix)
		}
	}
	_, err := s.values()
	return err
}

// values has every setting, "" where there is none.
func (s settings) values() (map[string]string, error) {
	all := map[string]string{}
	for name, known := range s.known {
		all[name] = known.Default
		if value := s.fixed[name]; value != "" {
			all[name] = value
		}
		if path, ok := s.files[name]; ok {
			value, err := readSmall(path)
			if err != nil {
				return nil, fmt.Errorf("settings::%s%s: %w", name, suffix, err)
			}
			all[name] = value
		}
	}
	if base, ok := all["url"]; ok {
		all["url"] = strings.TrimRight(base, "/") // templates go on with a path
	}
	return all, nil
}

func readSmall(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }()
	content, err := io.ReadAll(io.LimitReader(f, mostSetting+1))
	switch text := strings.TrimSpace(string(content)); {
	case err != nil:
		return "", err
	case len(content) > mostSetting:
		return "", fmt.Errorf("%s is larger than %d bytes", path, mostSetting)
	case text == "":
		return "", errors.New(path + " is empty")
	default:
		return text, nil
	}
}
