package setup

import (
	"bufio"
	"fmt"
	"os"
	"strings"
)

// Variable is one line of a file of variables.
type Variable struct{ Name, Value string }

// ReadVariables reads a file with lines of NAME=value, as systemd's EnvironmentFile and `docker run --env-file` do. Empty lines
// and those that begin with # are passed over; one pair of quotes around a value is taken off. No error repeats a value.
func ReadVariables(path string) (map[string]string, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = file.Close() }()
	variables := map[string]string{}
	lines := bufio.NewScanner(file)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		name, value, ok := strings.Cut(line, "=")
		if !ok || strings.ContainsAny(name, " \t\"'") || name == "" {
			return nil, fmt.Errorf("%s, line %d: want NAME=value", path, n)
		}
		variables[name] = unquoted(value)
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return variables, nil
}

// unquoted takes off the quotes that systemd allows around a value.
func unquoted(value string) string {
	for _, quote := range []string{`"`, "'"} {
		if len(value) >= 2 && strings.HasPrefix(value, quote) && strings.HasSuffix(value, quote) {
			return value[1 : len(value)-1]
		}
	}
	return value
}
