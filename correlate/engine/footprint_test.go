package engine

import (
	"fmt"
	"runtime"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
)

// TestAHistoryOfManyServicesStaysSmall: a year of changes is taken in, the oldest first, as an import does. What stays in memory
// of a service is its last change and the releases that it may come back to, however many changes it had.
func TestAHistoryOfManyServicesStaysSmall(t *testing.T) {
	const (
		services    = 500
		mostService = 14_000 // bytes
		batch       = 2000
	)
	now := midnight.AddDate(1, 0, 0)
	for _, each := range []int{12, 36, 72} {
		t.Run(fmt.Sprintf("%d changes of each service", each), func(t *testing.T) {
			before := inUse()
			e := New(DefaultConfig())
			d := NewDriver(e, &forgetful{})
			for n := 0; n < services*each; n += batch {
				facts := make([]Fact, 0, batch)
				for i := n; i < min(n+batch, services*each); i++ {
					facts = append(facts, factTold(correlate.Fact{Change: lastYears(i, services, services*each)}, now.Unix()).Facts...)
				}
				require.NoError(t, d.Facts(facts, 0))
			}
			require.NoError(t, d.Tick(now, func() []correlate.Measurement { return nil }))
			e.forget()
			require.LessOrEqual(t, len(e.changes), services*(1+each/36), "the last of each, and those of which something may still be measured")
			bytes := (inUse() - before) / services
			t.Logf("%d bytes a service, %d changes in memory", bytes, len(e.changes))
			require.Less(t, bytes, int64(mostService))
			runtime.KeepAlive(d)
		})
	}
}

// inUse is the bytes of the heap that are in use.
func inUse() int64 {
	runtime.GC()
	runtime.GC() // what the first one finalized
	var is runtime.MemStats
	runtime.ReadMemStats(&is)
	return int64(is.HeapAlloc)
}

// forgetful is a Keeper that keeps nothing.
type forgetful struct{ recorder }

func (*forgetful) Publish([]correlate.Effect) {}

// lastYears is one of so many deployments of some services, spread evenly over a year.
func lastYears(n, services, all int) *correlate.Change {
	at := midnight.Add(time.Duration(float64(n) / float64(all) * float64(364*24*time.Hour)))
	commit := fmt.Sprintf("%040x", n)
	return &correlate.Change{
		ID: fmt.Sprintf("c-%d", n), Service: fmt.Sprintf("svc-%d", n*7919%services), Team: fmt.Sprintf("team-%d", n%60),
		Version: fmt.Sprintf("v%d", n/services), Commit: commit, Commits: []correlate.Commit{{SHA: commit, AuthoredAt: at.Add(-3 * time.Hour)}},
		FinishedAt: at, Source: "generic",
	}
}
