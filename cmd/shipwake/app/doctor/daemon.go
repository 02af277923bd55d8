package doctor

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/shipwake/shipwake/cmd/shipwake/app/client"
)

// late is how old an acknowledged fact may be that isn't applied yet.
const late = time.Minute

// daemon says whether it is up and ready, and what it has trouble with.
func daemon(_ context.Context, p *Patient) []Finding {
	switch s := p.answers.status; {
	case p.Daemon == nil:
		return p.noDaemon()
	case s == nil && errors.Is(p.answers.err, errNoAPI):
		return fail("is that its address, of the listener for readers? It needs api: {} in extensions::correlate::sinks", "what answers at %s has no /api/v1/status", p.URL)
	case s == nil && client.Unreachable(p.answers.err):
		return fail("start it; --api names another address, --offline leaves it out", "%v", p.answers.err)
	case s == nil:
		return fail("set SHIPWAKE_TOKEN or --token-file where it wants to know who asks", "%v", p.answers.err)
	case !s.Ready:
		return fail("its log says what it waits for; `shipwake doctor --config FILE` on its machine looks at what it needs",
			"%s is up and not ready: %s", p.URL, s.NotReady)
	}
	found := ok("%s is up and ready, %s", p.URL, p.answers.status.Version)
	return append(found, p.troubles()...)
}

// troubles are what a daemon that is ready may suffer from.
func (p *Patient) troubles() (found []Finding) {
	s := p.answers.status
	if s.Version != p.Version {
		found = append(found, warn("restart the daemon on the new binary, or ask with its own", "it is %s, and this program is %s", s.Version, p.Version)...)
	}
	if s.Ledger.Failures > 0 {
		found = append(found, warn("look at the disk of its data directory, and at its log",
			"%s of the ledger failed since the start", counted(int(s.Ledger.Failures), "commit", "commits"))...)
	}
	if at := s.Unapplied.Oldest; at != nil && s.Now.Sub(*at) > late {
		found = append(found, warn("its log says whether it is busy with many late facts or failing; docs/runbooks/ShipwakeFactsWait.md",
			"%s to be judged, the oldest for %s", counted(int(s.Unapplied.Count), "fact waits", "facts wait"), ago(s.Now.Sub(*at)))...)
	}
	return found
}

// ago is a duration in its largest unit.
func ago(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%ds", max(0, int(d/time.Second)))
	case d < time.Hour:
		return fmt.Sprintf("%dm", int(d/time.Minute))
	case d < 2*day:
		return fmt.Sprintf("%dh", int(d/time.Hour))
	}
	return fmt.Sprintf("%dd", int(d/day))
}
