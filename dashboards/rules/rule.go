package rules

import (
	"strings"
	"time"

	"github.com/prometheus/common/model"
)

// Rule is a recording rule or an alert, as a rule file has it.
type Rule struct {
	Record      string            `yaml:"record,omitempty"`
	Alert       string            `yaml:"alert,omitempty"`
	Expr        string            `yaml:"expr"`
	For         string            `yaml:"for,omitempty"`
	Labels      map[string]string `yaml:"labels,omitempty"`
	Annotations map[string]string `yaml:"annotations,omitempty"`
}

// Group is rules that are evaluated together.
type Group struct {
	Name     string `yaml:"name"`
	Interval string `yaml:"interval,omitempty"`
	Rules    []Rule `yaml:"rules"`
}

// The severities of an alert: what somebody has to look at now, and what can wait for the day.
const (
	critical = "critical"
	warning  = "warning"
)

// alert is an alert before it is written.
type alert struct {
	name, severity       string
	expr                 string
	wait                 time.Duration // how long it must hold
	summary, description string
	link                 string // to what it is about, below Parameters.Links
}

func (p Parameters) alert(a alert) Rule {
	annotations := map[string]string{
		"summary": a.summary, "description": strings.Join(strings.Fields(a.description), " "), "runbook_url": p.Runbooks + "/" + a.name + ".md",
	}
	if a.link != "" && p.Links != "" {
		annotations["link"] = strings.TrimSuffix(p.Links, "/") + a.link
	}
	return Rule{
		Alert: a.name, Expr: p.expr(a.expr), For: model.Duration(a.wait).String(), Labels: map[string]string{"severity": a.severity}, Annotations: annotations,
	}
}
