package source

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
)

func TestADeliveryWithoutAnIDIsNamedByItsBytes(t *testing.T) {
	req := Request{Header: http.Header{"Content-Type": {"application/json"}}, Body: []byte("{}"), ReceivedAt: time.Unix(1, 0)}
	d := NewDelivery(req, "", "push")
	require.Equal(t, correlate.Delivery{
		ID: "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a", ReceivedAt: time.Unix(1, 0),
		ContentType: "application/json", Event: "push", Raw: []byte("{}"),
	}, d)
	require.Equal(t, "mine", NewDelivery(req, "mine", "push").ID)
}

func TestFactsAreCompletedAndValidated(t *testing.T) {
	at := time.Unix(1, 0).UTC()
	var d correlate.Delivery
	doc, err := ParseJSON([]byte(`{"alerts":[1,2,{}]}`), "$")
	require.NoError(t, err)
	var last JSON
	for _, last = range doc.Get("alerts").Items() {
		continue
	}
	require.NoError(t, AddFact(&d, correlate.Fact{Change: &correlate.Change{ID: "c", Service: "s", StartedAt: at}}, doc))
	require.Equal(t, correlate.DefaultEnvironment, d.Facts[0].Change.Environment)

	err = AddFact(&d, correlate.Fact{Incident: &correlate.Incident{ID: "i"}}, last)
	require.EqualError(t, err, "$.alerts[2].opened_at: required: an RFC 3339 time")
	require.Len(t, d.Facts, 1)

	d.Facts = make([]correlate.Fact, MaxFacts)
	err = AddFact(&d, correlate.Fact{Incident: &correlate.Incident{ID: "i", OpenedAt: at}}, last)
	require.EqualError(t, err, "$.alerts[2]: a message may hold at most 10000 facts; send several")
}

func TestStampNamesTheSourceEverywhere(t *testing.T) {
	all := []correlate.Delivery{{Facts: []correlate.Fact{{Change: &correlate.Change{}}, {Incident: &correlate.Incident{}}}}}
	Stamp(all, "github")
	require.Equal(t, "github", all[0].Source)
	require.Equal(t, "github", all[0].Facts[0].Change.Source)
	require.Equal(t, "github", all[0].Facts[1].Incident.Source)
}

func TestClipKeepsRunesWhole(t *testing.T) {
	require.Equal(t, "aé", Clip("aéb", 3))
	require.Equal(t, "a", Clip("aéb", 2))
	require.Equal(t, "aéb", Clip("aéb", 4))
}

func TestWhatIsDatedInTheFutureIsHeldBack(t *testing.T) {
	received := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	deploy := func(finished time.Time) correlate.Fact {
		return correlate.Fact{Change: &correlate.Change{ID: "c", Service: "s", StartedAt: received.Add(-time.Hour), FinishedAt: finished}}
	}
	deliveries := []correlate.Delivery{
		{ID: "a clock a little ahead", ReceivedAt: received, Facts: []correlate.Fact{deploy(received.Add(5 * time.Minute))}},
		{ID: "tomorrow", ReceivedAt: received, Raw: []byte("raw"), Facts: []correlate.Fact{deploy(received), deploy(received.Add(24 * time.Hour))}},
		{ID: "resolved tomorrow", ReceivedAt: received, Facts: []correlate.Fact{{Incident: &correlate.Incident{
			ID: "i", OpenedAt: received, ResolvedAt: received.AddDate(7000, 0, 0),
		}}}},
	}
	Stamp(deliveries, "ci")
	require.Equal(t, "ci", deliveries[0].Facts[0].Change.Source)
	require.Empty(t, deliveries[0].Problem)
	require.Equal(t, correlate.Delivery{
		ID: "tomorrow", Source: "ci", ReceivedAt: received, Raw: []byte("raw"),
		Problem: "future: fact 2 of 2 is dated more than 5m0s after it was received; is the sender's clock right?",
	}, deliveries[1])
	require.Contains(t, deliveries[2].Problem, "future: fact 1 of 1")
}
