package alertmanager

import (
	"fmt"
	"slices"
	"strings"

	"github.com/shipwake/shipwake/collector/source"
)

// DefaultSeverities are those of alerts that somebody is to be called for: Prometheus' own words (critical, page, error)
// and their like in other schools. A warning is no incident, nor is an alert without a severity.
func DefaultSeverities() []string {
	return []string{"critical", "crit", "page", "error", "fatal", "emergency", "disaster", "high", "major",
		"p0", "p1", "p2", "sev0", "sev1", "sev2"}
}

// counts tells whether an alert of these labels is an incident.
func (c *Config) counts(labels source.JSON) bool {
	severity := labels.Get(c.SeverityLabel).AnyText()
	return slices.ContainsFunc(c.Severities, func(s string) bool { return strings.EqualFold(s, strings.TrimSpace(severity)) })
}

// below is why an alert is no incident.
func (c *Config) below() string {
	return fmt.Sprintf("the alert's label %s is none of the severities that are incidents: %s",
		c.SeverityLabel, strings.Join(c.Severities, ", "))
}
