package changelog

import (
	"slices"
	"strings"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/shipwake/shipwake/correlate"
)

// WriteFact tells a fact as a record, dated when it happened and observed at an instant.
func WriteFact(record plog.LogRecord, f correlate.Fact, observed time.Time) {
	record.SetSeverityNumber(plog.SeverityNumberInfo)
	record.SetTimestamp(timestamp(f.EventTime()))
	record.SetObservedTimestamp(timestamp(observed))
	switch {
	case f.Change != nil:
		writeChange(record, *f.Change)
	case f.Incident != nil:
		writeIncident(record, *f.Incident)
	}
}

func readFact(record plog.LogRecord, r attributes) (correlate.Fact, error) {
	if eventName(record) == EventIncident {
		i := readIncident(&r)
		return correlate.Fact{Incident: &i}, r.wrapped(EventIncident)
	}
	c := readChange(&r)
	return correlate.Fact{Change: &c}, r.wrapped(EventChange)
}

func writeChange(record plog.LogRecord, c correlate.Change) {
	record.SetEventName(EventChange)
	record.Body().SetStr(sentence(string(c.Kind), c.Service, c.Version, c.Environment, string(c.Status)))
	a := record.Attributes()
	putText(a, attrChangeID, c.ID)
	putText(a, attrKind, said(string(c.Kind), "kind", c.Implied))
	putText(a, attrStatus, said(string(c.Status), "status", c.Implied))
	putText(a, attrService, c.Service)
	putText(a, attrEnvironment, said(c.Environment, "environment", c.Implied))
	putText(a, attrVersion, c.Version)
	putText(a, attrPreviousVersion, c.PreviousVersion)
	putText(a, attrCommit, c.Commit)
	putText(a, attrDigest, c.Digest)
	putTime(a, attrStartedAt, c.StartedAt)
	putTime(a, attrFinishedAt, c.FinishedAt)
	putTime(a, attrChangeUpdated, c.UpdatedAt)
	putText(a, attrActor, c.Actor)
	putText(a, attrTeam, c.Team)
	putText(a, attrURL, c.URL)
	putText(a, attrSource, c.Source)
	putCommits(a, c.Commits)
	putSize(a, c.Size)
	putTexts(a, attrInstances, c.Instances)
	putZones(a, c.Zones)
	putLabels(a, c.Labels)
}

func readChange(r *attributes) correlate.Change {
	return correlate.Change{
		ID:              r.text(attrChangeID),
		Kind:            correlate.Kind(r.text(attrKind)),
		Status:          correlate.Status(r.text(attrStatus)),
		Service:         r.text(attrService),
		Environment:     r.text(attrEnvironment),
		Version:         r.text(attrVersion),
		PreviousVersion: r.text(attrPreviousVersion),
		Commit:          r.text(attrCommit),
		Digest:          r.text(attrDigest),
		Commits:         r.commits(),
		Size:            r.size(),
		StartedAt:       r.time(attrStartedAt),
		FinishedAt:      r.time(attrFinishedAt),
		UpdatedAt:       r.time(attrChangeUpdated),
		Instances:       r.texts(attrInstances),
		Zones:           r.zones(),
		Actor:           r.text(attrActor),
		Team:            r.text(attrTeam),
		URL:             r.text(attrURL),
		Labels:          r.labels(),
		Source:          r.text(attrSource),
	}
}

func writeIncident(record plog.LogRecord, i correlate.Incident) {
	record.SetEventName(EventIncident)
	record.Body().SetStr(sentence("incident", strings.Join(i.About(), ", "), i.Title))
	a := record.Attributes()
	putText(a, attrIncidentID, i.ID)
	putText(a, attrService, i.Service)
	putTexts(a, attrServices, i.Services)
	if i.ServiceGuessed {
		a.PutBool(attrServiceGuessed, true)
	}
	putText(a, attrEnvironment, said(i.Environment, "environment", i.Implied))
	putText(a, attrSeverity, i.Severity)
	putText(a, attrTitle, i.Title)
	putText(a, attrURL, i.URL)
	putTime(a, attrOpenedAt, i.OpenedAt)
	putTime(a, attrAcknowledgedAt, i.AcknowledgedAt)
	putTime(a, attrResolvedAt, i.ResolvedAt)
	putTime(a, attrIncidentUpdated, i.UpdatedAt)
	putText(a, attrCausedBy, i.CausedBy)
	putText(a, attrDedupKey, i.DedupKey)
	putText(a, attrSource, i.Source)
}

func readIncident(r *attributes) correlate.Incident {
	return correlate.Incident{
		ID:             r.text(attrIncidentID),
		Service:        r.text(attrService),
		Services:       r.texts(attrServices),
		ServiceGuessed: r.yes(attrServiceGuessed),
		Environment:    r.text(attrEnvironment),
		Severity:       r.text(attrSeverity),
		Title:          r.text(attrTitle),
		URL:            r.text(attrURL),
		OpenedAt:       r.time(attrOpenedAt),
		AcknowledgedAt: r.time(attrAcknowledgedAt),
		ResolvedAt:     r.time(attrResolvedAt),
		UpdatedAt:      r.time(attrIncidentUpdated),
		CausedBy:       r.text(attrCausedBy),
		DedupKey:       r.text(attrDedupKey),
		Source:         r.text(attrSource),
	}
}

// said is a word, or "" for one that only the format implies, and is implied again when it is read.
func said(word, name string, implied []string) string {
	if slices.Contains(implied, name) {
		return ""
	}
	return word
}

// sentence is the body of a record, for people who read it in a log backend; readers of ours ignore it.
func sentence(words ...string) string {
	return strings.Join(strings.Fields(strings.Join(words, " ")), " ")
}

// timestamp is the record's own time; times that Unix nanoseconds can't express have none.
func timestamp(t time.Time) pcommon.Timestamp {
	if t.IsZero() || t.Year() < 1970 || t.Year() > 2261 {
		return 0
	}
	return pcommon.NewTimestampFromTime(t)
}
