package changelog

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"sync"

	"github.com/shipwake/shipwake/correlate"
)

// sealer makes and checks the seals of one process.
type sealer struct{ key []byte }

// processSeal has a key that was drawn at the first use and is known to nobody else.
var processSeal = sync.OnceValue(func() sealer {
	key := make([]byte, sha256.Size)
	_, _ = rand.Read(key) // never fails: the program ends when the system has no randomness
	return sealer{key}
})

// delivery is the seal of a delivery: a MAC of everything it says.
func (s sealer) delivery(d correlate.Delivery) []byte {
	return s.mac(EventDelivery, canonical(d))
}

// position is the seal of a position and of the deliveries that it moves with: none of them can be taken away or
// exchanged.
func (s sealer) position(p correlate.Position, with [][]byte) []byte {
	return s.mac(EventPosition, struct {
		Position correlate.Position
		With     [][]byte
	}{p, with})
}

// mac is nil for what JSON can't express, which no source makes; nil is no valid seal.
func (s sealer) mac(what string, of any) []byte {
	text, err := json.Marshal(of)
	if err != nil {
		return nil
	}
	m := hmac.New(sha256.New, s.key)
	m.Write([]byte(what))
	m.Write(text)
	return m.Sum(nil)
}

func isSeal(given, want []byte) bool { return len(want) > 0 && hmac.Equal(given, want) }

// canonical is a delivery as it comes back from its records, with a digest for its raw bytes.
func canonical(d correlate.Delivery) correlate.Delivery {
	d.ReceivedAt = d.ReceivedAt.UTC()
	raw := sha256.Sum256(d.Raw)
	d.Raw = raw[:]
	facts := make([]correlate.Fact, 0, len(d.Facts))
	for _, f := range d.Facts {
		facts = append(facts, factInUTC(f))
	}
	d.Facts = facts
	return d
}

func factInUTC(f correlate.Fact) correlate.Fact {
	if f.Change != nil {
		c := *f.Change
		c.StartedAt, c.FinishedAt = c.StartedAt.UTC(), c.FinishedAt.UTC()
		commits := make([]correlate.Commit, 0, len(c.Commits))
		for _, commit := range c.Commits {
			commits = append(commits, correlate.Commit{SHA: commit.SHA, AuthoredAt: commit.AuthoredAt.UTC()})
		}
		c.Commits = commits
		return correlate.Fact{Change: &c}
	}
	if f.Incident != nil {
		i := *f.Incident
		i.OpenedAt, i.AcknowledgedAt, i.ResolvedAt = i.OpenedAt.UTC(), i.AcknowledgedAt.UTC(), i.ResolvedAt.UTC()
		return correlate.Fact{Incident: &i}
	}
	return f
}
