package api

import (
	"math"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/sinks/sinktest"
)

func TestASeriesIsToldAsItWasKept(t *testing.T) {
	r := story()
	first := correlate.Series{ChangeID: "checkout-4711", Revision: 2, Step: 60, Points: 3, Signals: []correlate.SignalSeries{{
		Signal: "error_ratio", Grade: correlate.GradeA, Lines: []correlate.Line{{Role: correlate.RoleNew, Values: correlate.Values{0.004, math.NaN(), 0.031}}},
	}}}
	last := first
	last.Revision = 3
	r.Put(correlate.Effect{Series: &first}, correlate.Effect{Series: &last})
	h := serve(t, r)
	const path = "/api/v1/changes/checkout-4711/series"
	require.Contains(t, ask(h, http.MethodGet, path).Body.String(), `"values":[0.004,null,0.031]`)
	require.Equal(t, 3, read[ChangeSeries](t, h, path).Series.Revision)
	require.Equal(t, 2, read[ChangeSeries](t, h, path+"?revision=2").Series.Revision)
	require.Equal(t, 2, read[ChangeSeries](t, h, path+"?as_of="+sinktest.Noon.Format(time.RFC3339)).Series.Revision, "of the verdict of the record then")
	require.Nil(t, read[ChangeSeries](t, h, "/api/v1/changes/cart-7/series").Series, "nothing was kept")
	for target, want := range map[string]struct {
		status int
		says   string
	}{
		"/api/v1/changes/nobody/series":                 {http.StatusNotFound, "no change with this id"},
		path + "?revision=0":                            {http.StatusBadRequest, "counted from 1"},
		path + "?revision=2&as_of=2026-03-01T11:00:00Z": {http.StatusBadRequest, "give one of the two"},
		path + "?as_of=2020-03-01T11:00:00Z":            {http.StatusNotFound, "no change with this id"},
	} {
		answer := ask(h, http.MethodGet, target)
		require.Equal(t, want.status, answer.Code, target)
		require.Contains(t, answer.Body.String(), want.says)
	}
}
