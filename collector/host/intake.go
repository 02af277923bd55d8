package host

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"time"

	"github.com/shipwake/shipwake/collector/source"
	"github.com/shipwake/shipwake/correlate"
)

var _ source.Intake = (*Host)(nil)

// What becomes of deliveries and facts, as results of the counter "facts".
const (
	resultAccepted    = "accepted"
	resultDuplicate   = "duplicate"
	resultQuarantined = "quarantined"
	resultIgnored     = "ignored"     // deliveries that the naming rules leave out
	resultReleased    = "released"    // deliveries that were in quarantine
	resultReprojected = "reprojected" // deliveries read again
	resultRetracted   = "retracted"   // facts that nobody states any more
)

// Register implements source.Intake.
func (h *Host) Register(name string, p source.Projector) {
	for _, result := range []string{resultIgnored, resultReleased, resultReprojected, resultRetracted} {
		h.count(name, result, 0)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	known := maps.Clone(h.projectors)
	if known == nil {
		known = map[string]source.Projector{}
	}
	known[name] = p
	h.projectors = known
	h.settled.end()
}

// registered are the projectors, by source. The map is never altered: what is registered comes into another one.
func (h *Host) registered() map[string]source.Projector {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.projectors
}

// Commit implements source.Intake. An entry without a digest was read by what is registered for its source.
func (h *Host) Commit(ctx context.Context, entries []correlate.Entry, move *correlate.Move) (correlate.Receipt, error) {
	now, known := h.opt.Now(), h.registered()
	ready := make([]correlate.Entry, len(entries))
	for i, e := range entries {
		if e.Digest == "" {
			e.Digest = known[e.Source].Digest
		}
		e.Projection = h.completed(e.Source, e.Projection, reading{e.ReceivedAt, now})
		ready[i] = e
	}
	receipt, facts, err := h.ledger.Append(ctx, ready, move)
	if err != nil {
		return receipt, err
	}
	h.settled.committed(ready, func(name string) (string, bool) {
		p, registered := known[name]
		return digest(p.Digest, rulesOf(h)), registered
	})
	h.express.add(facts)
	h.fresh.add(facts)
	if len(ready) > 0 {
		h.count(ready[0].Source, resultAccepted, receipt.Accepted)
		h.count(ready[0].Source, resultDuplicate, receipt.Duplicate)
		h.count(ready[0].Source, resultQuarantined, receipt.Quarantined)
	}
	h.awake()
	return receipt, nil
}

// Cursor implements source.Intake.
func (h *Host) Cursor(ctx context.Context, stream string) ([]byte, error) {
	return h.ledger.Cursor(ctx, stream)
}

// reading says when a delivery was received and when it is read.
type reading struct{ receivedAt, now time.Time }

// completed is a projection as the ledger keeps it: under the names of the rules, with the owners of services,
// without what is dated in the future, and with the digest of the source and of the rules. A time to read it again that has passed is taken away, so that
// nothing is read for ever.
func (h *Host) completed(name string, p correlate.Projection, at reading) correlate.Projection {
	if len(p.Facts) > 0 {
		kept, ignored := h.naming.Apply(p.Facts)
		p.Facts = h.owners.Apply(kept)
		if ignored != "" {
			p.Facts = nil
			h.count(name, resultIgnored, 1)
		}
	}
	p = source.Hold(p, at.receivedAt, at.now)
	if !p.Due.After(at.now) {
		p.Due = time.Time{}
	}
	p.Digest = digest(p.Digest, rulesOf(h))
	return p
}

// digest is that of what a source reads and of the rules that are applied to it.
func digest(of, rules string) string {
	sum := sha256.Sum256([]byte(of + "\x00" + rules))
	return hex.EncodeToString(sum[:16])
}

// rulesOf are the digest of the naming rules and, where there are any, of the owners.
func rulesOf(h *Host) string {
	if owned := h.owners.Digest(); owned != "" {
		return h.naming.Digest() + "\x00" + owned
	}
	return h.naming.Digest()
}

func (h *Host) count(source, result string, n int) {
	h.opt.Tally.Add(correlate.Count{What: "facts", Source: source, Result: result}, int64(n))
}

// awake tells the loop that there are facts.
func (h *Host) awake() {
	select {
	case h.wake <- struct{}{}:
	default:
	}
}
