package names

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/correlate"
)

// A pattern of a rule is one for the whole name, and groups are put in as regexp's own Expand does it.
func TestGroupsArePutInAsRegexpDoes(t *testing.T) {
	name := rapid.SliceOfN(rapid.SampledFrom([]string{"{1}", "{2}", "{last}", "a", "-", "$", "}"}), 1, 6)
	told := rapid.StringMatching(`[a-c]{0,3}-?[a-c]{0,3}`)
	rapid.Check(t, func(t *rapid.T) {
		const pattern = `([a-b]+)-(?P<last>[a-c]*)`
		parts := name.Draw(t, "name")
		rule := Rule{Matches: pattern, Name: strings.Join(parts, "")}
		m, err := rule.compile()
		require.NoError(t, err)
		text := told.Draw(t, "told")
		got, fits := m.apply(text)

		whole := regexp.MustCompile(`^(?:` + pattern + `)$`)
		found := whole.FindStringSubmatchIndex(text)
		require.Equal(t, found != nil, fits)
		if !fits {
			require.Equal(t, text, got)
			return
		}
		template := strings.NewReplacer("$", "$$", "{1}", "${1}", "{2}", "${2}", "{last}", "${last}").Replace(rule.Name)
		want := string(whole.ExpandString(nil, template, text, found))
		if want == "" {
			want = text
		}
		require.Equal(t, want, got)
	})
}

// Measurements come out the same in whatever order they are told, and in place when there is nothing to rename.
func TestTheOrderOfMeasurementsDoesNotShow(t *testing.T) {
	c := DefaultConfig()
	c.Services = []Rule{{Matches: `(.+)-svc`, Name: "{1}"}}
	r := rules(t, c)
	key := rapid.Custom(func(t *rapid.T) correlate.Key {
		return correlate.Key{
			Service:     rapid.SampledFrom([]string{"a", "a-svc", "b", ""}).Draw(t, "service"),
			Environment: rapid.SampledFrom([]string{"production", "PRD", "x"}).Draw(t, "environment"),
			Version:     rapid.SampledFrom([]string{"v1", "x/a:v1", ""}).Draw(t, "version"),
			Kind:        rapid.SampledFrom([]correlate.SignalKind{correlate.Traffic, correlate.Edge}).Draw(t, "kind"),
		}
	})
	rapid.Check(t, func(t *rapid.T) {
		var all []correlate.Measurement
		for i, k := range rapid.SliceOfN(key, 0, 12).Draw(t, "keys") {
			all = append(all, measurement(k, int64(10*i), 1)) // no two of one key and start
		}
		other := rapid.Permutation(all).Draw(t, "other")
		r.Measurements(all)
		r.Measurements(other)
		if slices.ContainsFunc(all, func(m correlate.Measurement) bool { return m.Environment == "PRD" }) {
			require.Fail(t, "told by its old name")
		}
		byStart := func(a, b correlate.Measurement) int { return int(a.Start - b.Start) }
		slices.SortFunc(all, byStart)
		slices.SortFunc(other, byStart)
		require.Equal(t, all, other)
		again := slices.Clone(all)
		r.Measurements(again)
		require.Equal(t, all, again, "what has its name keeps it, and its place")
	})
}
