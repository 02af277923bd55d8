package page

import (
	"context"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/internal/access"
	"github.com/shipwake/shipwake/sinks"
	"github.com/shipwake/shipwake/sinks/sinktest"
)

// taking is a reader that takes notes on one change.
type taking struct {
	*sinktest.Reader
	record correlate.ChangeRecord
}

func (r *taking) Note(_ context.Context, n correlate.Note) (correlate.Note, error) {
	n.At = noonSaid
	if err := n.Validate(); err != nil {
		return n, err
	}
	if n.Change != r.record.ID {
		return n, sinks.ErrNotFound
	}
	r.record.Notes = correlate.AddNote(r.record.Notes, n)
	r.Put(correlate.Effect{Change: &r.record})
	return n, nil
}

var noonSaid = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func TestWhatAFormSaysShowsOnThePage(t *testing.T) {
	c := correlate.ChangeRecord{
		Change: correlate.Change{ID: "shop/7", Service: "shop", Environment: "production", Version: "v7", StartedAt: noonSaid, FinishedAt: noonSaid},
		Phase:  correlate.PhaseClosed,
		Verdict: &correlate.Verdict{
			ChangeID: "shop/7", Service: "shop", Environment: "production", Outcome: correlate.Regressed, Reason: correlate.ReasonErrorRatio, Revision: 1, Final: true,
			DecidedAt: noonSaid, Evidence: []correlate.Evidence{},
		},
	}
	r := &taking{sinktest.NewReader(noonSaid, correlate.Effect{Change: &c}), c}
	s, err := Factory().New(r, nil)
	require.NoError(t, err)
	who := access.Identity{ID: "user:ada", Name: "ada", Roles: []access.Role{access.Operator}, Ambient: true, Session: true, CSRF: "secret"}
	ask := func(q *http.Request, by access.Identity) *httptest.ResponseRecorder {
		w := httptest.NewRecorder()
		serve(s).ServeHTTP(w, q.WithContext(access.With(q.Context(), by)))
		return w
	}
	say := func(by access.Identity, form url.Values) *httptest.ResponseRecorder {
		q := httptest.NewRequest(http.MethodPost, "/notes", strings.NewReader(form.Encode()))
		q.Header.Set("Content-Type", "application/x-www-form-urlencoded")
		return ask(q, by)
	}
	get := func(by access.Identity, path string) string {
		w := ask(httptest.NewRequest(http.MethodGet, path, http.NoBody), by)
		require.Equal(t, 200, w.Code, w.Body)
		return w.Body.String()
	}
	read := func(by access.Identity) string { return get(by, "/changes/shop%2F7") }
	require.Contains(t, read(who), `<form method="post" action="/notes"><input type="hidden" name="csrf" value="secret">`)
	reader := access.Identity{ID: "user:bob", Name: "bob", Roles: []access.Role{access.Reader}}
	require.NotContains(t, read(reader), "<form method=\"post\" action=\"/notes\"", "who may not say anything gets no form")

	form := url.Values{"csrf": {"secret"}, "kind": {"overrule"}, "change": {"shop/7"}, "on": {"shop/7"}, "reason": {"a <b>cold</b> cache"}, "caused_by": {"cart-3"}, "by": {"the boss"}}
	w := say(who, form)
	require.Equal(t, http.StatusSeeOther, w.Code, w.Body)
	require.Equal(t, "/changes/shop%2F7", w.Header().Get("Location"))
	shown := read(reader)
	require.Contains(t, shown, "<b>People say: not this change</b> (ada, ")
	require.Contains(t, shown, "a &lt;b&gt;cold&lt;/b&gt; cache")
	require.Contains(t, shown, `It was <a href="/changes/cart-3">cart-3</a>`)
	require.Contains(t, shown, "regressed", "the verdict stays")
	require.NotContains(t, shown, "the boss")
	list := get(reader, "/changes")
	require.Contains(t, list, "1 changes of 1 services: 0 regressed, 0 healthy, 0 inconclusive, 0 observed, 1 regressed and overruled by people.")
	require.Contains(t, list, `<b aria-hidden="true">O</b> overruled`)

	form.Set("csrf", "guessed")
	require.Equal(t, http.StatusForbidden, say(who, form).Code)
	form.Set("csrf", "secret")
	require.Equal(t, http.StatusForbidden, say(reader, form).Code)
	form.Set("reason", "")
	w = say(who, form)
	require.Equal(t, http.StatusBadRequest, w.Code)
	require.Contains(t, w.Body.String(), "reason: required: why")
	form.Set("reason", "seen")
	form.Set("change", "unknown")
	require.Equal(t, http.StatusNotFound, say(who, form).Code)
	require.Len(t, r.record.Notes, 1)

	require.Equal(t, http.StatusSeeOther, say(who, url.Values{"csrf": {"secret"}, "kind": {"overrule"}, "change": {"shop/7"}, "on": {"shop/7"}, "withdrawn": {"true"}}).Code)
	shown = read(reader)
	require.NotContains(t, shown, "People say: not this change")
	require.Contains(t, shown, "withdrawn: who did what shop/7 was judged for")
}
