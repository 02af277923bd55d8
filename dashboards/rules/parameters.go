package rules

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"time"
)

// Parameters are what may differ from place to place.
type Parameters struct {
	// Selector are matchers that every metric is asked with, such as job="shipwake"; "" for none.
	Selector string
	// Runbooks is the address that the page of each alert is below, without a slash at the end.
	Runbooks string
	// Links is the address of the daemon's web listener, for links to a change; "" for none.
	Links string
	// Confidence is the probability that it was this change from which on a regression is critical, and Radius the number of
	// services hurt from which on it is whatever the probability.
	Confidence float64
	Radius     int
	// RecoveryWithin is how long a failed deployment may take to recover.
	RecoveryWithin time.Duration
	// Objective is the share of requests that should succeed, and BurnRate how many times as fast as that allows errors may
	// come after a change.
	Objective, BurnRate float64
	// LeastChanges is how many changes a week has to have before a share of them is alerted on, LeastIncidents likewise.
	LeastChanges, LeastIncidents int
	// Inconclusive is the share of verdicts that may be inconclusive.
	Inconclusive float64
	// FalseAlarms is the share of pseudo-changes that may be called regressed.
	FalseAlarms float64
	// Silence is how long a source that delivers on most days may deliver nothing.
	Silence time.Duration
	// Lag is how far the watermark may be behind.
	Lag time.Duration
}

// Default are the parameters of what is shipped.
func Default() Parameters {
	return Parameters{
		Runbooks:   "https://github.com/shipwake/shipwake/blob/main/docs/runbooks",
		Confidence: 0.8, Radius: 3, RecoveryWithin: time.Hour, Objective: 0.999, BurnRate: 14.4, LeastChanges: 10, LeastIncidents: 5,
		Inconclusive: 0.5, FalseAlarms: 0.01, Silence: 3 * 24 * time.Hour, Lag: 5 * time.Minute,
	}
}

// matchers are one or more label matchers.
var matchers = regexp.MustCompile(`^\w+\s*(=|!=|=~|!~)\s*"[^"]*"(\s*,\s*\w+\s*(=|!=|=~|!~)\s*"[^"]*")*$`)

// Validate says of everything that is wrong what would be right.
func (p Parameters) Validate() error {
	var wrong []error
	refuse := func(bad bool, format string, args ...any) {
		if bad {
			wrong = append(wrong, fmt.Errorf(format, args...))
		}
	}
	refuse(p.Selector != "" && !matchers.MatchString(p.Selector), `selector: %q is not a list of label matchers, such as job="shipwake",cluster="eu"`, p.Selector)
	refuse(!absolute(p.Runbooks), "runbooks: %q is not an http or https address", p.Runbooks)
	refuse(p.Links != "" && !absolute(p.Links), "links: %q is not an http or https address", p.Links)
	for name, share := range map[string]float64{
		"confidence": p.Confidence, "objective": p.Objective, "inconclusive": p.Inconclusive, "false-alarms": p.FalseAlarms,
	} {
		refuse(!(share > 0 && share < 1), "%s: %v is not between 0 and 1", name, share)
	}
	for name, n := range map[string]float64{
		"burn-rate": p.BurnRate, "radius": float64(p.Radius), "least-changes": float64(p.LeastChanges), "least-incidents": float64(p.LeastIncidents),
		"recovery-within": float64(p.RecoveryWithin), "silence": float64(p.Silence), "lag": float64(p.Lag),
	} {
		refuse(!(n > 0), "%s: must be more than 0", name)
	}
	return errors.Join(wrong...)
}

func absolute(address string) bool {
	u, err := url.Parse(address)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != ""
}
