package correlate_test

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
)

func TestWhatIsRefusedIsTakenOnce(t *testing.T) {
	var tally correlate.Tally
	require.Empty(t, tally.TakeRefused(1000), "nothing was refused")
	tally.Refuse("spans", correlate.LostShed, 3)
	tally.Refuse("metrics", correlate.LostShed, 4)
	tally.Refuse("logs", correlate.LostRefused, 5)
	nobodys := func(what string, n int64) correlate.Measurement {
		return correlate.Measurement{
			Key: correlate.Key{Kind: correlate.Lost, Name: what}, Cell: correlate.Cell{Start: 1000, Requests: n},
		}
	}
	require.Equal(t, []correlate.Measurement{nobodys(correlate.LostRefused, 5), nobodys(correlate.LostShed, 7)}, tally.TakeRefused(1000))
	require.Empty(t, tally.TakeRefused(1010))
	require.Contains(t, tally.Values(), correlate.CountValue{
		Count: correlate.Count{What: "telemetry", Source: "metrics", Result: correlate.LostShed}, Value: 4,
	}, "readers see it as well")
}

func TestScrapesThatWereMissedAreLossesOfTheirService(t *testing.T) {
	var tally correlate.Tally
	require.Empty(t, tally.TakeMissed(10))
	shop, cart := correlate.Place{Service: "shop", Environment: "production"}, correlate.Place{Service: "cart", Environment: "staging"}
	tally.Miss(shop, 1019)
	tally.Miss(shop, 1019)
	tally.Miss(cart, 1020)
	lost := func(p correlate.Place, start, n int64) correlate.Measurement {
		return correlate.Measurement{
			Key:  correlate.Key{Service: p.Service, Environment: p.Environment, Kind: correlate.Lost, Name: correlate.LostScrapes},
			Cell: correlate.Cell{Start: start, Requests: n},
		}
	}
	require.Equal(t, []correlate.Measurement{lost(cart, 1020, 1), lost(shop, 1010, 2)}, tally.TakeMissed(10))
	require.Empty(t, tally.TakeMissed(10))
	require.Empty(t, tally.TakeRefused(1000))
	for i := range int64(20_000) {
		tally.Miss(shop, i)
	}
	require.Len(t, tally.TakeMissed(1), 10_000)
	require.EqualValues(t, 10_000, tally.TakeRefused(1000)[0].Requests, "beyond the bound they are everybody's")
}

func TestNothingThatIsRefusedIsLostBetweenTwoTakes(t *testing.T) {
	var tally correlate.Tally
	var all sync.WaitGroup
	var taken int64
	take := func() {
		for _, m := range tally.TakeRefused(0) {
			taken += m.Requests
		}
	}
	for range 4 {
		all.Go(func() {
			for range 1000 {
				tally.Refuse("spans", correlate.LostShed, 1)
			}
		})
	}
	for range 100 {
		take()
	}
	all.Wait()
	take()
	require.EqualValues(t, 4000, taken)
}
