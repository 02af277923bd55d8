package deploy_test

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

//go:generate go test -run TestTheChartHasTheDashboardsAndRulesOfThisVersion -update-chart .

var updateChart = flag.Bool("update-chart", false, "copy dashboards and rules into the chart")

// TestTheChartHasTheDashboardsAndRulesOfThisVersion: Helm reads no file outside of a chart.
func TestTheChartHasTheDashboardsAndRulesOfThisVersion(t *testing.T) {
	copies := map[string]string{"helm/shipwake/files/prometheusrule.yaml": "../dashboards/prometheus/kubernetes/prometheusrule.yaml"}
	dashboards, err := filepath.Glob("../dashboards/grafana/*.json")
	require.NoError(t, err)
	require.NotEmpty(t, dashboards)
	for _, d := range dashboards {
		copies[filepath.Join("helm/shipwake/files/grafana", filepath.Base(d))] = d
	}
	for to, from := range copies {
		if *updateChart {
			require.NoError(t, os.WriteFile(to, []byte(read(t, from)), 0o644))
		}
		require.Equal(t, read(t, from), read(t, to), "go generate ./deploy copies it")
	}
	there, err := filepath.Glob("helm/shipwake/files/grafana/*")
	require.NoError(t, err)
	require.Len(t, there, len(dashboards), "one that is gone is gone from the chart too")
}

// TestTheManifestsWantWhatTheirHeadSays: people paste the commands in it.
func TestTheManifestsWantWhatTheirHeadSays(t *testing.T) {
	text := read(t, "kubernetes/shipwake.yaml")
	require.Contains(t, text, "create secret generic shipwake ")
	require.Contains(t, text, "secretRef: {name: shipwake}")
	require.NotContains(t, text, "kind: Secret", "a secret in a committed file is none")
}
