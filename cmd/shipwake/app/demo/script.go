package demo

import (
	"time"

	"github.com/shipwake/shipwake/cmd/shipwake/app/shop"
	"github.com/shipwake/shipwake/correlate"
)

// sender is the system that reports a deployment.
type sender string

// The senders of the script.
const (
	github   sender = "GitHub"
	cdevents sender = "CDEvents"
)

// act is one deployment of the script.
type act struct {
	name     string // in the words of the audience
	service  string
	from     string
	release  shop.Release
	kind     correlate.Kind
	by       sender
	number   int           // its number with the sender
	at       time.Duration // when it begins
	step     time.Duration // between two instances that are replaced
	after    string        // "" or the service whose regression it answers, instead of at
	expected correlate.Outcome
}

// id is the change id that the sender's source gives the deployment.
func (a act) id() string {
	if a.by == cdevents {
		return cdeventsID(a)
	}
	return githubID(a.service, a.number)
}

// running is the version of every service when the curtain rises.
const running = "v1"

// script is what is deployed, and what Shipwake should find. Where a change must be proven healthy, old and new serve
// side by side for longer: it takes a few thousand requests to rule out half a percent of errors.
func script() []act {
	const soon, long = 3 * time.Second, 7 * time.Second
	const slow = 2.5 // of its own work doubles what search takes, because it also waits for the catalog
	return []act{
		{name: "healthy", service: "catalog", from: running, release: shop.Release{Version: "v2"},
			by: github, number: 101, at: 14 * time.Second, step: long, expected: correlate.Healthy},
		{name: "bad: 20 % errors", service: "payment", from: running, release: shop.Release{Version: "v2", Errors: 0.2},
			by: cdevents, number: 102, at: 16 * time.Second, step: soon, expected: correlate.Regressed},
		{name: "simultaneous, good", service: "frontend", from: running, release: shop.Release{Version: "v2"},
			by: github, number: 103, at: 26 * time.Second, step: long, expected: correlate.Healthy},
		{name: "simultaneous, bad", service: "recommendations", from: running, release: shop.Release{Version: "v2", Errors: 0.15},
			by: cdevents, number: 104, at: 26 * time.Second, step: long, expected: correlate.Regressed},
		{name: "slow: latency +100 %", service: "search", from: running, release: shop.Release{Version: "v2", Slowdown: slow},
			by: github, number: 105, at: 30 * time.Second, step: soon, expected: correlate.Regressed},
		{name: "rollback of payment", service: "payment", from: "v2", release: shop.Release{Version: running}, kind: correlate.KindRollback,
			by: github, number: 106, after: "payment", step: long, expected: correlate.Healthy},
	}
}
