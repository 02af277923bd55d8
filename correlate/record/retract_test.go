package record

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
)

func version(v string) func(*correlate.Change) { return func(c *correlate.Change) { c.Version = v } }

func incidentAt(id string, opened int64, causedBy string) correlate.Fact {
	return correlate.Fact{Incident: &correlate.Incident{ID: id, Service: "shop", OpenedAt: after(opened), CausedBy: causedBy}}
}

func settled(facts ...correlate.Fact) *Book {
	b := New(config)
	for _, f := range facts {
		b.Report(f, noon)
	}
	b.Settle(0)
	return b
}

func TestARetractedChangeDoesNotCount(t *testing.T) {
	v1, v2, back := shipped("v1", "shop", 0, version("1")), shipped("v2", "shop", 600, version("2")), shipped("back", "shop", 900, version("1"))
	b := settled(v1, v2, back, incidentAt("i", 700, ""))
	require.Equal(t, "back", b.Change("v2").Record.RolledBackBy)
	require.Equal(t, "v2", b.Incident("i").Record.AttributedTo)

	b.Retract(v2)
	d := b.Settle(0)
	require.Equal(t, correlate.PhaseRetracted, b.Change("v2").Record.Phase)
	require.Equal(t, "2", b.Change("v2").Record.Version, "what it was can still be seen")
	require.Empty(t, b.Change("v2").Record.Incidents)
	require.False(t, b.Change("v2").Live())
	require.Equal(t, "v1", b.Incident("i").Record.AttributedTo)
	require.True(t, b.Change("back").Record.Redeploy, "it went back to what was live anyway")
	require.Len(t, d.Changes, 3)
	require.Len(t, d.Incidents, 1)

	b.Report(v2, noon.Add(time.Minute))
	b.Settle(0)
	require.Empty(t, b.Change("v2").Record.Phase, "it is reported again")
	require.Equal(t, noon.Add(time.Minute), b.Change("v2").Record.ReceivedAt)
	require.Equal(t, "back", b.Change("v2").Record.RolledBackBy)
	require.Equal(t, "v2", b.Incident("i").Record.AttributedTo)
}

func TestRetractingOneOfSeveralReportsLeavesTheOthers(t *testing.T) {
	begun := shipped("a", "shop", 0, func(c *correlate.Change) { c.Status, c.FinishedAt = correlate.StatusStarted, time.Time{} })
	done := shipped("a", "shop", 0, func(c *correlate.Change) { c.FinishedAt, c.Version = after(60), "2" })
	b := settled(begun, done)
	require.Equal(t, correlate.StatusSucceeded, b.Change("a").Record.Status)
	b.Retract(done)
	b.Settle(0)
	require.Equal(t, correlate.StatusStarted, b.Change("a").Record.Status)
	require.Empty(t, b.Change("a").Record.Version)
	require.Empty(t, b.Change("a").Record.Reports)

	b.Retract(done)
	b.Retract(shipped("nobody", "shop", 0, nil))
	b.Retract(incidentAt("nobody", 0, ""))
	require.Equal(t, Difference{}, b.Settle(0), "what nobody says can't be taken back")
}

func TestAChangeThatWasMergedStandsAloneWhenTheOtherIsRetracted(t *testing.T) {
	first := shipped("a", "shop", 0, version("1"))
	second := shipped("b", "shop", 30, func(c *correlate.Change) { c.Version, c.Source = "1", "y" })
	b := settled(first, second)
	require.Equal(t, "a", b.Change("b").Record.MergedInto)
	b.Retract(first)
	b.Settle(0)
	require.Empty(t, b.Change("b").Record.MergedInto)
	require.True(t, b.Change("b").Live())
}

func TestARetractedIncidentIsHeldAgainstNobody(t *testing.T) {
	b := settled(shipped("a", "shop", 0, nil), incidentAt("i", 60, ""))
	require.Equal(t, []string{"i"}, b.Change("a").Record.Incidents)
	b.Retract(incidentAt("i", 60, ""))
	b.Settle(0)
	require.True(t, b.Incident("i").Record.Retracted)
	require.Empty(t, b.Incident("i").Record.AttributedTo)
	require.Empty(t, b.Change("a").Record.Incidents)
	b.Report(incidentAt("i", 60, "a"), noon)
	b.Settle(0)
	require.False(t, b.Incident("i").Record.Retracted)
	require.Equal(t, []string{"i"}, b.Change("a").Record.Incidents)
}

func TestTimesAreInUTCWhateverZoneTheyWereToldIn(t *testing.T) {
	east := time.FixedZone("east", 2*3600)
	f := shipped("a", "shop", 0, func(c *correlate.Change) {
		c.UpdatedAt, c.Commits = after(5), []correlate.Commit{{SHA: "abc", AuthoredAt: after(-60)}}
		c.Zones = []correlate.ZoneStep{{Name: "west", ReachedAt: after(10)}}
	})
	moved := *f.Change
	for _, at := range []*time.Time{&moved.StartedAt, &moved.FinishedAt, &moved.UpdatedAt} {
		*at = at.In(east)
	}
	moved.Commits = []correlate.Commit{{SHA: "abc", AuthoredAt: after(-60).In(east)}}
	moved.Zones = []correlate.ZoneStep{{Name: "west", ReachedAt: after(10).In(east)}}
	b := settled(f)
	b.Report(correlate.Fact{Change: &moved}, noon.In(east))
	require.Equal(t, Difference{}, b.Settle(0), "it is the same report")
	require.Equal(t, "2026-03-02T12:00:10Z", b.Change("a").Record.Zones[0].ReachedAt.Format(time.RFC3339))
}

func TestForgettingKeepsWhatIsStillAskedFor(t *testing.T) {
	b := New(config)
	for i := range correlate.Lineage + 3 {
		b.Report(shipped(fmt.Sprintf("%02d", i), "shop", int64(i)*24*3600, nil), noon)
	}
	b.Report(incidentAt("open", -60, ""), noon)
	over := incidentAt("over", 0, "")
	over.Incident.ResolvedAt = after(60)
	b.Report(over, noon)
	b.Settle(0)
	b.Change("01").Record.Phase = correlate.PhaseObserving
	require.Equal(t, []string{"00", "02"}, b.Forget(Age{Old: after(100 * 24 * 3600)}), "but for the last ones and those that are observed")
	require.Nil(t, b.Change("00"))
	require.Nil(t, b.Incident("over"))
	require.NotNil(t, b.Incident("open"))
	require.Empty(t, b.Forget(Age{Old: after(100 * 24 * 3600)}))

	b.Report(shipped("late", "shop", 30, nil), noon)
	b.Settle(0)
	require.NotNil(t, b.Change("late"))
	var order []string
	for c := range b.At(correlate.Place{Service: "shop", Environment: "production"}) {
		order = append(order, c.Record.ID)
	}
	require.Equal(t, []string{"late", "01", "03"}, order[:3])
}

func TestAPlaceOfWhichNothingIsLeftIsForgotten(t *testing.T) {
	f := incidentAt("i", 0, "")
	f.Incident.ResolvedAt = after(1)
	b := settled(f)
	b.Forget(Age{Old: after(10)})
	b.Forget(Age{Old: after(10)})
	require.Empty(t, b.places)
}
