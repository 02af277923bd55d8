package sinks

import (
	"strings"

	"github.com/shipwake/shipwake/correlate"
)

// RollbackNews is something to tell of a request for a rollback: that it is made, that it no longer stands, or that nobody
// answered. Refusals and dry runs are never among it.
type RollbackNews struct {
	Rollback correlate.Rollback
	// Record is the change that is to be taken back. Where nothing more is known it has what the request says.
	Record correlate.ChangeRecord
}

// Acknowledging is a sink that asks somebody for rollbacks who carries them out. That a request was delivered to one of these queues
// is its acknowledgement; others only show it to people.
type Acknowledging interface {
	Outgoing
	Acknowledging() []string
}

// rollbackSubject begins the subjects of messages about requests for rollbacks.
const rollbackSubject = "rollback "

// RollbackSubject is what messages about the request for a change are about. A newer one replaces one that waits: a request that
// was withdrawn before it was sent is never sent.
func RollbackSubject(changeID string) string { return rollbackSubject + changeID }

// RollbackOf is the change that the subject of a message asks to be taken back; false for a message about anything else.
func RollbackOf(subject string) (changeID string, is bool) {
	return strings.CutPrefix(subject, rollbackSubject)
}

// RollbackKey is the key of the message that tells a state of a request. That of the request itself is the same for one revision
// of the verdict on a change for ever.
func RollbackKey(r correlate.Rollback, s correlate.RollbackState) string {
	return MessageKey("rollback", string(s), r.ID)
}

// told: a state of a request that messages are made of.
func told(r correlate.Rollback) bool {
	switch r.State() {
	case correlate.RollbackStateRequested, correlate.RollbackStateWithdrawn, correlate.RollbackStateUnanswered:
		return true
	}
	return false
}

// rollbackNews is the news that a transaction has of a request.
func (s *summary) rollbackNews(r correlate.Rollback, past func(string) Past) RollbackNews {
	record, known := s.records[r.ChangeID]
	if p := (Past{}); !known {
		if p = past(r.ChangeID); p.Known {
			record, known = p.Record, true
		}
	}
	if !known {
		record.ID, record.Service, record.Environment, record.Version = r.ChangeID, r.Service, r.Environment, r.Version
	}
	return RollbackNews{r, record}
}
