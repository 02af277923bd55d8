package generic

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/collector/source"
	"github.com/shipwake/shipwake/collector/source/sourcetest"
	"github.com/shipwake/shipwake/correlate"
)

func TestSource(t *testing.T) { sourcetest.Run(t, Source(), sourcetest.Suite{Valid: "change"}) }

func FuzzParse(f *testing.F) { sourcetest.Fuzz(f, Source(), nil) }

func TestErrorsNameThePath(t *testing.T) {
	for name, c := range map[string]struct{ body, want string }{
		"a misspelled key": {
			`{"change":{"id":"c","service":"s","enviroment":"staging"}}`,
			"$.change.enviroment: unknown key; the known ones are id, kind, status, service, environment,",
		},
		"a misspelled wrapper":        {`{"chnage":{}}`, "$.chnage: unknown key"},
		"a key beside the wrapper":    {`{"change":{"id":"c","service":"s","started_at":"2026-03-01T10:00:00Z"},"x":1}`, "$.x: unknown key; the known ones are change, incident, check"},
		"the second of an array":      {`[{"id":"c","service":"s","started_at":"2026-03-01T10:00:00Z"},{"change":{"id":"d","service":"s","started_at":"soon"}}]`, "$[1].change.started_at: must be an RFC 3339 time"},
		"the second line":             {"{\"id\":\"c\",\"service\":\"s\",\"started_at\":\"2026-03-01T10:00:00Z\"}\n{\"incident\":{\"id\":\"i\"}}\n", "line 2: $.incident.opened_at: required"},
		"a line that isn't JSON":      {"{\"id\":\"c\",\"service\":\"s\",\"started_at\":\"2026-03-01T10:00:00Z\"}\n{\n", "line 2: $: must be a JSON document"},
		"a commit's key":              {`{"id":"c","service":"s","started_at":"2026-03-01T10:00:00Z","commits":[{"sha":"a"},{"hash":"b"}]}`, "$.commits[1].hash: unknown key"},
		"a size that isn't an object": {`{"id":"c","service":"s","started_at":"2026-03-01T10:00:00Z","size":7}`, "$.size: must be an object with commits"},
		"a size's key":                {`{"id":"c","service":"s","started_at":"2026-03-01T10:00:00Z","size":{"lines":7}}`, "$.size.lines: unknown key"},
		"a caveat that isn't one":     {`{"id":"c","service":"s","started_at":"2026-03-01T10:00:00Z","size":{"caveats":["odd"]}}`, "$.size.caveats[0]: unknown; use one of [history_rewritten"},
		"a zone without a name":       {`{"id":"c","service":"s","started_at":"2026-03-01T10:00:00Z","zones":[{"reached_at":null}]}`, "$.zones: each needs a name"},
		"a zone's key":                {`{"id":"c","service":"s","started_at":"2026-03-01T10:00:00Z","zones":[{"zone":"a"}]}`, "$.zones[0].zone: unknown key"},
		"a zone that is a number":     {`{"id":"c","service":"s","started_at":"2026-03-01T10:00:00Z","zones":[1]}`, "$.zones[0]: must be the name of a zone"},
		"an unknown kind":             {`{"id":"c","kind":"release"}`, "$.kind: unknown; use one of [deployment rollback"},
		"no service":                  {`{"change":{"id":"c"}}`, "$.change.service: required"},
		"both in one":                 {`{"change":{"id":"c"},"incident":{"id":"i"}}`, `$: must hold one of "change", "incident" and "check", not several`},
		"an empty array":              {`[]`, "$: must hold at least one change, incident or check"},
		"an incident without a time":  {`{"id":"i","severity":"critical"}`, "$.opened_at: required"},
		"resolved before it opened":   {`{"id":"i","opened_at":"2026-03-01T10:00:00Z","resolved_at":"2026-03-01T09:00:00Z"}`, "$.resolved_at: must not lie before opened_at"},
	} {
		t.Run(name, func(t *testing.T) {
			require.ErrorContains(t, read(c.body), c.want)
		})
	}
}

func TestASmallBodyCannotBecomeALargeHeap(t *testing.T) {
	one := `{"id":"c","service":"s","started_at":"2026-03-01T10:00:00Z"}`
	err := read("[" + strings.Repeat(one+",", source.MaxFacts) + one + "]")
	require.ErrorContains(t, err, fmt.Sprintf("must not hold more than %d elements", source.MaxFacts))
	err = read(strings.Repeat(one+"\n", source.MaxFacts+1))
	require.ErrorContains(t, err, fmt.Sprintf("at most %d facts", source.MaxFacts))
}

func TestWordsMayBeInCapitalsAndTimesInAnyForm(t *testing.T) {
	r, err := Source().Parse(correlate.Raw{Body: []byte(`{"id":"c","service":"s","status":"Succeeded","kind":"FEATURE_FLAG","finished_at":"2026-03-01 12:00:00 +0200","started_at":1772359200}`)})
	require.NoError(t, err)
	require.Equal(t, correlate.Change{
		ID: "c", Service: "s", Environment: "production", Kind: correlate.KindFeatureFlag, Status: correlate.StatusSucceeded,
		StartedAt: time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC), FinishedAt: time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC),
	}, *r.Facts[0].Change)
}

func read(body string) error {
	_, err := Source().Parse(correlate.Raw{Body: []byte(body)})
	return err
}
