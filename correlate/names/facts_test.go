package names

import (
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/correlate"
)

func change(service, environment, version, previous string) correlate.Fact {
	return correlate.Fact{Change: &correlate.Change{
		ID: "c", Service: service, Environment: environment, Version: version, PreviousVersion: previous,
	}}
}

func incident(service, environment string) correlate.Fact {
	return correlate.Fact{Incident: &correlate.Incident{ID: "i", Service: service, Environment: environment}}
}

func TestFactsGetTheirNames(t *testing.T) {
	c := DefaultConfig()
	c.Services = []Rule{{Is: []string{"acme/checkout"}, Name: "checkout"}}
	r := rules(t, c)
	told := []correlate.Fact{
		change("acme/checkout", "PROD", "shop/checkout:v2", "refs/tags/v1"),
		incident("acme/checkout", "Production"),
		incident("", "staging"),
	}
	before, err := json.Marshal(told)
	require.NoError(t, err)
	kept, ignored := r.Apply(told)
	require.Empty(t, ignored)
	require.Equal(t, []correlate.Fact{
		change("checkout", "production", "v2", "v1"),
		incident("checkout", "production"),
		incident("", "staging"),
	}, kept)
	after, err := json.Marshal(told)
	require.NoError(t, err)
	require.Equal(t, string(before), string(after), "what was told is not changed")
}

// A tag says nothing of what it points to today. Where the reference of an image tells that too, it is kept.
func TestTheDigestThatAVersionLeavesOutIsKept(t *testing.T) {
	for name, c := range map[string]struct{ told, digest, wantVersion, wantDigest string }{
		"an image by tag and digest":   {"shop/checkout:latest@" + digest, "", "latest", digest},
		"a package by tag and digest":  {"pkg:oci/checkout@" + digest + "?tag=v2", "", "v2", digest},
		"an image by its digest alone": {"shop/checkout@" + digest, "", digest, ""},
		"a tag alone":                  {"shop/checkout:latest", "", "latest", ""},
		"a version":                    {"v2", "", "v2", ""},
		"one that is told":             {"shop/checkout:latest@" + digest, "sha256:0123456789", "latest", "sha256:0123456789"},
	} {
		t.Run(name, func(t *testing.T) {
			f := change("checkout", "production", c.told, "")
			f.Change.Digest = c.digest
			kept, _ := rules(t, DefaultConfig()).Apply([]correlate.Fact{f})
			require.Equal(t, c.wantVersion, kept[0].Change.Version)
			require.Equal(t, c.wantDigest, kept[0].Change.Digest)
		})
	}
	raw := DefaultConfig()
	raw.DefaultVersions = false
	kept, _ := rules(t, raw).Apply([]correlate.Fact{change("checkout", "production", "shop/checkout:latest@"+digest, "")})
	require.Equal(t, "shop/checkout:latest@"+digest, kept[0].Change.Version, "versions are not read")
	require.Empty(t, kept[0].Change.Digest)
}

func TestPreviewsAreLeftOut(t *testing.T) {
	r := rules(t, DefaultConfig())
	cases := map[string]struct {
		told    []correlate.Fact
		kept    int
		ignored string
	}{
		"a change in a preview": {
			[]correlate.Fact{change("shop", "review/x", "", "")}, 0, `the environment "review/x" is a preview, which reaches no users`},
		"an incident in a preview": {
			[]correlate.Fact{incident("shop", "Preview")}, 0, `the environment "Preview" is a preview, which reaches no users`},
		"a preview among others": {
			[]correlate.Fact{change("shop", "production", "", ""), change("shop", "pr-1", "", "")}, 1, ""},
		"a preview and then others": {
			[]correlate.Fact{change("shop", "pr-1", "", ""), change("shop", "production", "", "")}, 1, ""},
		"nothing told, nothing ignored": {nil, 0, ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			kept, ignored := r.Apply(c.told)
			require.Len(t, kept, c.kept)
			require.Equal(t, c.ignored, ignored)
		})
	}
}

// The default rules leave alone what the sources make of their own payloads: those write the names that are meant.
func TestTheDefaultRulesMoveNothingThatSourcesWriteToday(t *testing.T) {
	goldens, err := filepath.Glob("../../collector/source/*/testdata/*.golden.json")
	require.NoError(t, err)
	r, facts := rules(t, DefaultConfig()), 0
	for _, golden := range goldens {
		text, err := os.ReadFile(golden)
		require.NoError(t, err)
		var file struct {
			Deliveries []struct{ Facts []correlate.Fact }
		}
		require.NoError(t, json.Unmarshal(text, &file), golden)
		for _, d := range file.Deliveries {
			kept, ignored := r.Apply(d.Facts)
			require.Empty(t, ignored, golden)
			require.Equal(t, d.Facts, kept, golden)
			facts += len(kept)
		}
	}
	require.Greater(t, facts, 20)
}

