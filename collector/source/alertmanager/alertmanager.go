// Package alertmanager answers: what does an Alertmanager webhook (version 4) say of incidents?
//
// Each alert of a notification is one incident, "am-<fingerprint>-<startsAt in Unix seconds>". The status of the group
// is not read, since a firing group holds resolved alerts. Repeated notifications are the same incidents again.
//
//	opened     startsAt
//	resolved   endsAt, of an alert whose own status is resolved; a zero endsAt is open
//	service    the first of the configured service_labels that the alert has; by default service, service_name, app, job
//	caused by  the label or annotation change_id
//
// Alerts of severity none (a watchdog that always fires, an inhibitor) are not incidents and are left out.
//
// With secrets, http_config.authorization must send "Bearer <secret>".
package alertmanager

import (
	"cmp"
	"errors"
	"slices"
	"strconv"

	"github.com/shipwake/shipwake/collector/source"
	"github.com/shipwake/shipwake/correlate"
)

// DefaultServiceLabels are where the service is looked for, in this order.
func DefaultServiceLabels() []string { return []string{"service", "service_name", "app", "job"} }

// environmentLabels are where the environment is looked for, in this order.
func environmentLabels() []string {
	return []string{"deployment_environment_name", "environment", "env"}
}

// Source is Alertmanager.
func Source() source.Source {
	return source.Source{
		Name:    "alertmanager",
		Version: "1",
		Schemes: []source.Scheme{{Kind: source.Bearer}},
		Config:  func() source.Config { return &Config{ServiceLabels: DefaultServiceLabels()} },
	}
}

// Config is what the source can be told beyond its secrets.
type Config struct {
	// ServiceLabels are the labels to take the service from, in this order.
	ServiceLabels []string `mapstructure:"service_labels"`
}

// Validate refuses an empty name.
func (c *Config) Validate() error {
	if slices.Contains(c.ServiceLabels, "") {
		return errors.New("service_labels: must name labels, such as [service, app]; leave the key out for the default")
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
		incident, counts := c.incident(alert, externalURL)
		if err := doc.Err(); err != nil {
			return r, err
		}
		if !counts {
			continue
		}
		if err := r.Add(correlate.Fact{Incident: &incident}, alert); err != nil {
			return r, err
		}
	}
	if len(r.Facts) == 0 {
		r.Ignored = "no alert of a severity other than none"
	}
	return r, doc.Err()
}

// incident maps one alert, and tells whether it counts as an incident.
func (c *Config) incident(alert source.JSON, externalURL string) (correlate.Incident, bool) {
	labels, annotations := alert.Get("labels"), alert.Get("annotations")
	starts := alert.Get("startsAt").RequiredTime()
	i := correlate.Incident{
		ID:          "am-" + fingerprint(alert) + "-" + strconv.FormatInt(starts.Unix(), 10),
		Service:     labels.FirstText(c.ServiceLabels...),
		Environment: labels.FirstText(environmentLabels()...),
		Severity:    labels.Get("severity").AnyText(),
		Title:       cmp.Or(annotations.FirstText("summary", "title"), labels.Get("alertname").AnyText()),
		URL:         cmp.Or(alert.Get("generatorURL").AnyText(), externalURL),
		OpenedAt:    starts,
		CausedBy:    cmp.Or(labels.Get("change_id").AnyText(), annotations.Get("change_id").AnyText()),
	}
	resolve(alert, &i)
	return i, i.Severity != "none"
}

// resolve reads the end of an alert that has one.
func resolve(alert source.JSON, i *correlate.Incident) {
	switch status := alert.Get("status"); status.Text() {
	case "firing":
	case "resolved":
		i.ResolvedAt = alert.Get("endsAt").Time()
		if i.ResolvedAt.Before(i.OpenedAt) && !i.ResolvedAt.IsZero() {
			i.ResolvedAt = i.OpenedAt // the rule evaluator's clock went back; refusing would lose the group's other alerts
		}
	default:
		status.Fail("must be firing or resolved")
	}
}

func fingerprint(alert source.JSON) string {
	v := alert.Get("fingerprint")
	text := v.Text()
	if text == "" {
		v.Fail("required: the fingerprint of the alert")
	}
	return text
}
