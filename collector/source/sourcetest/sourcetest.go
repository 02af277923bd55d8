// Package sourcetest answers: does this source keep the contract of every source?
//
// Each source calls Run from a test and Fuzz from a fuzz target. Payloads lie in testdata/*.http: header lines, an
// empty line, the body. What is read from each lies beside it in *.golden.json; -update accepts what is read today. Run
// holds for all ways in, since a webhook, a Kafka topic, a pull and an import all hand over the same deliveries.
//
// A payload that needs other keys of the source than the suite's has them in testdata/*.keys.json.
//
// Intake stands for the ledger in the tests of receivers.
package sourcetest

import (
	"encoding/json"
	"maps"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/collector/source"
	"github.com/shipwake/shipwake/correlate"
)

// ReceivedAt is when every payload of the suite was received.
var ReceivedAt = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// Suite is what the suite must know of a source.
type Suite struct {
	// Valid is the payload in testdata, without .http, that the suite bends and breaks: a JSON body with at least one fact.
	Valid string
	// Keys are the values of the source's own keys.
	Keys map[string]any
	// Watched: a receiver of ours makes the deliveries, so nobody has to prove anything.
	Watched bool
}

// Run checks every promise of source.Source.
func Run(t *testing.T, s source.Source, suite Suite) {
	t.Run("goldens", func(t *testing.T) { checkGoldens(t, s, suite) })
	if !suite.Watched {
		t.Run("authentication", func(t *testing.T) { checkAuthentication(t, s, suite) })
	}
	t.Run("broken bodies", func(t *testing.T) { checkBroken(t, s, suite) })
	t.Run("wrong types", func(t *testing.T) { checkWrongTypes(t, s, suite) })
	t.Run("digest", func(t *testing.T) { checkDigest(t, s, suite) })
	t.Run("concurrency", func(t *testing.T) { checkConcurrency(t, s, suite) })
}

// Name is the name under which the suite configures every source.
const Name = "configured"

// New configures the source.
func New(t testing.TB, s source.Source, keys map[string]any) source.Configured {
	t.Helper()
	c, err := s.Configure(Name, keys)
	require.NoError(t, err)
	return c
}

// Read is what is read from a message, without an error.
func Read(t testing.TB, s source.Source, req source.Request) []source.Item {
	t.Helper()
	items, err := New(t, s, nil).Read(req)
	require.NoError(t, err)
	return items
}

// Fuzz gives the source every header and body that the fuzzer finds, beginning with those in testdata.
func Fuzz(f *testing.F, s source.Source, keys map[string]any) {
	for _, name := range payloads(f) {
		head, body := split(f, name)
		f.Add(head, body)
	}
	c := New(f, s, keys)
	f.Fuzz(func(t *testing.T, head, body []byte) { requireSound(t, c, head, body) })
}

// FuzzEach does the same with many sources, each of which has its payloads in the folder of its name: what the fuzzer finds
// for one is given to the others, too.
func FuzzEach(f *testing.F, all []source.Source) {
	var each []source.Configured
	for i, s := range all {
		each = append(each, New(f, s, nil))
		paths, err := filepath.Glob(filepath.Join(s.Name, "testdata", "*.http"))
		require.NoError(f, err)
		for _, path := range paths {
			head, body := splitFile(f, path)
			f.Add(uint8(i), head, body)
		}
	}
	f.Fuzz(func(t *testing.T, i uint8, head, body []byte) { requireSound(t, each[int(i)%len(each)], head, body) })
}

func requireSound(t *testing.T, c source.Configured, head, body []byte) {
	if header, err := parseHead(head); err == nil {
		requireKept(t, c, source.Request{Header: header, Body: body, ReceivedAt: ReceivedAt})
	}
}

