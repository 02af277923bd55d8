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

func checkBroken(t *testing.T, src source.Source, suite Suite) {
	s := New(t, src, suite.Keys)
	valid := Payload(t, suite.Valid)
	items, err := requireKept(t, s, valid)
	require.NoError(t, err)
	require.NotEmpty(t, items[0].Facts)

	for name, body := range map[string]string{
		"an empty body":          "",
		"space only":             " \n ",
		"not JSON":               canary,
		"a lone string":          `"` + canary + `"`,
		"a lone number":          "1",
		"deeply nested lists":    strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000),
		"deeply nested object":   strings.Repeat(`{"a":`, 100_000) + "1" + strings.Repeat("}", 100_000),
		"bytes that aren't text": "\xff\xfe\x00",
		"UTF-16":                 utf16(valid.Body),
		"a byte order mark":      "\xef\xbb\xbf" + string(valid.Body),
	} {
		t.Run(name, func(t *testing.T) {
			req := clone(valid)
			req.Body = []byte(body)
			requireRefused(t, s, req)
		})
	}
	t.Run("cut short anywhere", func(t *testing.T) {
		for n := 0; n < len(valid.Body); n += 1 + len(valid.Body)/200 {
			req := clone(valid)
			req.Body = req.Body[:n]
			requireRefused(t, s, req)
		}
	})
}

// utf16 is ASCII text in UTF-16, as a shell on Windows writes it.
func utf16(text []byte) string {
	wide := []byte{0xff, 0xfe}
	for _, c := range text {
		wide = append(wide, c, 0)
	}
	return string(wide)
}

// requireRefused: nothing in the message can be read, and what is said of it repeats nothing.
func requireRefused(t *testing.T, c source.Configured, req source.Request) {
	t.Helper()
	items, err := requireKept(t, c, req)
	if err == nil {
		require.Len(t, items, 1)
		require.NotNil(t, items[0].Wrong)
		err = items[0].Wrong
	}
	require.NotContains(t, err.Error(), canary, "an error must not repeat the body")
}

// checkWrongTypes puts a value of every other type in every place of the valid payload.
func checkWrongTypes(t *testing.T, src source.Source, suite Suite) {
	s := New(t, src, suite.Keys)
	valid := Payload(t, suite.Valid)
	document := asDocument(t, valid.Body)
	for _, wrong := range []any{nil, true, 7, -0.5, 1e300, "", canary, "2026-13-45T99:00:00Z", []any{}, []any{1, "x"}, map[string]any{}, map[string]any{canary: canary}} {
		replaceEach(document, func(v any) { document = v }, wrong, func() {
			body, err := json.Marshal(document)
			require.NoError(t, err)
			req := clone(valid)
			req.Body = body
			items, err := requireKept(t, s, req)
			if strings.Contains(fmt.Sprint(wrong), "map") {
				return // the error may name an unknown key
			}
			if err != nil {
				require.NotContains(t, err.Error(), canary, "an error must not repeat a value")
			}
			for _, item := range items {
				require.NotContains(t, item.Problem, canary, "a problem must not repeat a value")
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

func checkConcurrency(t *testing.T, src source.Source, suite Suite) {
	s := New(t, src, suite.Keys)
	req := Payload(t, suite.Valid)
	var secrets []string
	if !suite.Watched {
		scheme := s.Schemes()[0]
		secret := newKey(t, scheme, "shared")
		require.NoError(t, scheme.Sign(&req, secret.sender))
		secrets = []string{secret.configured}
	}
	want, err := s.Read(req)
	require.NoError(t, err)

	var group sync.WaitGroup
	problems := make(chan error, 8)
	for range cap(problems) {
		group.Go(func() { problems <- hammer(s, secrets, req, len(want[0].Facts)) })
	}
	group.Wait()
	close(problems)
	for err := range problems {
		require.NoError(t, err)
	}
}

func hammer(s source.Configured, secrets []string, req source.Request, facts int) error {
	for range 50 {
		if err := s.Authenticate(secrets, req); err != nil {
			return err
		}
		items, err := s.Read(req)
		if err != nil {
			return err
		}
		if len(items[0].Facts) != facts {
			return fmt.Errorf("%d facts, then %d", facts, len(items[0].Facts))
		}
	}
	return nil
}
