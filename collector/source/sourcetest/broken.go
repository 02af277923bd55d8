package sourcetest

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/collector/source"
)

const canary = "canary-value"

func checkBroken(t *testing.T, factory source.Factory, suite Suite) {
	s := New(t, factory, suite.Config)
	valid := Payload(t, suite.Valid)
	deliveries, err := requireKept(t, s, valid)
	require.NoError(t, err)
	require.NotEmpty(t, deliveries[0].Facts)

	for name, body := range map[string]string{
		"an empty body":          "",
		"space only":             " \n ",
		"not JSON":               canary,
		"a lone string":          `"` + canary + `"`,
		"a lone number":          "1",
		"deeply nested lists":    strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000),
		"deeply nested object":   strings.Repeat(`{"a":`, 100_000) + "1" + strings.Repeat("}", 100_000),
		"bytes that aren't text": "\xff\xfe\x00",
	} {
		t.Run(name, func(t *testing.T) {
			req := clone(valid)
			req.Body = []byte(body)
			_, err := requireKept(t, s, req)
			requireParseError(t, err)
			require.NotContains(t, err.Error(), canary, "an error must not repeat the body")
		})
	}
	t.Run("cut short anywhere", func(t *testing.T) {
		for n := 0; n < len(valid.Body); n += 1 + len(valid.Body)/200 {
			req := clone(valid)
			req.Body = req.Body[:n]
			_, err := requireKept(t, s, req)
			requireParseError(t, err)
		}
	})
}

// checkWrongTypes puts a value of every other type in every place of the valid payload.
func checkWrongTypes(t *testing.T, factory source.Factory, suite Suite) {
	s := New(t, factory, suite.Config)
	valid := Payload(t, suite.Valid)
	var document any
	require.NoError(t, json.Unmarshal(valid.Body, &document), "the suite's valid payload must be JSON")
	for _, wrong := range []any{nil, true, 7, -0.5, 1e300, "", canary, "2026-13-45T99:00:00Z", []any{}, []any{1, "x"}, map[string]any{}, map[string]any{canary: canary}} {
		replaceEach(document, func(v any) { document = v }, wrong, func() {
			body, err := json.Marshal(document)
			require.NoError(t, err)
			req := clone(valid)
			req.Body = body
			if _, err := requireKept(t, s, req); err != nil && !strings.Contains(fmt.Sprint(wrong), "map") {
				require.NotContains(t, err.Error(), canary, "an error must not repeat a value")
			}
		})
	}
}

// replaceEach calls visit once for every place of the document, with the wrong value in that place.
func replaceEach(v any, set func(any), wrong any, visit func()) {
	set(wrong)
	visit()
	set(v)
	switch v := v.(type) {
	case map[string]any:
		for _, k := range slices.Sorted(maps.Keys(v)) {
			replaceEach(v[k], func(w any) { v[k] = w }, wrong, visit)
		}
	case []any:
		for i := range v {
			replaceEach(v[i], func(w any) { v[i] = w }, wrong, visit)
		}
	}
}

func checkConcurrency(t *testing.T, factory source.Factory, suite Suite) {
	const secret = "shared"
	cfg := suite.Config
	cfg.Secrets = []string{secret}
	s := New(t, factory, cfg)
	req := Payload(t, suite.Valid)
	suite.Sign(&req, secret)
	want, err := s.Parse(req)
	require.NoError(t, err)

	var group sync.WaitGroup
	problems := make(chan error, 8)
	for range cap(problems) {
		group.Go(func() { problems <- hammer(s, req, len(want[0].Facts)) })
	}
	group.Wait()
	close(problems)
	for err := range problems {
		require.NoError(t, err)
	}
}

func hammer(s source.Reader, req source.Request, facts int) error {
	for range 50 {
		if err := s.Authenticate(req); err != nil {
			return err
		}
		deliveries, err := s.Parse(req)
		if err != nil {
			return err
		}
		if len(deliveries[0].Facts) != facts {
			return fmt.Errorf("%d facts, then %d", facts, len(deliveries[0].Facts))
		}
	}
	return nil
}
