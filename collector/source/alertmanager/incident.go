package alertmanager

import (
	"cmp"
	"slices"

	"github.com/shipwake/shipwake/collector/source"
	"github.com/shipwake/shipwake/correlate"
)

// incident maps one alert.
func (c *Config) incident(alert source.JSON, externalURL string) correlate.Incident {
	labels, annotations := alert.Get("labels"), alert.Get("annotations")
	starts := alert.Get("startsAt").RequiredTime()
	i := correlate.Incident{
		ID:             identity(alert, starts),
		Service:        labels.FirstText(c.ServiceLabels...),
		ServiceGuessed: c.guessed(labels),
		Environment:    labels.FirstText(environmentLabels()...),
		Severity:       labels.Get(c.SeverityLabel).AnyText(),
		Title:          cmp.Or(annotations.FirstText("summary", "title"), labels.Get("alertname").AnyText()),
		URL:            cmp.Or(alert.Get("generatorURL").AnyText(), externalURL),
		OpenedAt:       starts,
		DedupKey:       fingerprint(alert),
		CausedBy:       cause(labels, annotations),
	}
	resolve(alert, &i)
	return i
}

// ownAlert is the rule of Shipwake's own that fires on a verdict.
const ownAlert = "PostDeployRegression"

// cause is the change that an alert names. One that fires on a verdict says no more than the verdict: it is held against a
// change like an alert that names none, so that a verdict that is revised takes it back.
func cause(labels, annotations source.JSON) string {
	if labels.Get("alertname").AnyText() == ownAlert {
		return ""
	}
	return cmp.Or(labels.Get("change_id").AnyText(), annotations.Get("change_id").AnyText())
}

// guessed: of all labels that may name the service only that of the scrape job is there.
func (c *Config) guessed(labels source.JSON) bool {
	surer := slices.DeleteFunc(slices.Clone(c.ServiceLabels), func(label string) bool { return label == labelJob })
	return labels.FirstText(surer...) == "" && labels.FirstText(c.ServiceLabels...) != ""
}

// resolve reads the end of an alert that has one.
func resolve(alert source.JSON, i *correlate.Incident) {
	switch status := alert.Get("status"); status.Text() {
	case "firing":
	case "resolved":
		i.ResolvedAt = alert.Get("endsAt").Time()
		if i.ResolvedAt.Before(i.OpenedAt) && !i.ResolvedAt.IsZero() {
			i.ResolvedAt = i.OpenedAt // the rule evaluator's clock went back; the incident is over all the same
		}
	default:
		status.Fail("must be firing or resolved")
	}
}
