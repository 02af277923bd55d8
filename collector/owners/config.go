package owners

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/shipwake/shipwake/correlate/names"
)

// Config says where ownership is written down; the package comment shows it as YAML. The zero value knows no owner.
type Config struct {
	// Services are rules; the first that fits a service counts.
	Services []Rule `mapstructure:"services"`
	// Catalogs are paths of catalog-info.yaml files. * and ? stand for parts of a name, ** for any folders.
	Catalogs []string `mapstructure:"catalogs"`
	// Codeowners are CODEOWNERS files, each with where services lie in its repository.
	Codeowners []Codeowners `mapstructure:"codeowners"`
}

// Rule says whose some services are. One of Is and Matches is set, and Team, System or both.
type Rule struct {
	// Is lists names of services; Matches is a regular expression (RE2) for a whole name. One of the two is set.
	Is      []string `mapstructure:"is"`
	Matches string   `mapstructure:"matches"`
	// Team and System are whose they are; with Matches they may hold {1} or {group}.
	Team   string `mapstructure:"team"`
	System string `mapstructure:"system"`
}

// Format is the form of a CODEOWNERS file.
type Format string

// The forms.
const (
	GitHub Format = "github"
	GitLab Format = "gitlab"
)

// Codeowners is a CODEOWNERS file.
type Codeowners struct {
	// File is its path.
	File string `mapstructure:"file"`
	// Format is one of github, which it is unless set, and gitlab.
	Format Format `mapstructure:"format"`
	// Folders are where services lie by their names, such as "services/{service}". A rule for the whole repository (*) says
	// nothing of them, since any name could be one.
	Folders []string `mapstructure:"folders"`
	// Services are the folders of services, by name.
	Services map[string]string `mapstructure:"services"`
}

// here stands for the name of a service in a folder.
const here = "{service}"

// Validate returns every mistake, each with its key and what would be right. It reads no file.
func (c Config) Validate() error {
	_, errs := compiled(c.Services)
	for i, path := range c.Catalogs {
		if path == "" {
			errs = append(errs, fmt.Errorf("catalogs[%d]: must be the path of a catalog-info.yaml, such as /srv/**/catalog-info.yaml", i))
		} else if err := checkGlob(path); err != nil {
			errs = append(errs, fmt.Errorf("catalogs[%d]: %q: %w", i, path, err))
		}
	}
	for i, f := range c.Codeowners {
		if err := f.validate(); err != nil {
			errs = append(errs, fmt.Errorf("codeowners[%d]: %w", i, err))
		}
	}
	return errors.Join(errs...)
}

func (c Codeowners) validate() error {
	switch {
	case c.File == "":
		return errors.New("file: required: the path of a CODEOWNERS file")
	case c.Format != "" && c.Format != GitHub && c.Format != GitLab:
		return fmt.Errorf("format: %q is unknown; use github or gitlab", c.Format)
	case len(c.Folders)+len(c.Services) == 0:
		return errors.New(`one of folders (such as ["services/{service}"]) and services (such as {search: apps/search}) is required: a CODEOWNERS file knows no services`)
	}
	for i, folder := range c.Folders {
		if strings.Count(folder, here) != 1 {
			return fmt.Errorf("folders[%d]: %q: must hold %s once, such as services/%s", i, folder, here, here)
		}
	}
	for _, service := range slices.Sorted(maps.Keys(c.Services)) {
		if strings.Contains(c.Services[service], here) {
			return fmt.Errorf("services::%s: %q: %s belongs into folders", service, c.Services[service], here)
		}
	}
	return nil
}

// rule is a Rule, ready for use.
type rule struct {
	team, system func(service string) (name string, fits bool) // nil: it says nothing of it
}

// compiled are the rules, and what is wrong with them.
func compiled(rules []Rule) (all []rule, errs []error) {
	for i, r := range rules {
		c, err := r.compile()
		if err != nil {
			errs = append(errs, fmt.Errorf("services[%d]: %w", i, err))
			continue
		}
		all = append(all, c)
	}
	return all, errs
}

func (r Rule) compile() (rule, error) {
	if r.Team == "" && r.System == "" {
		return rule{}, errors.New("one of team and system is required: whose the services are")
	}
	team, err := named("team", r, r.Team)
	if err != nil {
		return rule{}, err
	}
	system, err := named("system", r, r.System)
	return rule{team, system}, err
}

// named is what a rule calls the owner of a service; the error has the key in place of "name".
func named(key string, r Rule, name string) (func(string) (string, bool), error) {
	if name == "" {
		return nil, nil
	}
	apply, err := names.Rule{Is: r.Is, Matches: r.Matches, Name: name}.Compile()
	if err != nil {
		return nil, errors.New(strings.Replace(err.Error(), "name:", key+":", 1))
	}
	return apply, nil
}
