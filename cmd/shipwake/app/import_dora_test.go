package app

import (
	"encoding/json"
	"io"
	"net/http"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate/dora"
)

// march asks for the numbers of the day that the exports below are of.
func (p *process) march(policy string) (r dora.Report) {
	p.t.Helper()
	answer, err := http.Get("http://" + p.w + "/api/v1/dora?from=2026-03-01T00:00:00Z&to=2026-03-02T00:00:00Z&policy=" + policy)
	require.NoError(p.t, err)
	defer func() { require.NoError(p.t, answer.Body.Close()) }()
	text, err := io.ReadAll(answer.Body)
	require.NoError(p.t, err)
	require.NoError(p.t, json.Unmarshal(text, &r), string(text))
	return r
}

// counts are how many of each there are when everything that was imported is applied, which is batch by batch.
type counts struct{ deployments, failures, recoveries, leadTimes int }

func countsOf(n dora.Numbers) (c counts) {
	c.deployments = n.Deployments
	if n.ChangeFailRate != nil {
		c.failures = n.ChangeFailRate.Numerator
	}
	if n.Recovery != nil {
		c.recoveries = n.Recovery.N
	}
	if n.LeadTime != nil {
		c.leadTimes = n.LeadTime.N
	}
	return c
}

// imported imports the files of a case of a format, until the numbers count so many.
func (p *process) imported(format, policy string, want counts, flags ...string) dora.Numbers {
	p.t.Helper()
	files, err := filepath.Glob("../../../collector/history/" + format + "/testdata/project/*.*s*")
	require.NoError(p.t, err)
	args := append([]string{"import", format, "--hooks", "http://" + p.hooks + "/hooks/generic", "--state", filepath.Join(p.t.TempDir(), "state")}, flags...)
	code, stdout, stderr := shipwake(p.t, append(args, files...)...)
	require.Contains(p.t, []int{exitImported, exitSkipped}, code, stdout+stderr)
	for range 400 {
		if n := p.march(policy).Total; countsOf(n) == want {
			return n
		}
		time.Sleep(50 * time.Millisecond) // what is acknowledged is applied soon
	}
	require.FailNow(p.t, "the history isn't counted", "%+v\n%s", p.march(policy).Total, stdout)
	return dora.Numbers{}
}

// DevLake says of these tables: 5 deployments, a change failure rate of 0.4, a median recovery of one hour.
func TestTheTablesOfDevLakeGiveItsNumbers(t *testing.T) {
	p := newProcess(t)
	p.start()
	for _, time := range []string{"once", "twice"} {
		n := p.imported("devlake", "devlake", counts{5, 2, 6, 3})
		require.Equal(t, [3]any{0.4, 2, 5}, [3]any{n.ChangeFailRate.Value, n.ChangeFailRate.Numerator, n.ChangeFailRate.Denominator}, time)
		require.Equal(t, 6, n.Recovery.N)
		require.EqualValues(t, 60*60, n.Recovery.Median)
		require.Equal(t, 1, n.DeployFailed)
		require.Equal(t, [2]any{3, float64(60 * 60)}, [2]any{n.LeadTime.N, n.LeadTime.Median})
		require.Equal(t, 1.4, p.march("ratio").Total.ChangeFailRate.Value, "with the incident of no project")
	}
}

// Four Keys says of these tables: 4 deployments, a change failure rate of 0.75, a median time to restore of 45 minutes, a median
// lead time of one hour.
func TestTheTablesOfFourKeysGiveItsNumbers(t *testing.T) {
	p := newProcess(t)
	p.start()
	n := p.imported("fourkeys", "fourkeys", counts{4, 3, 4, 4}, "--set", "service=shop")
	require.Equal(t, [3]any{0.75, 3, 4}, [3]any{n.ChangeFailRate.Value, n.ChangeFailRate.Numerator, n.ChangeFailRate.Denominator})
	require.Equal(t, [2]any{4, float64(45 * 60)}, [2]any{n.Recovery.N, n.Recovery.Median})
	require.Equal(t, [2]any{4, float64(60 * 60)}, [2]any{n.LeadTime.N, n.LeadTime.Median})
}
