package source

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
)

func TestFactsAreCompletedAndValidated(t *testing.T) {
	at := time.Unix(1, 0).UTC()
	var r Reading
	doc, err := ParseJSON([]byte(`{"alerts":[1,2,{}]}`), "$")
	require.NoError(t, err)
	var last JSON
	for _, last = range doc.Get("alerts").Items() {
		continue
	}
	require.NoError(t, r.Add(correlate.Fact{Change: &correlate.Change{ID: "c", Service: "s", StartedAt: at}}, doc))
	require.Equal(t, correlate.DefaultEnvironment, r.Facts[0].Change.Environment)

	err = r.Add(correlate.Fact{Incident: &correlate.Incident{ID: "i"}}, last)
	require.EqualError(t, err, "$.alerts[2].opened_at: required: an RFC 3339 time")
	err = r.Add(correlate.Fact{}, last)
	require.ErrorContains(t, err, "$.alerts[2]: ")
	require.Len(t, r.Facts, 1)

	r.Facts = make([]correlate.Fact, MaxFacts)
	err = r.Add(correlate.Fact{Incident: &correlate.Incident{ID: "i", OpenedAt: at}}, last)
	require.EqualError(t, err, "$.alerts[2]: a message may hold at most 10000 facts; send several")
}

func TestClipKeepsRunesWhole(t *testing.T) {
	require.Equal(t, "aé", Clip("aéb", 3))
	require.Equal(t, "a", Clip("aéb", 2))
	require.Equal(t, "aéb", Clip("aéb", 4))
}
