package names

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestEnvironmentsByDefault(t *testing.T) {
	r := rules(t, DefaultConfig())
	type want struct {
		name string
		tier Tier
	}
	cases := map[string]want{
		"production":              {"production", Production},
		"Production":              {"production", Production},
		"PROD":                    {"production", Production},
		" prod ":                  {"production", Production},
		"prd":                     {"production", Production},
		"live":                    {"production", Production},
		"Production – shop":       {"production", Production},
		"production - shop":       {"production", Production},
		"production-eu":           {"production-eu", Other},
		"prod-eu":                 {"prod-eu", Other}, // one of several: which is which, only a rule can say
		"non-production":          {"non-production", Other},
		"delivery":                {"delivery", Other},
		"Staging":                 {"staging", Staging},
		" STG ":                   {"stg", Staging}, // it may be another one than staging
		"Staging-eu":              {"Staging-eu", Other},
		"stage":                   {"stage", Staging},
		"preprod":                 {"preprod", Staging},
		"pre-production":          {"pre-production", Staging},
		"qa":                      {"qa", Testing},
		"dev":                     {"dev", Development},
		"Preview":                 {"Preview", Preview},
		"Preview – shop":          {"Preview – shop", Preview},
		"preview/feature-17":      {"preview/feature-17", Preview},
		"review/feature-x":        {"review/feature-x", Preview},
		"deploy-preview-17":       {"deploy-preview-17", Preview},
		"shop-pr-17":              {"shop-pr-17", Preview},
		"pr-17":                   {"pr-17", Preview},
		"previewers":              {"previewers", Other},
		"review":                  {"review", Other},
		"sprint-pr":               {"sprint-pr", Other},
		"":                        {"", Other},
		"production\nand another": {"production\nand another", Other},
	}
	for told, want := range cases {
		name, tier := r.Environment(told)
		require.Equal(t, want.name, name, "%q", told)
		require.Equal(t, want.tier, tier, "%q", told)
	}
	off := rules(t, Config{})
	name, tier := off.Environment("PROD")
	require.Equal(t, "PROD", name, "the default rules can be switched off")
	require.Equal(t, Other, tier)
	_, tier = off.Environment("Preview")
	require.Equal(t, Other, tier)
}

func TestEnvironmentsByRule(t *testing.T) {
	c := DefaultConfig()
	c.Environments = []EnvironmentRule{
		{Rule{Is: []string{"prod-eu"}, Name: "production-eu"}, Production},
		{Rule{Matches: `(\w+)@cluster-\d`, Name: "{1}"}, ""},
		{Rule{Matches: `sandbox-.*`}, Preview},
		{Rule{Is: []string{"live"}, Name: "studio"}, Other},
	}
	r := rules(t, c)
	cases := map[string]struct {
		told, name string
		tier       Tier
	}{
		"a listed name": {"prod-eu", "production-eu", Production},
		"a rule without a tier: as the name says": {"staging@cluster-3", "staging", Staging},
		"a name that says nothing":                {"blue@cluster-3", "blue", Other},
		"a rule without a name keeps it":          {"sandbox-17", "sandbox-17", Preview},
		"a rule goes before the default ones":     {"live", "studio", Other},
		"what no rule fits, the default ones do":  {"PRD", "production", Production},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			name, tier := r.Environment(c.told)
			require.Equal(t, c.name, name)
			require.Equal(t, c.tier, tier)
		})
	}
}
