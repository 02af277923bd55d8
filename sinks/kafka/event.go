package kafka

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/words"
	"github.com/shipwake/shipwake/sinks"
	"github.com/shipwake/shipwake/sinks/route"
)

// typePrefix begins the CloudEvents type, which ends with the kind of what is said.
const typePrefix = "com.github.shipwake."

// event is what is stored with what was decided.
type event struct {
	Type    string          `json:"type"`
	Subject string          `json:"subject"` // the id of the change or the incident
	Time    time.Time       `json:"time"`
	Key     string          `json:"key"`
	Data    json.RawMessage `json:"data"`
}

// verdictData is the value of an event about a verdict.
type verdictData struct {
	Headline string `json:"headline"`
	// Change is the change in the generic format, with what it led to.
	Change       correlate.Change  `json:"change"`
	RolledBackBy string            `json:"rolled_back_by,omitempty"`
	Incidents    []string          `json:"incidents,omitempty"`
	Verdict      correlate.Verdict `json:"verdict"`
	Link         string            `json:"link,omitempty"` // the change as JSON
	Page         string            `json:"page,omitempty"` // its page, for people
}

// incidentData is the value of an event about an incident.
type incidentData struct {
	Incident     correlate.Incident `json:"incident"`
	AttributedTo string             `json:"attributed_to,omitempty"`
	Inferred     bool               `json:"inferred,omitempty"`
	Retracted    bool               `json:"retracted,omitempty"`
}

// What an event repeats at most of lists that have no end.
const (
	mostEvidence  = 20
	mostIncidents = 20
	mostCommits   = 50
	mostLabels    = 50
)

func aboutDecision(d sinks.Decision, publicURL string) (sinks.Message, error) {
	v, c := d.Verdict, d.Record
	v.Evidence = v.Evidence[:min(len(v.Evidence), mostEvidence)]
	c.Commits = c.Commits[:min(len(c.Commits), mostCommits)]
	c.Instances, c.Zones = nil, nil
	if len(c.Labels) > mostLabels {
		c.Labels = nil
	}
	body, err := json.Marshal(verdictData{
		Headline: words.Explain(d.Record, d.Faults).Headline(), Change: c.Change, RolledBackBy: c.RolledBackBy,
		Incidents: c.Incidents[:min(len(c.Incidents), mostIncidents)], Verdict: v, Link: sinks.ChangeAPI(publicURL, v.ChangeID), Page: sinks.ChangePage(publicURL, v.ChangeID),
	})
	if err != nil {
		return sinks.Message{}, fmt.Errorf("the event of revision %d of %s: %w", v.Revision, v.ChangeID, err)
	}
	return event{
		Type: typePrefix + "verdict." + string(route.KindOf(d)), Subject: v.ChangeID, Time: v.DecidedAt,
		Key: place(v.Service, v.Environment), Data: body,
	}.message("change/"+v.ChangeID, sinks.RevisionKey(v))
}

func aboutIncident(i correlate.IncidentRecord) (sinks.Message, error) {
	body, err := json.Marshal(incidentData{i.Incident, i.AttributedTo, i.Inferred, i.Retracted})
	if err != nil {
		return sinks.Message{}, fmt.Errorf("the event of the incident %s: %w", i.ID, err)
	}
	e := event{Type: typePrefix + "incident.opened", Subject: i.ID, Time: i.OpenedAt, Key: place(i.Service, i.Environment), Data: body}
	if !i.ResolvedAt.IsZero() {
		e.Type, e.Time = typePrefix+"incident.resolved", i.ResolvedAt
	}
	return e.message("incident/"+i.ID, sinks.MessageKey("incident", i.ID, string(body)))
}

// place is the key of a record.
func place(service, environment string) string { return service + "|" + environment }

func (e event) message(subject, key string) (sinks.Message, error) {
	body, err := json.Marshal(e)
	if err != nil {
		return sinks.Message{}, fmt.Errorf("the event about %s: %w", subject, err)
	}
	return sinks.Message{Subject: subject, Key: key, Each: true, Payload: body}, nil
}

// record is a stored event as Kafka's protocol binding of CloudEvents 1.0 has it in binary mode.
func (s *sink) record(m sinks.Message) (*kgo.Record, error) {
	var e event
	if err := json.Unmarshal(m.Payload, &e); err != nil {
		return nil, err
	}
	header := func(name, value string) kgo.RecordHeader { return kgo.RecordHeader{Key: name, Value: []byte(value)} }
	return &kgo.Record{
		Key: []byte(e.Key), Value: e.Data, Timestamp: e.Time,
		Headers: []kgo.RecordHeader{
			header("content-type", "application/json"),
			header("ce_specversion", "1.0"), header("ce_id", m.Key), header("ce_source", s.config.Source), header("ce_type", e.Type),
			header("ce_subject", e.Subject), header("ce_time", e.Time.UTC().Format(time.RFC3339Nano)), header("ce_partitionkey", e.Key),
		},
	}, nil
}
