package generic

import (
	"fmt"
	"slices"
	"strings"

	"github.com/shipwake/shipwake/collector/source"
	"github.com/shipwake/shipwake/correlate"
)

// The keys of the format, in the order of the documentation. "source" and "implied" are accepted, since our own exports carry
// them, and ignored: the receiver knows the source, and what is said there is said.
var (
	changeKeys = []string{"id", "kind", "status", "service", "environment", "version", "previous_version", "commit", "digest",
		"commits", "size", "started_at", "finished_at", "updated_at", "instances", "zones", "actor", "team", "url", "labels", "source", "implied"}
	incidentKeys = []string{"id", "service", "services", "environment", "severity", "title", "url", "opened_at", "acknowledged_at",
		"resolved_at", "updated_at", "caused_by", "dedup_key", "source", "implied"}
	checkKeys = []string{"id", "name", "result", "at", "change", "service", "version", "environment", "commit", "required", "counts",
		"format", "note", "url", "source"}
	countKeys = []string{"total", "failed", "skipped", "flaky"}
	wrappers  = []string{"change", "incident", "check"}
	// incidentOnly are the keys that tell a bare incident from a bare change.
	incidentOnly = []string{"services", "opened_at", "acknowledged_at", "resolved_at", "severity", "title", "caused_by", "dedup_key"}
)

// readFact reads a wrapped or bare change or incident, or a wrapped check.
func readFact(r *source.Reading, v source.JSON) error {
	if !v.IsObject() {
		v.Fail(`must be an object: {"change": {…}}, {"incident": {…}}, {"check": {…}}, or a change or incident itself`)
		return v.Err()
	}
	switch change, incident, check := v.Get("change"), v.Get("incident"), v.Get("check"); {
	case several(change, incident, check):
		v.Fail(`must hold one of "change", "incident" and "check", not several`)
		return v.Err()
	case change.Exists():
		v.Only(wrappers...)
		return addChange(r, change)
	case incident.Exists():
		v.Only(wrappers...)
		return addIncident(r, incident)
	case check.Exists():
		v.Only(wrappers...)
		return addCheck(r, check)
	case v.Has(incidentOnly...):
		return addIncident(r, v)
	}
	return addChange(r, v)
}

func several(values ...source.JSON) bool {
	there := 0
	for _, v := range values {
		if v.Exists() {
			there++
		}
	}
	return there > 1
}

func addChange(r *source.Reading, v source.JSON) error {
	v.Only(changeKeys...)
	c := correlate.Change{
		ID:              v.Get("id").Text(),
		Kind:            oneOf(v.Get("kind"), correlate.Kinds()),
		Status:          oneOf(v.Get("status"), correlate.Statuses()),
		Service:         v.Get("service").Text(),
		Environment:     v.Get("environment").Text(),
		Version:         v.Get("version").Text(),
		PreviousVersion: v.Get("previous_version").Text(),
		Commit:          v.Get("commit").Text(),
		Digest:          v.Get("digest").Text(),
		Commits:         source.Commits(v.Get("commits")),
		Size:            source.Size(v.Get("size")),
		StartedAt:       v.Get("started_at").Time(),
		FinishedAt:      v.Get("finished_at").Time(),
		UpdatedAt:       v.Get("updated_at").Time(),
		Instances:       v.Get("instances").Texts(),
		Zones:           zones(v.Get("zones")),
		Actor:           v.Get("actor").Text(),
		Team:            v.Get("team").Text(),
		URL:             v.Get("url").Text(),
		Labels:          v.Get("labels").Labels(),
	}
	if err := v.Err(); err != nil {
		return err
	}
	return r.Add(correlate.Fact{Change: &c}, v)
}

func addIncident(r *source.Reading, v source.JSON) error {
	v.Only(incidentKeys...)
	i := correlate.Incident{
		ID:             v.Get("id").Text(),
		Service:        v.Get("service").Text(),
		Services:       v.Get("services").Texts(),
		Environment:    v.Get("environment").Text(),
		Severity:       v.Get("severity").Text(),
		Title:          v.Get("title").Prose(),
		URL:            v.Get("url").Text(),
		OpenedAt:       v.Get("opened_at").Time(),
		AcknowledgedAt: v.Get("acknowledged_at").Time(),
		ResolvedAt:     v.Get("resolved_at").Time(),
		UpdatedAt:      v.Get("updated_at").Time(),
		CausedBy:       v.Get("caused_by").Text(),
		DedupKey:       v.Get("dedup_key").Text(),
	}
	if err := v.Err(); err != nil {
		return err
	}
	return r.Add(correlate.Fact{Incident: &i}, v)
}

func addCheck(r *source.Reading, v source.JSON) error {
	v.Only(checkKeys...)
	counts := v.Get("counts")
	if counts.Exists() {
		counts.Only(countKeys...)
	}
	c := correlate.Check{
		ID:          v.Get("id").Text(),
		Name:        v.Get("name").Text(),
		Result:      oneOf(v.Get("result"), correlate.CheckResults()),
		At:          v.Get("at").Time(),
		Change:      v.Get("change").Text(),
		Service:     v.Get("service").Text(),
		Version:     v.Get("version").Text(),
		Environment: v.Get("environment").Text(),
		Commit:      v.Get("commit").Text(),
		Required:    v.Get("required").True(),
		Counts: correlate.CheckCounts{
			Total: counts.Get("total").Count(), Failed: counts.Get("failed").Count(),
			Skipped: counts.Get("skipped").Count(), Flaky: counts.Get("flaky").Count(),
		},
		Format: v.Get("format").Text(),
		Note:   v.Get("note").Prose(),
		URL:    v.Get("url").Text(),
	}
	if err := v.Err(); err != nil {
		return err
	}
	return r.Add(correlate.Fact{Check: &c}, v)
}

// zones are those that the change has reached: names, or objects that also tell when.
func zones(v source.JSON) []correlate.ZoneStep {
	var all []correlate.ZoneStep
	for _, item := range v.Items() {
		if item.IsString() {
			all = append(all, correlate.ZoneStep{Name: item.Text()})
			continue
		}
		if !item.IsObject() {
			item.Fail("must be the name of a zone, or an object with name and reached_at")
			return nil
		}
		item.Only("name", "reached_at")
		all = append(all, correlate.ZoneStep{Name: item.Get("name").Text(), ReachedAt: item.Get("reached_at").Time()})
	}
	return all
}

// oneOf reads one word of a closed set, in capitals or not.
func oneOf[T ~string](v source.JSON, words []T) T {
	word := T(strings.ToLower(v.Text()))
	if word != "" && !slices.Contains(words, word) {
		v.Fail(fmt.Sprintf("unknown; use one of %v", words))
		return ""
	}
	return word
}
