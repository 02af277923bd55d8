package names

import (
	"errors"
	"fmt"
	"slices"
)

// Tier says what an environment is for.
type Tier string

// The tiers, as GitLab has them, and previews: short-lived environments of one pull request, which reach no users.
const (
	Production  Tier = "production"
	Staging     Tier = "staging"
	Testing     Tier = "testing"
	Development Tier = "development"
	Preview     Tier = "preview"
	Other       Tier = "other"
)

// Tiers lists every Tier.
func Tiers() []Tier { return []Tier{Production, Staging, Testing, Development, Preview, Other} }

// EnvironmentRule says what some names of environments mean.
type EnvironmentRule struct {
	Rule `mapstructure:",squash"`
	// Tier is what the environment is for; "" when the name says it (production) or nobody does (other).
	Tier Tier `mapstructure:"tier" json:",omitempty"`
}

type environment struct {
	matcher
	tier Tier
}

func (r EnvironmentRule) compile() (environment, error) {
	if r.Tier != "" && !slices.Contains(Tiers(), r.Tier) {
		return environment{}, fmt.Errorf("tier: %q is unknown; use one of %v", r.Tier, Tiers())
	}
	if r.Name == "" && r.Tier == "" {
		return environment{}, errors.New("one of name and tier is required")
	}
	m, err := r.Rule.compile()
	return environment{m, r.Tier}, err
}

// DefaultEnvironments are the rules that are tried after the configured ones. Production is what the DORA numbers count, so
// what plainly means it is called so, as in GitLab's guess of a tier; Vercel adds the project ("Production – shop").
// Of the names of other tiers, which may be several environments, only case and space around them say nothing.
// Previews are those of GitHub Pages and Vercel ("Preview", "Preview – shop"), GitLab (review/…), Netlify (deploy-preview-…) and Heroku (shop-pr-17).
func DefaultEnvironments() []EnvironmentRule {
	rules := []EnvironmentRule{{Rule{Matches: `(?i)\s*(?:production|prod|prd|live)(?:\s+[-–—]\s.*)?\s*`, Name: "production"}, Production}}
	for _, of := range []struct {
		tier  Tier
		names []string
	}{
		{Staging, []string{"staging", "stage", "stg", "preprod", "pre-prod", "preproduction", "pre-production", "uat"}},
		{Testing, []string{"testing", "test", "tst", "qa", "integration"}},
		{Development, []string{"development", "develop", "dev", "local"}},
	} {
		for _, name := range of.names {
			rules = append(rules, EnvironmentRule{Rule{Matches: `(?i)\s*` + name + `\s*`, Name: name}, of.tier})
		}
	}
	return append(rules, EnvironmentRule{Rule{Matches: `(?i)\s*(?:(?:deploy-)?preview(?:\s*[-–/].*)?|review/.*|(?:.*-)?pr-\d+)\s*`}, Preview})
}

// Environment is what an environment is called, and what it is for. No name stays none.
func (r *Rules) Environment(told string) (name string, tier Tier) {
	if told == "" {
		return "", Other
	}
	for _, e := range r.environments {
		if name, fits := e.apply(told); fits {
			if e.tier == "" {
				return name, r.tierOf(name)
			}
			return name, e.tier
		}
	}
	return told, Other
}

// tierOf is the tier of an environment by the default rules, whether they may rename it or not.
func (r *Rules) tierOf(name string) Tier {
	for _, e := range r.tiers {
		if _, fits := e.apply(name); fits {
			return e.tier
		}
	}
	return Other
}
