package main

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestTheGuardFailsByTheMedian(t *testing.T) {
	for name, test := range map[string]struct {
		ofPeer, ofFloor []float64
		want            string // "" when it passes
	}{
		"as fast as it must be":     {[]float64{3, 3, 3}, []float64{0.4, 0.4, 0.4}, ""},
		"one bad run of three":      {[]float64{5, 1, 5}, []float64{0.6, 0.2, 0.6}, ""},
		"slow beside the Collector": {[]float64{2.9, 5, 2.8}, []float64{0.6, 0.6, 0.6}, "2.90 times those of the collector"},
		"slow beside the floor":     {[]float64{5, 5, 5}, []float64{0.39, 0.6, 0.3}, "0.39 times those of the floor"},
	} {
		t.Run(name, func(t *testing.T) {
			m := measured{}
			m.ratios[peers], m.ratios[floors] = test.ofPeer, test.ofFloor
			if test.want == "" {
				require.NoError(t, m.regressed())
			} else {
				require.ErrorContains(t, m.regressed(), test.want)
			}
		})
	}
}

func TestMoreRunsOutweighAFew(t *testing.T) {
	few, more := measured{}, measured{}
	few.ratios[peers], few.ratios[floors] = []float64{4, 4, 4}, []float64{0.3, 0.39, 0.6}
	more.ratios[peers], more.ratios[floors] = []float64{4, 4, 4}, []float64{0.6, 0.55, 0.6}
	require.Error(t, few.regressed())
	few.add(more)
	require.NoError(t, few.regressed())
}

func TestWorkloadsAreChosenByName(t *testing.T) {
	usual, err := workloads(&settings{scale: 1})
	require.NoError(t, err)
	require.Len(t, usual, 8)
	matrix, err := workloads(&settings{scale: 1, matrix: true})
	require.NoError(t, err)
	require.Len(t, matrix, 15)
	chosen, err := workloads(&settings{scale: 1, workloads: "spans-grpc-gzip-60,delta-points"})
	require.NoError(t, err)
	require.Equal(t, []string{"delta-points", "spans-grpc-gzip-60"}, names(chosen))
	_, err = workloads(&settings{scale: 1, workloads: "spam"})
	require.ErrorContains(t, err, "exponential-points")
}

func TestWithoutItsBinaryTheServiceGraphIsLeftOutAndThatIsSaid(t *testing.T) {
	spans, err := workloads(&settings{scale: 1, workloads: "spans-http"})
	require.NoError(t, err)
	points, err := workloads(&settings{scale: 1, workloads: "delta-points"})
	require.NoError(t, err)

	built := &settings{graph: t.TempDir()}
	require.Contains(t, built.servers(spans[0]), graphs)
	require.NotContains(t, built.servers(points[0]), graphs, "points have no calls")
	missing := &settings{graph: t.TempDir() + "/missing"}
	require.NotContains(t, missing.servers(spans[0]), graphs)

	for s, said := range map[*settings]bool{built: false, missing: true} {
		r := &report{}
		r.introduce(s)
		require.Equal(t, said, strings.Contains(r.page.String(), "SKIP"))
	}
	m := &measured{}
	require.Equal(t, "– | –", m.beside(graphs, "**"))
	m.rates[graphs], m.ratios[graphs] = []float64{2000}, []float64{10}
	require.Equal(t, "2 (2–2) k/s | **10.00 (10.00–10.00)**", m.beside(graphs, "**"))
}
