// Package alertmanager answers: what does an Alertmanager webhook (version 4) say of incidents?
//
// Each alert of a notification is a delivery of its own, so that one that can't be read doesn't hold back the others. An
// alert whose severity is high enough is one incident; others are kept and ignored. The status of the group is not read,
// since a firing group holds resolved alerts. Repeated notifications are the same incidents again.
//
//	id         "am-<fingerprint>-<startsAt in Unix seconds, to the nearest quarter of an hour>"; see identity.go
//	opened     startsAt
//	resolved   endsAt, of an alert whose own status is resolved; a zero endsAt is open
//	service    the first of the configured service_labels that the alert has; by default service, service_name, app, job
//	severity   the label severity; which ones are incidents: see severity.go
//	caused by  the label or annotation change_id; not of PostDeployRegression, which says only what a verdict said
//	dedup key  the fingerprint: while an alert fires, it is one incident whatever its startsAt
//
// A service that only the label job names is a guess: it names a scrape job, whose targets may be of many services. Such an
// incident is held against a change only when it says so itself.
//
// Alertmanager leaves alerts out of a notification that has more than max_alerts of webhook_config. How many is kept as a
// delivery in quarantine and counted.
//
// With secrets, http_config.authorization must send "Bearer <secret>".
package alertmanager

import (
	"errors"
	"slices"

	"github.com/shipwake/shipwake/collector/source"
	"github.com/shipwake/shipwake/correlate"
)

// DefaultServiceLabels are where the service is looked for, in this order.
func DefaultServiceLabels() []string { return []string{"service", "service_name", "app", labelJob} }

// labelJob names a scrape job.
const labelJob = "job"

// environmentLabels are where the environment is looked for, in this order.
func environmentLabels() []string {
	return []string{"deployment_environment_name", "deployment_environment", "environment", "env"}
}

// Source is Alertmanager.
func Source() source.Source {
	return source.Source{
		Name:    "alertmanager",
		Version: "4",
		Schemes: []source.Scheme{{Kind: source.Bearer}},
		Config: func() source.Config {
			return &Config{ServiceLabels: DefaultServiceLabels(), SeverityLabel: "severity", Severities: DefaultSeverities()}
		},
		Open: open,
	}
}

// Config is what the source can be told beyond its secrets.
type Config struct {
	// ServiceLabels are the labels to take the service from, in this order.
	ServiceLabels []string `mapstructure:"service_labels"`
	// SeverityLabel is the label that tells the severity.
	SeverityLabel string `mapstructure:"severity_label"`
	// Severities are those of alerts that are incidents, in capitals or not; "" is that of an alert without the label.
	Severities []string `mapstructure:"severities"`
}

// Validate refuses an empty name.
func (c *Config) Validate() error {
	if slices.Contains(c.ServiceLabels, "") {
		return errors.New("service_labels: must name labels, such as [service, app]; leave the key out for the default")
	}
	if c.SeverityLabel == "" {
		return errors.New("severity_label: must name a label, such as severity")
	}
	if len(c.Severities) == 0 {
		return errors.New("severities: must name at least one, such as [critical]; leave the key out for the default")
	}
	return nil
}

// Configure implements source.Config.
func (c *Config) Configure(s *source.Source) error {
	s.Parse = c.parse
	return nil
}

func (c *Config) parse(raw correlate.Raw) (source.Reading, error) {
	doc, err := source.ParseJSON(raw.Body, "$")
	if err != nil {
		return source.Reading{}, err
	}
	if !doc.IsObject() {
		doc.Fail("must be an object")
		return source.Reading{}, doc.Err()
	}
	return c.read(doc)
}

func (c *Config) read(doc source.JSON) (source.Reading, error) {
	if version := doc.Get("version").Number(); version != "4" && doc.Err() == nil {
		return source.Reading{Unmapped: `only version "4" of the webhook is read`}, nil
	}
	alerts := doc.Get("alerts")
	if !alerts.IsArray() {
		alerts.Fail("required: an array of alerts")
	}
	var r source.Reading
	externalURL := doc.Get("externalURL").AnyText()
	for _, alert := range alerts.Items() {
		if !c.counts(alert.Get("labels")) {
			continue
		}
		incident := c.incident(alert, externalURL)
		if err := doc.Err(); err != nil {
			return r, err
		}
		if err := r.Add(correlate.Fact{Incident: &incident}, alert); err != nil {
			return r, err
		}
	}
	if len(r.Facts) == 0 {
		r = withoutIncidents(doc, c.below())
	}
	return r, doc.Err()
}
