package history

import (
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// Step is one file read by one pass.
type Step struct {
	Pass
	File string
}

// Plan puts files before the passes that read them, in their order. A file is named by its path, or as TABLE=PATH where its name
// doesn't say which table it is. The error says which file or table is missing or too much.
func Plan(passes []Pass, files []string) ([]Step, error) {
	var steps []Step
	taken := make([]bool, len(files))
	for _, p := range passes {
		of := len(steps)
		for i, name := range files {
			table, path := tableOf(name)
			if p.Takes(table) {
				steps, taken[i] = append(steps, Step{p, path}), true
			}
		}
		if p.Required && len(steps) == of {
			return nil, fmt.Errorf("no file is the table %s; name it %s.csv or the like, or say %[1]s=FILE", p.name(), p.name())
		}
	}
	if i := slices.Index(taken, false); i >= 0 {
		table, path := tableOf(files[i])
		return nil, fmt.Errorf("%s: there is no table %s; the tables are %s, and TABLE=FILE says which one a file is", path, table, tables(passes))
	}
	return steps, nil
}

func (p Pass) name() string {
	if p.Table == "" {
		return "to read"
	}
	return p.Table
}

func tables(passes []Pass) string {
	var names []string
	for _, p := range passes {
		for _, name := range append([]string{p.Table}, p.Also...) {
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return strings.Join(names, ", ")
}

// part is the number of one of several files of a table, as exports in parts have it.
var part = regexp.MustCompile(`^(.+?)[-_.]?\d*$`)

// tableOf is the table that a file is, and its path.
func tableOf(name string) (table, path string) {
	table, path, said := strings.Cut(name, "=")
	if said && !strings.ContainsAny(table, `/\.`) {
		return table, path
	}
	table, _, _ = strings.Cut(filepath.Base(name), ".")
	if found := part.FindStringSubmatch(table); found != nil {
		table = found[1]
	}
	return table, name
}
