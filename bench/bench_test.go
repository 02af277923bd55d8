package main

import (
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestSpreadIsMedianLeastAndMost(t *testing.T) {
	require.Equal(t, "3.0 (1.0–9.0)", spread([]float64{9000, 1000, 3000}, 1e3, "%.1f"))
	require.Equal(t, 99*time.Millisecond, quantile([]time.Duration{99 * time.Millisecond, 0}, 0.99))
	require.Zero(t, quantile([]float64(nil), 0.5))
}

func TestTheCostOfAChangeIsToldInTheFirstHalfAndInTheSecond(t *testing.T) {
	first, second := halves([]moment{{100, 0}, {70, 3 * time.Second}, {50, 5 * time.Second}, {10, 13 * time.Second}, {0, 15 * time.Second}})
	require.Equal(t, 100*time.Millisecond, first)
	require.Equal(t, 200*time.Millisecond, second)
	first, second = halves([]moment{{10, 0}, {0, time.Second}})
	require.Zero(t, first+second, "too few to tell")
}

func TestOnlyAcceptedFactsCount(t *testing.T) {
	var posts atomic.Int64
	hook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // what was read of it is of no interest
		if posts.Add(1) == 20 {
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		w.WriteHeader(http.StatusAccepted)
	}))
	defer hook.Close()
	_, err := postAll(t.Context(), hook.URL, 2, time.Minute)
	require.ErrorContains(t, err, "503")

	p, err := postAll(t.Context(), hook.URL, 2, 50*time.Millisecond)
	require.NoError(t, err)
	require.NotEmpty(t, p.latencies)
}

func TestAnUnknownMeasurementIsRefused(t *testing.T) {
	require.ErrorContains(t, run(t.Context(), []string{"speed"}), "want one of ingest, ingest-guard, series, facts, scrape, accuracy, guard, ablation, kill")
	require.ErrorContains(t, run(t.Context(), []string{"-pairs", "0", "ingest"}), "want one of")
}
