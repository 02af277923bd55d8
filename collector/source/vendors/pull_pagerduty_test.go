package vendors

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// pagerduty is an account with its log entries, oldest first, as developer.pagerduty.com has them.
type pagerduty struct {
	*api
	entries   []object
	incidents map[string]object
}

func newPagerDuty(t *testing.T) *pagerduty {
	p := &pagerduty{incidents: map[string]object{}}
	p.api = (&api{t: t, secret: [2]string{"Authorization", "Token token=key"}, serve: p.serve}).start()
	return p
}

func (p *pagerduty) serve(w http.ResponseWriter, r *http.Request, path string) bool {
	query := r.URL.Query()
	since, err := time.Parse(time.RFC3339, query.Get("since"))
	until, err2 := time.Parse(time.RFC3339, query.Get("until"))
	offset, limit := number(query.Get("offset"), 0), number(query.Get("limit"), 25)
	switch {
	case path != "/log_entries":
		return false
	case err != nil || err2 != nil || limit > 100 || offset+limit > 10_000 || r.Header.Get("Accept") != "application/vnd.pagerduty+json;version=2":
		w.WriteHeader(http.StatusBadRequest)
		return reply(w, object{"error": object{"message": "Invalid Input Provided", "code": 2001}})
	}
	var all []object
	for _, e := range slices.Backward(p.entries) {
		if created, _ := time.Parse(time.RFC3339, e["created_at"].(string)); !created.Before(since) && created.Before(until) {
			shown := object{"service": object{"id": "PF9KMXH", "type": "service_reference", "summary": "Checkout API"}}
			for key, value := range e {
				shown[key] = value
			}
			if query.Get("include[]") == "incidents" {
				shown["incident"] = p.incidents[e["incident"].(object)["id"].(string)]
			}
			all = append(all, shown)
		}
	}
	page, last := pageOf(all, offset, limit)
	return reply(w, object{"log_entries": page, "limit": limit, "offset": offset, "total": nil, "more": !last})
}

// open adds an incident, and log its entries.
func (p *pagerduty) open(id, created string) object {
	p.incidents[id] = object{
		"id": id, "type": "incident", "summary": "[#2] Checkout answers with errors", "title": "Checkout answers with errors", "incident_number": 2,
		"created_at": created, "status": "triggered", "urgency": "high", "priority": object{"id": "PSO75BM", "summary": "P1"},
		"html_url": "https://acme.pagerduty.com/incidents/" + id, "service": object{"id": "PF9KMXH", "type": "service_reference", "summary": "Checkout API"},
	}
	p.log(id, "trigger", created)
	return p.incidents[id]
}

func (p *pagerduty) log(id, what, at string) {
	p.entries = append(p.entries, object{
		"id": fmt.Sprintf("R%06d", len(p.entries)), "type": what + "_log_entry", "created_at": at, "summary": what, "agent": object{"type": "user_reference"},
		"incident": object{"id": id, "type": "incident_reference", "summary": "[#2] Checkout answers with errors"},
	})
}

func (p *pagerduty) sends(id, event, created, at string) string {
	return fmt.Sprintf(`{"event":{"id":"01%s%s","event_type":"incident.%[2]s","resource_type":"incident","occurred_at":%[4]q,"data":{"id":%[1]q,"title":"Checkout answers with errors",
		"created_at":%[3]q,"urgency":"high","priority":{"summary":"P1"},"html_url":"https://acme.pagerduty.com/incidents/%[1]s","service":{"summary":"Checkout API"}}}}`, id, event, created, at)
}

func TestPagerDutyIsReconciled(t *testing.T) {
	p := newPagerDuty(t)
	p.open("PGR0VU2", "2026-02-27T10:05:11Z")
	p.log("PGR0VU2", "notify", "2026-02-27T10:05:12Z")
	p.log("PGR0VU2", "acknowledge", "2026-02-27T10:07:00Z")
	p.log("PGR0VU2", "resolve", "2026-03-01T10:25:12Z")
	p.open("PGR0VU3", "2026-03-01T11:00:00Z")
	p.log("PGR0VU3", "escalate", "2026-03-01T11:10:00Z")
	merged := p.open("PGR0VU4", "2026-03-01T11:01:00Z")
	merged["resolve_reason"] = object{"type": "merge_resolve_reason", "incident": object{"id": "PGR0VU3", "type": "incident_reference"}}
	p.log("PGR0VU4", "resolve", "2026-03-01T11:02:00Z")
	reconcile(t, "pagerduty", p.api, "key", nil).requireOneStory(
		p.sends("PGR0VU2", "triggered", "2026-02-27T10:05:11Z", "2026-02-27T10:05:11Z"), p.sends("PGR0VU2", "acknowledged", "2026-02-27T10:05:11Z", "2026-02-27T10:07:00Z"),
		p.sends("PGR0VU2", "resolved", "2026-02-27T10:05:11Z", "2026-03-01T10:25:12Z"), p.sends("PGR0VU3", "triggered", "2026-03-01T11:00:00Z", "2026-03-01T11:00:00Z"),
		p.sends("PGR0VU3", "escalated", "2026-03-01T11:00:00Z", "2026-03-01T11:10:00Z"), p.sends("PGR0VU4", "triggered", "2026-03-01T11:01:00Z", "2026-03-01T11:01:00Z"),
		strings.Replace(p.sends("PGR0VU4", "resolved", "2026-03-01T11:01:00Z", "2026-03-01T11:02:00Z"), `"urgency"`, `"resolve_reason":{"type":"merge_resolve_reason","incident":{"id":"PGR0VU3"}},"urgency"`, 1),
	)
}

// A history with more entries than PagerDuty lists of one query is asked for part by part.
func TestPagerDutyIsAskedByParts(t *testing.T) {
	if raced {
		t.Skip("the race detector multiplies time, and nothing here runs at once")
	}
	p := newPagerDuty(t)
	began := time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC)
	for i := range 600 {
		id, at := fmt.Sprintf("P%05d", i), began.Add(time.Duration(i)*time.Hour)
		p.open(id, at.Format(time.RFC3339))
		for n := range 20 {
			p.log(id, "notify", at.Add(time.Duration(n)*time.Minute).Format(time.RFC3339))
		}
		p.log(id, "resolve", at.Add(time.Hour).Format(time.RFC3339))
	}
	r := reconcile(t, "pagerduty", p.api, "key", nil)
	r.round()
	_, incidents := r.known()
	require.Len(t, incidents, 600)
	for _, i := range incidents {
		require.Equal(t, time.Hour, i.ResolvedAt.Sub(i.OpenedAt))
	}
}
