package record

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
)

func status(s correlate.Status) func(*correlate.Change) {
	return func(c *correlate.Change) { c.Status = s }
}

func TestWhetherAChangeThatFailedHadReachedUsers(t *testing.T) {
	begins := from("b", "x", 1000, both(version("2"), begun))
	succeeds := from("b", "x", 1000, both(version("2"), took(300)))
	fails := from("b", "x", 1000, both(version("2"), took(900), failed))
	cancelled := from("b", "x", 1000, both(version("2"), took(900), status(correlate.StatusCancelled)))
	for name, c := range map[string]struct {
		facts    []correlate.Fact
		served   bool
		finished int64
		blamed   string // for an incident between the success and the failure
	}{
		"it failed, and nothing shows that it served": {facts: []correlate.Fact{begins, fails}, finished: 1900},
		"it had succeeded":                            {facts: []correlate.Fact{begins, succeeds, fails}, served: true, finished: 1300, blamed: "b"},
		"its success is told last":                    {facts: []correlate.Fact{fails, succeeds}, served: true, finished: 1300, blamed: "b"},
		"it had succeeded, and is cancelled":          {facts: []correlate.Fact{succeeds, cancelled}, served: true, finished: 1300, blamed: "b"},
		"it failed, and succeeded when it was tried again": {
			facts:    []correlate.Fact{from("b", "x", 1000, both(version("2"), took(100), failed)), succeeds},
			finished: 1300, blamed: "b"},
		"another source told that it had succeeded": {
			facts:  []correlate.Fact{fails, from("c", "y", 1000, both(version("2"), took(300)))},
			served: true, finished: 1300, blamed: "b"},
	} {
		t.Run(name, func(t *testing.T) {
			b := New(config)
			incident := correlate.Fact{Incident: &correlate.Incident{ID: "i", Service: "shop", OpenedAt: after(1400)}}
			for _, f := range append([]correlate.Fact{from("a", "x", 0, both(version("1"), took(300))), incident}, c.facts...) {
				b.Report(f, noon)
				b.Settle(noon.Unix())
			}
			r := b.Change("b").Record
			require.Equal(t, c.served, r.Served)
			require.Equal(t, after(c.finished), r.FinishedAt)
			require.Equal(t, c.blamed, b.Incident("i").Record.AttributedTo)
		})
	}
}
