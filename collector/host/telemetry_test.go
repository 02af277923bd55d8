package host

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/engine"
	"github.com/shipwake/shipwake/correlate/names"
)

func TestWhatWasDeployedIsKnownByTelemetrysNames(t *testing.T) {
	d := startDaemon(t, t.TempDir(), shippedAt)
	defer d.end()
	d.h.naming = called(t, names.DefaultConfig())
	tell := func(id string, kind correlate.Kind, version string, ago time.Duration) {
		began := shippedAt.Add(-ago)
		d.tell(correlate.Change{
			ID: id, Kind: kind, Service: "cart", Environment: "production", Version: version, Source: "generic",
			StartedAt: began, FinishedAt: began.Add(time.Minute), Status: correlate.StatusSucceeded,
		})
	}
	tell("1", correlate.KindDeployment, "v1", 3*time.Hour)
	tell("2", correlate.KindDeployment, "v2", 2*time.Hour)
	tell("3", correlate.KindFeatureFlag, "blue", time.Hour)
	tell("4", correlate.KindRollback, "v1", 30*time.Minute)
	versions := func(service, environment string) (all []string) {
		deployed, err := d.h.Deployed(t.Context(), service, environment)
		require.NoError(t, err)
		for _, c := range deployed {
			all = append(all, c.Version)
		}
		return all
	}
	require.Equal(t, []string{"v1", "v2", "v1"}, versions("cart", "Live"))
	require.Equal(t, []string{"v1", "v2", "v1"}, versions("cart", ""))
	require.Empty(t, versions("cart", "staging"))
	require.Empty(t, versions("pay", "production"))
}

// What a receiver tells of the past is compared with under the names that the rules give, also after a restart.
func TestThePastIsKeptUnderTheNamesOfTheRules(t *testing.T) {
	d := startDaemon(t, t.TempDir(), shippedAt)
	defer func() { d.end() }()
	d.h.naming = called(t, names.DefaultConfig())
	d.l.tick(shippedAt)
	tell := func(services ...string) (room bool) {
		var cells []correlate.Measurement
		for _, service := range services {
			for start := shippedAt.Unix()/300*300 - 86_400; start < shippedAt.Unix()/300*300; start += 300 {
				cells = append(cells, correlate.Measurement{
					Key:  correlate.Key{Service: service, Environment: "Live", Kind: correlate.Traffic, Origin: correlate.OriginServerMetric},
					Cell: correlate.Cell{Start: start, Requests: 100, Errors: 1},
				})
			}
		}
		answered := make(chan struct{})
		stop := make(chan struct{})
		go func() {
			defer close(answered)
			for {
				select {
				case q := <-d.h.questions:
					d.l.answer(q)
				case <-stop:
					return
				}
			}
		}()
		room, err := d.h.Past(t.Context(), cells)
		require.NoError(t, err)
		close(stop)
		<-answered
		return room
	}
	require.True(t, tell("cart", "pay"))
	require.Contains(t, engine.Heard(d.h.engine), correlate.Place{Service: "cart", Environment: "production"})
	var told int
	require.NoError(t, d.h.ledger.Rollups(t.Context(), func(r correlate.Rollup) error {
		told += len(r.Past)
		return nil
	}))
	require.Equal(t, 2*288, told)
	before := d.h.engine.Memory()
	d.restart(time.Second)
	require.Equal(t, before.Series, d.h.engine.Memory().Series)
	require.Contains(t, engine.Heard(d.h.engine), correlate.Place{Service: "cart", Environment: "production"})

	full := make([]string, 1000)
	for i := range full {
		full[i] = fmt.Sprint("s", i)
	}
	cfg := d.h.cfg.engineConfig()
	cfg.Memory = 1 << 20
	d.h.engine = engine.New(cfg)
	d.l.driver = engine.NewDriver(d.h.engine, d.l)
	d.h.naming = called(t, names.DefaultConfig())
	d.l.tick(d.now)
	require.False(t, tell(full...), "what is measured goes before")
	require.Less(t, d.h.engine.Memory().Bytes, int64(1<<20))
}
