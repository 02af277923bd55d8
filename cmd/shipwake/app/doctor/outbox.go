package doctor

import (
	"context"
	"time"
)

// stuck is how long a message may wait.
const stuck = 10 * time.Minute

// outbox says which messages don't get to their receivers.
func outbox(_ context.Context, p *Patient) []Finding {
	s := p.answers.status
	if s == nil {
		return p.noDaemon()
	}
	var found []Finding
	for _, q := range s.Outbox {
		if q.Parked > 0 {
			found = append(found, warn("mend what its receiver refuses, then `shipwake outbox retry --queue "+q.Name+"`",
				"%s of %s set aside, because the receiver didn't take %s", counted(int(q.Parked), "message", "messages"),
				q.Name+pick(q.Parked == 1, " was", " were"), pick(q.Parked == 1, "it", "them"))...)
		}
		if q.Oldest != nil && s.Now.Sub(*q.Oldest) > stuck {
			found = append(found, warn("look at the daemon's log for what the receiver answers; docs/runbooks/ShipwakeMessagesWait.md",
				"%s for %s, the oldest for %s", counted(int(q.Waiting), "message waits", "messages wait"), q.Name, ago(s.Now.Sub(*q.Oldest)))...)
		}
	}
	if len(found) > 0 {
		return found
	}
	return ok("nothing waits longer than it should, and nothing was set aside")
}