func measurement(key correlate.Key, start, requests int64) correlate.Measurement {
	return correlate.Measurement{Key: key, Cell: correlate.Cell{Start: start, Requests: requests}}
}

func TestMeasurementsGetTheSameNames(t *testing.T) {
	c := DefaultConfig()
	c.Services = []Rule{{Matches: `(.+)-svc`, Name: "{1}"}}
	all := []correlate.Measurement{
		measurement(correlate.Key{Service: "a", Environment: "production", Version: "v2", Kind: correlate.Traffic}, 10, 1),
		measurement(correlate.Key{Service: "b", Environment: "Preview", Kind: correlate.Traffic}, 10, 7),
		measurement(correlate.Key{Service: "b-svc", Environment: "prod", Kind: correlate.Edge, Name: "x/a:v2", Peer: "a-svc"}, 20, 3),
		measurement(correlate.Key{Service: "c", Environment: "prod", Kind: correlate.Exception, Name: "x/a:v2"}, 10, 4),
		measurement(correlate.Key{Service: "a-svc", Environment: "prod", Version: "x/a:v2", Kind: correlate.Traffic}, 10, 2),
		measurement(correlate.Key{Environment: "production", Kind: correlate.Lost, Name: correlate.LostBuckets}, 10, 5),
		measurement(correlate.Key{Service: correlate.Overflow, Environment: "production", Kind: correlate.Traffic}, 10, 6),
	}
	rules(t, c).Measurements(all)
	require.Equal(t, []correlate.Measurement{
		measurement(correlate.Key{Environment: "production", Kind: correlate.Lost, Name: correlate.LostBuckets}, 10, 5),
		measurement(correlate.Key{Service: correlate.Overflow, Environment: "production", Kind: correlate.Traffic}, 10, 6),
		measurement(correlate.Key{Service: "a", Environment: "production", Version: "v2", Kind: correlate.Traffic}, 10, 1),
		measurement(correlate.Key{Service: "a", Environment: "production", Version: "v2", Kind: correlate.Traffic}, 10, 2),
		measurement(correlate.Key{Service: "b", Environment: "Preview", Kind: correlate.Traffic}, 10, 7),
		measurement(correlate.Key{Service: "b", Environment: "production", Kind: correlate.Edge, Name: "v2", Peer: "a"}, 20, 3),
		measurement(correlate.Key{Service: "c", Environment: "production", Kind: correlate.Exception, Name: "x/a:v2"}, 10, 4),
	}, all)
}

// A change and the measurements of its service meet after renaming exactly as they are told to belong together, and no
// request is lost or made up.
func TestFactsAndMeasurementsMeet(t *testing.T) {
	c := DefaultConfig()
	c.Services = []Rule{{Matches: `(.+)-svc`, Name: "{1}"}}
	r := rules(t, c)
	service := rapid.SampledFrom([]string{"a", "a-svc", "b", "b-svc"})
	environment := rapid.SampledFrom([]string{"production", "prod", "Live", "staging"})
	version := rapid.SampledFrom([]string{"v1", "x/a:v1", "refs/tags/v1", ""})
	rapid.Check(t, func(t *rapid.T) {
		s, e, v := service.Draw(t, "service"), environment.Draw(t, "environment"), version.Draw(t, "version")
		kept, _ := r.Apply([]correlate.Fact{change(s, e, v, "")})
		all := []correlate.Measurement{measurement(correlate.Key{Service: s, Environment: e, Version: v, Kind: correlate.Traffic}, 10, 1)}
		want := all[0].Requests
		for range rapid.IntRange(0, 10).Draw(t, "others") {
			k := correlate.Key{Service: service.Draw(t, "s"), Environment: environment.Draw(t, "e"), Kind: correlate.Traffic}
			all = append(all, measurement(k, 10, 1))
			want++
		}
		r.Measurements(all)
		require.True(t, slices.ContainsFunc(all, func(m correlate.Measurement) bool {
			return m.Service == kept[0].Change.Service && m.Environment == kept[0].Change.Environment && m.Version == kept[0].Change.Version
		}))
		var total int64
		for _, m := range all {
			total += m.Requests
		}
		require.Equal(t, want, total)
	})
}
