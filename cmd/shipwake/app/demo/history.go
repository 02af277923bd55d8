package demo

import (
	"fmt"
	"math"
	"time"

	"github.com/shipwake/shipwake/correlate"
)

// habit is how a service used to be deployed in the past.
type habit struct {
	service, team string
	every         time.Duration // between deployments
	failing       int           // one in so many hurt
	lead          time.Duration // from commit to production, typically
	recovery      time.Duration // from a bad deployment to its recovery, typically
}

func habits() []habit {
	return []habit{
		{"frontend", "storefront", 22 * time.Hour, 9, 5 * time.Hour, 25 * time.Minute},
		{"catalog", "storefront", 52 * time.Hour, 14, 20 * time.Hour, 40 * time.Minute},
		{"recommendations", "discovery", 31 * time.Hour, 6, 9 * time.Hour, 55 * time.Minute},
		{"search", "discovery", 74 * time.Hour, 8, 30 * time.Hour, 70 * time.Minute},
		{"checkout", "payments", 46 * time.Hour, 12, 16 * time.Hour, 20 * time.Minute},
		{"payment", "payments", 90 * time.Hour, 7, 44 * time.Hour, 35 * time.Minute},
	}
}

// history is what happened in the days before now: deployments with their commits, the incidents that the bad ones
// caused, and the rollbacks that ended those. The last deployment leaves every service at the version that now runs.
func history(now time.Time, days int, running string) []correlate.Fact {
	var facts []correlate.Fact
	for _, h := range habits() {
		facts = append(facts, h.past(now, days, running)...)
	}
	return facts
}

func (h habit) past(now time.Time, days int, running string) []correlate.Fact {
	var facts []correlate.Fact
	count := int(time.Duration(days) * 24 * time.Hour / h.every)
	previous := "2026.0"
	for n := range count {
		// The newest is a few hours old; the steps between vary by a quarter.
		age := time.Duration(float64(h.every) * (float64(count-1-n) + 0.25 + 0.25*wave(n)))
		at := now.Add(-age).Truncate(time.Second)
		next := fmt.Sprintf("2026.%d", n+1)
		if n == count-1 {
			next = running
		}
		deployed := h.deployment(n, previous, next, at)
		facts = append(facts, correlate.Fact{Change: &deployed})
		if n%h.failing != h.failing-1 || n == count-1 {
			previous = next
			continue
		}
		fixed := at.Add(time.Duration(float64(h.recovery) * (1 + 0.5*wave(n+3)))).Truncate(time.Second)
		rollback := h.deployment(n, next, previous, fixed)
		rollback.ID, rollback.Kind, rollback.Commits = rollback.ID+"-rollback", correlate.KindRollback, nil
		incident := h.incident(n, deployed, fixed)
		facts = append(facts, correlate.Fact{Incident: &incident}, correlate.Fact{Change: &rollback})
	}
	return facts
}

func (h habit) deployment(n int, previous, version string, finished time.Time) correlate.Change {
	authored := finished.Add(-time.Duration(float64(h.lead) * (1 + 0.6*wave(n+7)))).Truncate(time.Second)
	return correlate.Change{
		ID: fmt.Sprintf("%s-%d", h.service, n+1), Service: h.service, Environment: correlate.DefaultEnvironment,
		Version: version, PreviousVersion: previous, Team: h.team,
		Commits:   []correlate.Commit{{SHA: fmt.Sprintf("%07x%s", 0xa11ce*(n+1)%0xfffffff, h.service[:2]), AuthoredAt: authored}},
		StartedAt: finished.Add(-4 * time.Minute), FinishedAt: finished,
	}
}

// incident is what people noticed after a bad deployment. Every other one names the change that caused it.
func (h habit) incident(n int, cause correlate.Change, resolved time.Time) correlate.Incident {
	opened := cause.FinishedAt.Add(resolved.Sub(cause.FinishedAt) / 4).Truncate(time.Second)
	i := correlate.Incident{
		ID: "INC-" + cause.ID, Service: h.service, Environment: correlate.DefaultEnvironment, Severity: "major",
		Title: h.service + " is failing", OpenedAt: opened, ResolvedAt: resolved,
	}
	if n%2 == 0 {
		i.CausedBy = cause.ID
	}
	return i
}

// wave varies with n between -1 and 1, the same in every run.
func wave(n int) float64 { return math.Sin(float64(n) * 2.399963) }
