package host

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/confmap"

	"github.com/shipwake/shipwake/collector/owners"
	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/engine"
	"github.com/shipwake/shipwake/correlate/names"
)

// meter is a source of measurements.
type meter []correlate.Measurement

func (m meter) Drain() []correlate.Measurement { return m }
func (m meter) Newest() int64                  { return 0 }
func (m meter) Use() []correlate.Use           { return nil }

func TestTelemetryIsCalledByTheSameNamesAsChanges(t *testing.T) {
	h := keeper(t, t.TempDir())
	h.naming = called(t, names.DefaultConfig())
	h.engine = engine.New(h.cfg.engineConfig())
	h.outbox = newOutbox(h)
	h.measured = []Measurer{&meter{{
		Key:  correlate.Key{Service: "cart", Environment: "Live", Version: "shop/cart:v2", Kind: correlate.Traffic},
		Cell: correlate.Cell{Start: shippedAt.Unix(), Requests: 7},
	}}}
	newLoop(h).tick(shippedAt.Add(time.Minute))
	var saved []correlate.Measurement
	require.NoError(t, h.ledger.Checkpoints(t.Context(), func(_ time.Time, cells []correlate.Measurement) error {
		saved = append(saved, cells...)
		return nil
	}))
	require.Len(t, saved, 1)
	require.Equal(t, correlate.Key{Service: "cart", Environment: "production", Version: "v2", Kind: correlate.Traffic}, saved[0].Key)
}

func TestNamesAreConfigured(t *testing.T) {
	config := createDefaultConfig().(*Config)
	require.NoError(t, confmap.NewFromStringMap(map[string]any{"names": map[string]any{
		"services":             []any{map[string]any{"is": []any{"acme/cart"}, "name": "cart"}},
		"environments":         []any{map[string]any{"matches": "eu-(.*)", "name": "{1}", "tier": "production"}},
		"versions":             []any{map[string]any{"matches": "cart@(.+)", "name": "{1}"}},
		"default_environments": false,
	}}).Unmarshal(config))
	require.NoError(t, confmap.Validate(config))
	require.Equal(t, names.Config{
		Services:        []names.Rule{{Is: []string{"acme/cart"}, Name: "cart"}},
		Environments:    []names.EnvironmentRule{{Rule: names.Rule{Matches: "eu-(.*)", Name: "{1}"}, Tier: names.Production}},
		Versions:        []names.Rule{{Matches: "cart@(.+)", Name: "{1}"}},
		DefaultVersions: true,
	}, config.Names)
	config.Names.Services[0].Name = ""
	require.ErrorContains(t, confmap.Validate(config), "names: services[0]: name: required: what they are called")
}

func TestOwnersAreConfigured(t *testing.T) {
	config := createDefaultConfig().(*Config)
	require.NoError(t, confmap.NewFromStringMap(map[string]any{"owners": map[string]any{
		"services":   []any{map[string]any{"is": []any{"cart"}, "team": "shop", "system": "store"}},
		"catalogs":   []any{"/srv/**/catalog-info.yaml"},
		"codeowners": []any{map[string]any{"file": "CODEOWNERS", "format": "gitlab", "folders": []any{"{service}"}, "services": map[string]any{"a": "b"}}},
	}}).Unmarshal(config))
	require.NoError(t, confmap.Validate(config))
	require.Equal(t, owners.Config{
		Services:   []owners.Rule{{Is: []string{"cart"}, Team: "shop", System: "store"}},
		Catalogs:   []string{"/srv/**/catalog-info.yaml"},
		Codeowners: []owners.Codeowners{{File: "CODEOWNERS", Format: owners.GitLab, Folders: []string{"{service}"}, Services: map[string]string{"a": "b"}}},
	}, config.Owners)
	config.Owners.Services[0].Team, config.Owners.Services[0].System = "", ""
	require.ErrorContains(t, confmap.Validate(config), "owners: services[0]: one of team and system is required")
}
