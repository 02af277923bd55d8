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

// Factory makes the source.
func Factory() source.Factory { return source.Factory{Name: "alertmanager", New: newSource} }

type alertmanager struct{ secrets, serviceLabels []string }

func newSource(cfg source.ReaderConfig) (source.Reader, error) {
	if err := source.CheckSecrets(cfg.Secrets); err != nil {
		return nil, err
	}
	labels := cfg.ServiceLabels
	if len(labels) == 0 {
		labels = DefaultServiceLabels()
	}
	return &alertmanager{cfg.Secrets, labels}, nil
}

func (a *alertmanager) Authenticate(req source.Request) error {
	return source.Authenticate("alertmanager", a.secrets, req)
}

func (a *alertmanager) Parse(req source.Request) ([]correlate.Delivery, error) {
	doc, err := source.ParseJSON(req.Body, "$")
	if err != nil {
		return nil, err
	}
	if !doc.IsObject() {
		doc.Fail("must be an object")
		return nil, doc.Err()
	}
	d, err := a.read(source.NewDelivery(req, "", "alerts"), doc)
	if err != nil {
		return nil, err
	}
	return []correlate.Delivery{d}, nil
}

func (a *alertmanager) read(d correlate.Delivery, doc source.JSON) (correlate.Delivery, error) {
	if version := doc.Get("version").Number(); version != "4" && doc.Err() == nil {
		return source.Unmapped(d, `only version "4" of the webhook is read`), nil
	}
	alerts := doc.Get("alerts")
	if !alerts.IsArray() {
		alerts.Fail("required: an array of alerts")
	}
	externalURL := doc.Get("externalURL").AnyText()
	for _, alert := range alerts.Items() {
		incident, counts := a.incident(alert, externalURL)
		if err := doc.Err(); err != nil {
			return d, err
		}
		if !counts {
			continue
		}
		if err := source.AddFact(&d, correlate.Fact{Incident: &incident}, alert); err != nil {
			return d, err
		}
	}
	if len(d.Facts) == 0 {
		return source.Unmapped(d, "no alert of a severity other than none"), doc.Err()
	}
	return d, doc.Err()
}

// incident maps one alert, and tells whether it counts as an incident.
func (a *alertmanager) incident(alert source.JSON, externalURL string) (correlate.Incident, bool) {
	labels, annotations := alert.Get("labels"), alert.Get("annotations")
	starts := alert.Get("startsAt").Time()
	if starts.IsZero() {
		alert.Get("startsAt").Fail("required: an RFC 3339 time")
	}
	i := correlate.Incident{
		ID:          "am-" + fingerprint(alert) + "-" + strconv.FormatInt(starts.Unix(), 10),
		Service:     firstText(labels, a.serviceLabels...),
		Environment: firstText(labels, environmentLabels()...),
		Severity:    labels.Get("severity").AnyText(),
		Title:       or(firstText(annotations, "summary", "title"), labels.Get("alertname").AnyText()),
		URL:         or(alert.Get("generatorURL").AnyText(), externalURL),
		OpenedAt:    starts,
		CausedBy:    or(labels.Get("change_id").AnyText(), annotations.Get("change_id").AnyText()),
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

func firstText(v source.JSON, keys ...string) string {
	for _, k := range keys {
		if text := v.Get(k).AnyText(); text != "" {
			return text
		}
	}
	return ""
}

func or(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
