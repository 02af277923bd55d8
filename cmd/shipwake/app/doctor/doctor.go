// Package doctor answers: what keeps a daemon from doing its work, and how is that mended?
//
// Each check is a function in a file of its own. It looks at one thing, changes nothing, and says what it found in a line, and
// what to do when that isn't right. What it can't look at it skips, with the reason.
package doctor

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/shipwake/shipwake/cmd/shipwake/app/client"
	"github.com/shipwake/shipwake/correlate/ledger/sqlite"
	"github.com/shipwake/shipwake/sinks/api"
)

// State is what a check came to.
type State string

const (
	OK   State = "ok"
	Warn State = "warn" // the daemon works, and something is lost or will be
	Fail State = "fail" // the daemon doesn't do its work
	Skip State = "skip" // it can't be looked at from here
)

// Finding is one line of a report.
type Finding struct {
	Check string `json:"check"`
	State State  `json:"state"`
	Says  string `json:"says"`
	Mend  string `json:"mend,omitempty"` // what to do; empty when nothing is to be done
}

// Report is what was looked at and what was found.
type Report struct {
	Configuration string    `json:"configuration,omitempty"` // what was read; absent when none was
	Daemon        string    `json:"daemon,omitempty"`        // the URL that was asked; absent when none was
	Version       string    `json:"version"`                 // of this program
	Findings      []Finding `json:"findings"`
}

// Failed says whether anything failed.
func (r Report) Failed() bool { return r.count(Fail) > 0 }

func (r Report) count(s State) (n int) {
	for _, f := range r.Findings {
		if f.State == s {
			n++
		}
	}
	return n
}

// Patient is what is looked at.
type Patient struct {
	// Configuration is nil when the daemon is asked alone: then nothing is known of its machine.
	Configuration *Configuration
	// URL is that of the daemon, without a password; Daemon asks it, nil when it isn't to be asked.
	URL    string
	Daemon *client.Client
	// Prometheus is asked for what it scrapes; nil for none.
	Prometheus *Prometheus
	Version    string
	// SilentAfter is how long a sender may say nothing.
	SilentAfter time.Duration
	// Now is the clock of this machine.
	Now func() time.Time

	answers answers
	ledger  *sqlite.Examination // nil until it was read, and when it can't be
}

// answers are what the daemon said, asked once for all checks.
type answers struct {
	status *api.Status // nil when there was no answer
	at     time.Time   // of this machine's clock when it was given
	err    error
}

// errNoAPI is that of something that answers and isn't a daemon with an API.
var errNoAPI = errors.New("it has no /api/v1/status")

// check is one thing to look at.
type check struct {
	name string
	look func(context.Context, *Patient) []Finding
}

// checks in the order in which they are told: what others depend on comes first.
func checks() []check {
	return []check{
		{"configuration", configuration},
		{"secrets", secrets},
		{"daemon", daemon},
		{"clock", clock},
		{"time zones", zones},
		{"ports", ports},
		{"data directory", dataDirectory},
		{"memory", memory},
		{"open files", openFiles},
		{"ledger", ledger},
		{"senders", senders},
		{"telemetry", telemetry},
		{"names", names},
		{"quarantine", quarantine},
		{"outbox", outbox},
		{"prometheus", prometheus},
	}
}

// Examine looks at everything. Each check has some seconds.
func Examine(ctx context.Context, p *Patient) Report {
	r := Report{Version: p.Version, Findings: []Finding{}}
	if p.Configuration != nil {
		r.Configuration = p.Configuration.Name
	}
	if p.Daemon != nil {
		r.Daemon = p.URL
		p.askStatus(ctx)
	}
	for _, c := range checks() {
		r.Findings = append(r.Findings, run(ctx, c, p)...)
	}
	return r
}

// patience is how long a check may take.
const patience = 20 * time.Second

func run(ctx context.Context, c check, p *Patient) []Finding {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	found := c.look(ctx, p)
	for i := range found {
		found[i].Check = c.name
	}
	return found
}

// askStatus asks the daemon how it is.
func (p *Patient) askStatus(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	var status api.Status
	asked := p.Now()
	is, err := p.Daemon.Optional(ctx, "/api/v1/status", nil, &status)
	p.answers.at = asked.Add(p.Now().Sub(asked) / 2)
	switch {
	case err != nil:
		p.answers.err = err
	case !is:
		p.answers.err = errNoAPI
	default:
		p.answers.status = &status
	}
}

func one(s State, mend, format string, args ...any) []Finding {
	return []Finding{{State: s, Says: fmt.Sprintf(format, args...), Mend: mend}}
}

func ok(format string, args ...any) []Finding   { return one(OK, "", format, args...) }
func skip(format string, args ...any) []Finding { return one(Skip, "", format, args...) }
func warn(mend, format string, args ...any) []Finding {
	return one(Warn, mend, format, args...)
}
func fail(mend, format string, args ...any) []Finding {
	return one(Fail, mend, format, args...)
}

// noConfiguration is why checks are skipped that look at the daemon's machine.
const noConfiguration = "only a daemon is asked; run this on its machine with its --config"

// noDaemon is why checks are skipped that ask a daemon.
func (p *Patient) noDaemon() []Finding {
	if p.Daemon == nil {
		return skip("no daemon is asked")
	}
	return skip("no daemon answers")
}
