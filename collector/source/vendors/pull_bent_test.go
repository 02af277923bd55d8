package vendors

import (
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestBentAnswersAreRefusedOrRead: an answer of each system, with any one value missing or of another type, is an error without
// a value in it, or brings deliveries that are JSON; nothing panics.
func TestBentAnswersAreRefusedOrRead(t *testing.T) {
	g := newGitLab(t)
	g.deploy(15, "success", "10:01", "10:04")
	a := newArgoCD(t)
	app := a.application("checkout")
	a.sync(app, revision(1), "Succeeded", "09:00", "09:01")
	a.sync(app, revision(2), "Failed", "10:00", "10:01")
	j := newJenkins(t)
	end(j.build(18, noon.Add(-3*time.Hour)), "SUCCESS", 2*time.Minute)
	p := newPagerDuty(t)
	p.open("PGR0VU2", "2026-02-01T00:05:11Z")
	s := newServiceNow(t)
	s.record("incident", map[string]string{"sys_id": "i1", "state": "1", "business_service": "Checkout", "opened_at": "2026-03-01 10:05:11", "sys_updated_on": "2026-03-01 10:05:11", "sys_mod_count": "0"})
	jr := newJira(t)
	jr.issue(1, "Incident", "done", time.Now().Add(-2*time.Hour), time.Now().Add(-time.Hour))
	for _, r := range []*reconciled{
		reconcile(t, "gitlab", g.api, "glpat-1", gitlabProject), reconcile(t, "argocd", a.api, "jwt", nil), reconcile(t, "jenkins", j.api, "u:t", jenkinsJob),
		reconcile(t, "pagerduty", p.api, "key", nil), reconcile(t, "servicenow", s.api, "u:t", map[string]any{"tables": []any{"incident"}}),
		reconcile(t, "jira", jr.api, "u:t", map[string]any{"projects": []any{"OPS"}}),
	} {
		t.Run(r.pulled.Type(), func(t *testing.T) {
			tape := &recorded{next: signed(func(request *http.Request) { r.pulled.Authorize(request.Header, r.secret) })}
			page, err := r.pulled.Streams[0].Pull(t.Context(), &http.Client{Transport: tape}, nil, r.since)
			require.NoError(t, err)
			require.NotEmpty(t, page.Raws)
			var whole any
			require.NoError(t, json.Unmarshal(tape.first, &whole))
			for _, bent := range bends(whole) {
				text, err := json.Marshal(bent)
				require.NoError(t, err)
				page, err := r.pulled.Streams[0].Pull(t.Context(), &http.Client{Transport: answering(text)}, nil, r.since)
				if err != nil {
					require.NotContains(t, err.Error(), "canary", "%s", text)
				}
				for _, raw := range page.Raws {
					require.True(t, json.Valid(raw.Body), "%s", raw.Body)
				}
				r.pulled.ReadPage(page, r.now)
			}
		})
	}
}

// recorded keeps the first answer.
type recorded struct {
	next  http.RoundTripper
	first []byte
}

func (r *recorded) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := r.next.RoundTrip(request)
	if err != nil || r.first != nil {
		return response, err
	}
	r.first, err = io.ReadAll(response.Body)
	response.Body = io.NopCloser(bytes.NewReader(r.first))
	return response, err
}

// others are what stands for a value.
func others() []any {
	return []any{nil, "canary", "", -1.5, 1e300, true, []any{"canary"}, map[string]any{"canary": "canary"}, []any{nil}}
}

// bends are documents in which one value is another one, or missing.
func bends(whole any) []any {
	all := others()
	switch whole := whole.(type) {
	case map[string]any:
		for _, key := range slices.Sorted(maps.Keys(whole)) {
			missing := maps.Clone(whole)
			delete(missing, key)
			all = append(all, missing)
			for _, bent := range bends(whole[key]) {
				other := maps.Clone(whole)
				other[key] = bent
				all = append(all, other)
			}
		}
	case []any:
		for i := range whole {
			for _, bent := range bends(whole[i]) {
				other := slices.Clone(whole)
				other[i] = bent
				all = append(all, other)
			}
		}
	}
	return all
}
