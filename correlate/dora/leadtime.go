package dora

import "github.com/shipwake/shipwake/correlate"

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