// requireKept checks what must hold for whatever comes in: an error names a place; deliveries are complete; nothing that
// was handed over is changed; and all is the same at the second time, also of deliveries that were kept meanwhile.
func requireKept(t testing.TB, c source.Configured, req source.Request) ([]source.Item, error) {
	t.Helper()
	before := clone(req)
	items, err := c.Read(req)
	require.Equal(t, before, req, "neither Open nor Parse may write to what they are given")
	if err != nil {
		requireParseError(t, err)
		require.Empty(t, items)
		return nil, err
	}
	require.NotEmpty(t, items, "a message is at least one delivery")
	for _, item := range items {
		requireComplete(t, item)
		requireProjectedAgain(t, c, item)
	}
	again, err := c.Read(req)
	require.NoError(t, err)
	require.Equal(t, items, again, "the same message must be the same deliveries, with the same ids")
	return items, nil
}

// requireProjectedAgain: what a delivery keeps is all that it was read from.
func requireProjectedAgain(t testing.TB, c source.Configured, item source.Item) {
	t.Helper()
	raw := item.Raw
	raw.Header, raw.Body = maps.Clone(item.Header), slices.Clone(item.Body)
	first := c.Project(raw)
	require.Equal(t, item.Raw, raw, "Parse may not write to what it is given")
	require.Equal(t, item.Projection, source.Hold(first, raw.ReceivedAt, raw.ReceivedAt))
}

func requireComplete(t testing.TB, item source.Item) {
	t.Helper()
	require.NotEmpty(t, item.ID)
	require.Equal(t, ReceivedAt, item.ReceivedAt)
	require.Equal(t, Name, item.Source)
	require.NotEmpty(t, item.Digest)
	set := 0
	for _, there := range []bool{len(item.Facts) > 0, item.Problem != "", item.Ignored != ""} {
		if there {
			set++
		}
	}
	require.Equal(t, 1, set, "facts, or why there are none: %q %q", item.Problem, item.Ignored)
	require.Equal(t, item.Wrong != nil, len(item.Problem) > 12 && item.Problem[:12] == "unreadable: ")
	if item.Wrong != nil {
		requireParseError(t, item.Wrong)
	}
	for _, f := range item.Facts {
		requireFact(t, f)
	}
}

func requireFact(t testing.TB, f correlate.Fact) {
	t.Helper()
	require.NoError(t, f.Validate())
	require.Equal(t, f, f.WithDefaults(), "facts must be complete")
	if f.Change != nil {
		require.Equal(t, Name, f.Change.Source)
	}
	if f.Incident != nil {
		require.Equal(t, Name, f.Incident.Source)
	}
	requireUTC(t, f)
}

// checkDigest: another version or another configuration is another digest.
func checkDigest(t *testing.T, s source.Source, suite Suite) {
	c := New(t, s, suite.Keys)
	require.NotEmpty(t, s.Version, "a source has a version, which changes when its Parse does")
	require.Equal(t, c.Projector().Digest, New(t, s, suite.Keys).Projector().Digest)
	other, err := s.Configure("another name", suite.Keys)
	require.NoError(t, err)
	require.Equal(t, c.Projector().Digest, other.Projector().Digest, "the name doesn't bear on what is read")
	s.Version += "+"
	require.NotEqual(t, c.Projector().Digest, New(t, s, suite.Keys).Projector().Digest)
	items, err := c.Read(Payload(t, suite.Valid))
	require.NoError(t, err)
	require.Equal(t, c.Projector().Digest, items[0].Digest)
}

func requireParseError(t testing.TB, err error) {
	t.Helper()
	var parse *source.ParseError
	require.ErrorAs(t, err, &parse)
	require.NotEmpty(t, parse.Path)
	require.NotEmpty(t, parse.Want)
}

func clone(req source.Request) source.Request {
	return source.Request{Header: req.Header.Clone(), Body: slices.Clone(req.Body), ReceivedAt: req.ReceivedAt}
}

// asDocument decodes JSON, for the suite to bend.
func asDocument(t testing.TB, body []byte) any {
	t.Helper()
	var document any
	require.NoError(t, json.Unmarshal(body, &document), "the suite's valid payload must be JSON")
	return document
}
