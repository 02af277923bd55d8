package dora

import (
	"time"

	"github.com/shipwake/shipwake/correlate"
)

// linkArrivals finds which deployment brought each commit to a site first.
func (b *book) linkArrivals() {
	type arrival struct {
		site
		sha string
	}
	seen := map[arrival]bool{}
	for _, c := range b.changes {
		if !isLive(c) {
			continue
		}
		for _, commit := range c.Commits {
			a := arrival{siteOf(c), commit.SHA}
			if seen[a] {
				continue
			}
			seen[a] = true
			if !commit.AuthoredAt.IsZero() && !isRollback(c) && !c.Redeploy { // what is live had arrived before
				b.arrivals[c.ID] = append(b.arrivals[c.ID], correlate.Commit{SHA: commit.SHA, AuthoredAt: commit.AuthoredAt})
			}
		}
	}
}

// LabelApproved is the label of a change that tells when it was approved, as an RFC 3339 time.
const LabelApproved = "approved_at"

// approval is when a change was approved; zero where that isn't told.
func approval(c *correlate.ChangeRecord) time.Time {
	text := c.Labels[LabelApproved]
	if text == "" {
		return time.Time{}
	}
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}
	}
	return at
}

// queued is how long a change waited between its approval and its beginning, where that is told. What began before it was
// approved waited for nothing that can be told.
func queued(c *correlate.ChangeRecord) (span time.Duration, told bool) {
	approved := approval(c)
	if approved.IsZero() || approved.After(c.Start()) {
		return 0, false
	}
	return c.Start().Sub(approved), true
}
