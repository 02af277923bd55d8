package email

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/sinks"
	"github.com/shipwake/shipwake/sinks/sinktest"
)

func TestADigestEndsAtItsTimeOfTheDay(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	for name, c := range map[string]struct{ at, want time.Time }{
		"after it":                  {time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC), time.Date(2026, 3, 2, 6, 30, 0, 0, time.UTC)},
		"at it":                     {time.Date(2026, 3, 2, 6, 30, 0, 0, time.UTC), time.Date(2026, 3, 2, 6, 30, 0, 0, time.UTC)},
		"before it":                 {time.Date(2026, 3, 2, 6, 29, 0, 0, time.UTC), time.Date(2026, 3, 1, 6, 30, 0, 0, time.UTC)},
		"once summer time is there": {time.Date(2026, 3, 29, 12, 0, 0, 0, time.UTC), time.Date(2026, 3, 29, 5, 30, 0, 0, time.UTC)},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, c.want, digest{hour: 7, minute: 30, zone: berlin}.ended(c.at))
		})
	}
}

func digesting(t *testing.T, b *mailbox, r sinks.Reader, more m) sinks.Outgoing {
	t.Helper()
	c := m{"digest": m{"at": "12:30"}, "on": []any{"regressed", "recovered", "healthy", "inconclusive"}}
	for k, v := range more {
		c[k] = v
	}
	return opened(t, config(b, c, nil), r)
}

// decidedAt is a batch of one verdict, whatever it is.
func decidedAt(at time.Time) sinks.Batch {
	b := revision(1, correlate.Healthy)
	b.Decisions[0].Verdict.DecidedAt = at
	return b
}

func TestADigestComesOnceADay(t *testing.T) {
	out := digesting(t, newMailbox(t, nil), sinktest.NewReader(sinktest.Noon), nil)
	first := messages(t, out, decidedAt(sinktest.Noon))
	require.Equal(t, first, messages(t, out, decidedAt(sinktest.Noon.Add(29*time.Minute))))
	next := messages(t, out, decidedAt(sinktest.Noon.Add(30*time.Minute)))
	require.NotEqual(t, first["digest"].Key, next["digest"].Key)
	require.False(t, first["digest"].Each, "one that waits gives way to the next, which goes on from the last that arrived")
	require.Empty(t, messages(t, out, sinks.Batch{}))
}

func TestADigestNamesWhatWasDecidedTheWorstFirst(t *testing.T) {
	b := newMailbox(t, nil)
	out := digesting(t, b, sinktest.NewReader(sinktest.Noon, sinktest.Story()...), nil)
	message := messages(t, out, decidedAt(sinktest.Noon.Add(time.Hour)))["digest"]
	receipt := deliver(t, out, message)
	require.JSONEq(t, `{"end":"2026-03-01T12:30:00Z"}`, string(receipt))
	got := parse(t, b.taken()[0])
	golden(t, "digest.txt", got.subject(t)+"\n\n"+got.text)
	golden(t, "digest.html", got.html)
	require.Empty(t, got.Get("References"))

	deliver(t, out, message)
	require.Equal(t, got.Get("Message-Id"), parse(t, b.taken()[1]).Get("Message-Id"), "a copy is known as one")
}

func TestADigestGoesOnWhereTheLastOneEnded(t *testing.T) {
	for name, c := range map[string]struct {
		receipt string
		want    int // mails
	}{
		"the first one has a day":             {"", 1},
		"after a weekend":                     {`{"end":"2026-02-27T12:30:00Z"}`, 1},
		"of what the last one had, no second": {`{"end":"2026-03-01T12:10:00Z"}`, 0},
		"of what can't be read, a day":        {`{`, 1},
	} {
		t.Run(name, func(t *testing.T) {
			b := newMailbox(t, nil)
			out := digesting(t, b, sinktest.NewReader(sinktest.Noon, sinktest.Story()...), nil)
			message := messages(t, out, decidedAt(sinktest.Noon.Add(time.Hour)))["digest"]
			if c.receipt != "" {
				message.Receipt = sinks.Receipt(c.receipt)
			}
			require.JSONEq(t, `{"end":"2026-03-01T12:30:00Z"}`, string(deliver(t, out, message)))
			require.Len(t, b.taken(), c.want)
		})
	}
}

func TestAQuietDayHasNoDigest(t *testing.T) {
	b := newMailbox(t, nil)
	out := digesting(t, b, sinktest.NewReader(sinktest.Noon, sinktest.Story()...), m{"services": []any{"search"}})
	require.NotNil(t, deliver(t, out, messages(t, out, decidedAt(sinktest.Noon.Add(time.Hour)))["digest"]))
	require.Empty(t, b.taken())
}

func TestADigestWaitsForTheLedger(t *testing.T) {
	r := sinktest.NewReader(sinktest.Noon)
	r.Fail(errors.New("disk"))
	out := digesting(t, newMailbox(t, nil), r, nil)
	_, err := out.Deliver(t.Context(), messages(t, out, decidedAt(sinktest.Noon))["digest"])
	var u *sinks.Undelivered
	require.ErrorAs(t, err, &u)
	require.Equal(t, sinks.Unreachable, u.Cause)
}
