package host

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
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
