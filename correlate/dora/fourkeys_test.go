package dora_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/dora"
)

// Four Keys counts what reports name as their cause, each incident of a deployment, and all incidents for recovery.
func TestFourKeysCountsTheIncidentsThatDeploymentsAreNamedFor(t *testing.T) {
	named := func(id, cause string, opened, minutes int) correlate.IncidentRecord {
		in := incident(id, at(opened), time.Time{}, cause)
		in.CausedBy = cause
		if minutes > 0 {
			in.ResolvedAt = at(opened + minutes)
		}
		return in
	}
	changes := records{change("1", at(0)), change("2", at(60)), change("3", at(120)), change("4", at(180)), change("5", at(185), ended(correlate.StatusFailed))}
	n := under(dora.PolicyFourKeys, changes,
		named("i", "2", 70, 30), named("j", "2", 80, 60), named("k", "", 190, 90), named("l", "5", 190, 120), named("m", "4", 500, 0))
	require.Equal(t, 4, n.Deployments)
	require.Equal(t, &dora.Ratio{Value: 0.75, Numerator: 3, Denominator: 4}, n.ChangeFailRate, "two of the second, one of the fourth")
	require.EqualValues(t, 75*60, n.Recovery.Median, "of 30, 60, 90 and 120 minutes")
	require.Equal(t, 1, n.OpenFailures)
	require.Equal(t, 2, n.Unattributed, "one names none, one a rollout that failed")
	require.Nil(t, n.ReworkRate)
}
