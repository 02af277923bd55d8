// Package sourcetest answers: does this source keep the contract of every source?
//
// Each source calls Run from a test and Fuzz from a fuzz target. Payloads lie in testdata/*.http: header lines, an
// empty line, the body. What Parse makes of each lies beside it in *.golden.json; -update accepts what it makes now.
package sourcetest

import (
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
	// Sign makes a request authentic with a secret.
	Sign func(req *source.Request, secret string)
	// SignsBody says that another body makes the signature wrong; a bearer token doesn't depend on it.
	SignsBody bool
	// Config is what the source needs beyond secrets.
	Config source.ReaderConfig
}

// Run checks every promise of source.Reader.
func Run(t *testing.T, factory source.Factory, suite Suite) {
	t.Run("goldens", func(t *testing.T) { checkGoldens(t, factory, suite) })
	t.Run("authentication", func(t *testing.T) { checkAuthentication(t, factory, suite) })
	t.Run("broken bodies", func(t *testing.T) { checkBroken(t, factory, suite) })
	t.Run("wrong types", func(t *testing.T) { checkWrongTypes(t, factory, suite) })
	t.Run("concurrency", func(t *testing.T) { checkConcurrency(t, factory, suite) })
}

// New makes the source without secrets.
func New(t testing.TB, factory source.Factory, cfg source.ReaderConfig) source.Reader {
	t.Helper()
	s, err := factory.New(cfg)
	require.NoError(t, err)
	return s
}

// Fuzz gives the source every header and body that the fuzzer finds, beginning with those in testdata.
func Fuzz(f *testing.F, factory source.Factory, cfg source.ReaderConfig) {
	for _, name := range payloads(f) {
		head, body := split(f, name)
		f.Add(head, body)
	}
	s := New(f, factory, cfg)
	f.Fuzz(func(t *testing.T, head, body []byte) {
		header, err := parseHead(head)
		if err != nil {
			return
		}
		requireKept(t, s, source.Request{Header: header, Body: body, ReceivedAt: ReceivedAt})
	})
}

// requireKept checks what must hold for whatever comes in: an error names a place and nothing of the contents;
// deliveries are complete, and the same at the second time.
func requireKept(t testing.TB, s source.Reader, req source.Request) ([]correlate.Delivery, error) {
	t.Helper()
	before := slices.Clone(req.Body)
	deliveries, err := s.Parse(req)
	require.Equal(t, before, req.Body, "Parse must not write to the body")
	if err != nil {
		requireParseError(t, err)
		require.Empty(t, deliveries)
		return nil, err
	}
	require.NotEmpty(t, deliveries)
	for _, d := range deliveries {
		requireComplete(t, d)
	}
	for _, d := range deliveries {
		requireParsedAgain(t, s, d)
	}
	again, err := s.Parse(req)
	require.NoError(t, err)
	require.Equal(t, deliveries, again, "the same message must be the same deliveries, with the same ids")
	return deliveries, nil
}

// requireParsedAgain: what a delivery keeps is enough to parse it again after an upgrade.
func requireParsedAgain(t testing.TB, s source.Reader, d correlate.Delivery) {
	t.Helper()
	again := source.Again(s, d)
	if again.Problem != d.Problem && again.Problem != "" {
		return // it stays held: what headers alone had said is gone
	}
	require.Equal(t, d.Problem, again.Problem)
	require.Len(t, again.Facts, len(d.Facts))
	require.Equal(t, []any{d.ID, d.ReceivedAt, d.Raw}, []any{again.ID, again.ReceivedAt, again.Raw}, "it is the same delivery")
	for i, f := range d.Facts {
		want := correlate.Delivery{Facts: []correlate.Fact{f}}
		require.Equal(t, want.Facts[0].WithDefaults(), again.Facts[i])
	}
}

func requireComplete(t testing.TB, d correlate.Delivery) {
	t.Helper()
	require.NotEmpty(t, d.ID)
	require.Equal(t, ReceivedAt, d.ReceivedAt)
	require.Empty(t, d.Source, "the receiver sets it")
	require.Equal(t, len(d.Facts) == 0, d.Problem != "", "facts or a problem, not both and not neither: %q", d.Problem)
	for _, f := range d.Facts {
		require.NoError(t, f.Validate())
		require.Equal(t, f, f.WithDefaults(), "facts must be complete")
	}
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
