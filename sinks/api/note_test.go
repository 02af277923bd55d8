package api_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/internal/access"
	"github.com/shipwake/shipwake/sinks"
	"github.com/shipwake/shipwake/sinks/api"
	"github.com/shipwake/shipwake/sinks/sinktest"
)

// taking is a reader that takes notes, or has an error for them.
type taking struct {
	sinks.Reader
	taken []correlate.Note
	err   error
}

func (r *taking) Note(_ context.Context, n correlate.Note) (correlate.Note, error) {
	if r.err != nil {
		return n, r.err
	}
	n.At = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	r.taken = append(r.taken, n)
	return n, nil
}

func say(t *testing.T, r sinks.Reader, who access.Identity, body string) *httptest.ResponseRecorder {
	t.Helper()
	s, err := api.Factory().New(r, nil)
	require.NoError(t, err)
	mux := http.NewServeMux()
	for pattern, handler := range sinks.Routes(s) {
		mux.Handle(pattern, handler)
	}
	q := httptest.NewRequest(http.MethodPost, "/api/v1/notes", strings.NewReader(body))
	q.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	mux.ServeHTTP(w, q.WithContext(access.With(q.Context(), who)))
	return w
}

var ada = access.Identity{ID: "user:ada", Name: "ada", Roles: []access.Role{access.Operator}}

func TestWhoSaysSomethingIsWhoWasAuthenticated(t *testing.T) {
	r := &taking{Reader: sinktest.NewReader(time.Now())}
	w := say(t, r, ada, `{"kind":"overrule","change":"checkout-7","caused_by":"cart-3","reason":"the cache was cold"}`)
	require.Equal(t, http.StatusCreated, w.Code, w.Body)
	require.JSONEq(t, `{"note":{"kind":"overrule","change":"checkout-7","caused_by":"cart-3","reason":"the cache was cold","by":"ada","at":"2026-03-01T12:00:00Z"}}`, w.Body.String())
	require.Len(t, r.taken, 1)

	w = say(t, r, access.Identity{ID: "token:ci", Name: "ci", Roles: []access.Role{access.Reader, access.Sender}}, `{"kind":"acknowledge","change":"c"}`)
	require.Equal(t, http.StatusForbidden, w.Code)
	require.Contains(t, w.Body.String(), "this needs the role operator")
	require.Equal(t, http.StatusUnauthorized, say(t, r, access.Identity{}, `{"kind":"acknowledge","change":"c"}`).Code)
	require.Len(t, r.taken, 1)
}

func TestWhatIsWrongWithANoteIsNamed(t *testing.T) {
	for name, c := range map[string]struct {
		body   string
		err    error
		status int
		want   string
	}{
		"who says it":           {`{"kind":"acknowledge","change":"c","by":"the boss"}`, nil, 400, `"error":"is the name under which the request was authenticated: leave it out","parameter":"by"`},
		"a misspelled key":      {`{"kind":"acknowledge","chnage":"c"}`, nil, 400, `"parameter":"chnage"`},
		"no object":             {`[]`, nil, 400, "must be a JSON object"},
		"a word for a number":   {`{"kind":"acknowledge","change":"c","revision":"two"}`, nil, 400, `"error":"must not be a string","parameter":"revision"`},
		"a time that is none":   {`{"kind":"acknowledge","change":"c","at":"soon"}`, nil, 400, `"parameter":"at"`},
		"a book":                {`{"reason":"` + strings.Repeat("x", 20<<10) + `"}`, nil, 400, "longer than 16384 bytes"},
		"a field":               {`{"kind":"like","change":"c"}`, &correlate.FieldError{Field: "kind", Want: "is unknown"}, 400, `"error":"is unknown","parameter":"kind"`},
		"an unknown change":     {`{"kind":"acknowledge","change":"c"}`, fmt.Errorf("change: %w", sinks.ErrNotFound), 404, `"parameter":"change"`},
		"an unknown incident":   {`{"kind":"link","incident":"i","caused_by":"none","reason":"x"}`, fmt.Errorf("incident: %w", sinks.ErrNotFound), 404, `"parameter":"incident"`},
		"the ledger takes none": {`{"kind":"acknowledge","change":"c"}`, correlate.ErrUnavailable, 503, "try again"},
	} {
		t.Run(name, func(t *testing.T) {
			w := say(t, &taking{Reader: sinktest.NewReader(time.Now()), err: c.err}, ada, c.body)
			require.Equal(t, c.status, w.Code, w.Body)
			require.Contains(t, w.Body.String(), c.want)
		})
	}
}
