package follow

import (
	"errors"
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/shipwake/shipwake/correlate"
)

// labels are those in which a change names its repository.
var labels = []string{"repository", "project"}

// Service is where a service comes from.
type Service struct {
	// Repository is its name at the forge; "" for the one that a change names.
	Repository string `mapstructure:"repository"`
	// Paths are the folders and files that it is built from, from the root of the repository. None is all of it.
	Paths []string `mapstructure:"paths"`
}

// scope is which repositories a source is asked for, and what of them.
type scope struct {
	repositories []string // names, or owner/*
	services     map[string]Service
}

// repositoryOf is the repository that a change comes from, "" when it is none of the scope.
func (s scope) repositoryOf(c correlate.Change) string {
	name := s.services[c.Service].Repository
	for _, label := range labels {
		if name == "" {
			name = c.Labels[label]
		}
	}
	if !repositoryName.MatchString(name) || strings.Contains("/"+name+"/", "/../") || !slices.ContainsFunc(s.repositories, func(pattern string) bool { return covers(pattern, name) }) {
		return ""
	}
	return name
}

func (s scope) pathsOf(service string) []string { return s.services[service].Paths }

// covers: a pattern is a name, or begins one with all that comes before its *. Forges tell no capitals from small letters.
func covers(pattern, name string) bool {
	if prefix, all := strings.CutSuffix(pattern, "*"); all {
		return len(name) > len(prefix) && strings.EqualFold(name[:len(prefix)], prefix)
	}
	return strings.EqualFold(pattern, name)
}

var (
	repositoryName = regexp.MustCompile(`^[A-Za-z0-9_.-]+(?:/[A-Za-z0-9_.-]+)+$`)
	namePattern    = regexp.MustCompile(`^[A-Za-z0-9_.-]+(?:/[A-Za-z0-9_.-]+)*/(?:\*|[A-Za-z0-9_.-]+)$`)
)

// checkRepositories names the first pattern that is wrong.
func checkRepositories(patterns []string) error {
	if len(patterns) == 0 {
		return errors.New("repositories: at least one is required, such as octo/shop, or octo/* for all of octo")
	}
	for i, p := range patterns {
		if !namePattern.MatchString(p) {
			return fmt.Errorf("repositories[%d]: must be a name such as octo/shop, or octo/* for all of octo", i)
		}
	}
	return nil
}

// checkServices names the first key that is wrong.
func checkServices(services map[string]Service) error {
	for _, name := range slices.Sorted(maps.Keys(services)) {
		s := services[name]
		if s.Repository != "" && !repositoryName.MatchString(s.Repository) {
			return fmt.Errorf("services::%s::repository: must be a name such as octo/shop", name)
		}
		for i, p := range s.Paths {
			if p == "" || path.IsAbs(p) || path.Clean(p) != strings.TrimSuffix(p, "/") || strings.HasPrefix(p, "..") {
				return fmt.Errorf("services::%s::paths[%d]: must be a folder or file from the root of the repository, such as services/checkout", name, i)
			}
		}
	}
	return nil
}
