package kafka

import (
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kgo"
	"pgregory.net/rapid"
)

func message(offset int64, value string) *kgo.Record {
	return &kgo.Record{Topic: "deploys", Partition: 3, Offset: offset, Timestamp: time.UnixMilli(1_700_000_000_000), Value: []byte(value)}
}

// ciReader reads lines, under a name of its own.
func ciReader(t require.TestingT) reader {
	configured, err := lines().Configure("ci", nil)
	require.NoError(t, err)
	return reader{configured}
}

func TestDeliveryIDs(t *testing.T) {
	cases := map[string]struct {
		value string
		ids   []string
	}{
		"an id of the sender's own is kept":                   {`{"change": "c", "event": "/ci 17"}`, []string{"/ci 17"}},
		"a message without an id is identified by its place":  {`{"change": "c"}`, []string{"deploys/3/7@1700000000000"}},
		"a message that can't be read, too":                   {`}{`, []string{"deploys/3/7@1700000000000"}},
		"an empty message, too":                               {``, []string{"deploys/3/7@1700000000000"}},
		"a list with nothing in it, too":                      {`[]`, []string{"deploys/3/7@1700000000000"}},
		"the parts of a message without ids are told apart":   {`[{"change": "c"}, {"change": "d"}]`, []string{"deploys/3/7@1700000000000#0", "deploys/3/7@1700000000000#1"}},
		"a part with an id among parts without keeps its own": {`[{"change": "c", "event": "e"}, {"change": "d"}]`, []string{"e", "deploys/3/7@1700000000000#1"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			var ids []string
			for _, d := range ciReader(t).entries(message(7, c.value), time.Unix(1_000_000_000, 0)) {
				ids = append(ids, d.ID)
				require.Equal(t, "ci", d.Source)
				require.Contains(t, c.value, string(d.Body))
				require.Equal(t, time.Unix(1_000_000_000, 0).UTC(), d.ReceivedAt)
				require.Equal(t, d.Problem == "", len(d.Facts) > 0)
			}
			require.Equal(t, c.ids, ids)
		})
	}
}

func TestWhatSaysNothingOfAChangeIsNotInQuarantine(t *testing.T) {
	batch := []*kgo.Record{message(0, `{"ignore": "a ping"}`), message(1, `{}`), message(2, `{"change": "c"}`)}
	h := ciReader(t).harvest(batch, 0, time.Unix(1_000_000_000, 0))
	require.Len(t, h.entries, 3, "all are kept")
	require.EqualValues(t, 1, h.quarantined)
	require.Empty(t, h.entries[0].Problem)
	require.Empty(t, h.entries[0].Facts)
	require.Equal(t, "unmapped: no change", h.entries[1].Problem)
	for _, e := range h.entries {
		require.Equal(t, ciReader(t).Projector().Digest, e.Digest, "each knows what read it")
	}
}

func TestAMessageThatCannotBeOpenedKnowsWhatTriedTo(t *testing.T) {
	all := ciReader(t).entries(message(0, `[`), time.Unix(1_000_000_000, 0))
	require.Len(t, all, 1)
	require.Equal(t, "unreadable: $: JSON", all[0].Problem)
	require.Equal(t, ciReader(t).Projector().Digest, all[0].Digest, "so that a later version reads it again")
}

func TestCursors(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		offset := rapid.Int64Range(0, math.MaxInt64).Draw(t, "offset")
		c := cursorAt(offset)
		again, err := parseCursor(c.text)
		require.NoError(t, err)
		require.Equal(t, c, again)
	})
	never, err := parseCursor(nil)
	require.NoError(t, err)
	require.True(t, never.never())
	require.Nil(t, never.text, "the ledger holds nothing of a partition that was never read")
	for _, text := range []string{"x", "-1", "1.5", "9223372036854775808", "{\"page\": 1}"} {
		_, err := parseCursor([]byte(text))
		require.ErrorContains(t, err, "must be an offset in decimal digits", text)
	}
}

func TestSourcesFindHeadersWhateverTheirCase(t *testing.T) {
	h := headerOf([]kgo.RecordHeader{
		{Key: "ce_type", Value: []byte("dev.cdevents.service.deployed.0.2.0")},
		{Key: "content-type", Value: []byte("application/json")},
		{Key: "trace", Value: []byte("a")}, {Key: "TRACE", Value: []byte("b")},
	})
	require.Equal(t, "dev.cdevents.service.deployed.0.2.0", h.Get("ce_type"))
	require.Equal(t, "application/json", h.Get("Content-Type"))
	require.Equal(t, []string{"a", "b"}, h.Values("trace"))
}

// Whatever offsets come, every one between the first expected and the next to expect is a message or is missing, and what
// is missing is lost as far as the log no longer holds it.
func TestHarvestAccountsForEveryOffset(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		from := rapid.Int64Range(0, 50).Draw(t, "from")
		offset := rapid.Int64Range(0, 60).Draw(t, "first offset")
		var batch []*kgo.Record
		held := map[int64]bool{}
		for range rapid.IntRange(1, 20).Draw(t, "messages") {
			batch = append(batch, message(offset, `{"change": "c"}`))
			held[offset] = true
			offset += rapid.Int64Range(1, 4).Draw(t, "step")
		}
		h := ciReader(t).harvest(batch, from, time.Unix(1_000_000_000, 0))
		logStart := rapid.Int64Range(0, 150).Draw(t, "log start")
		var missing, gone, read int64
		for o := from; o < h.next; o++ {
			switch {
			case held[o]:
				read++
			case o < logStart:
				gone++
				fallthrough
			default:
				missing++
			}
		}
		require.Equal(t, read, h.messages)
		require.Len(t, h.entries, int(read))
		require.Equal(t, missing, width(h.missing))
		require.Equal(t, gone, lost(h.missing, logStart))
		require.GreaterOrEqual(t, h.next, from)
	})
}

func FuzzDeliveries(f *testing.F) {
	f.Add([]byte("k"), []byte(`{"change": "a"}`), "ce_id", []byte("1"))
	f.Add([]byte{0, 0, 0, 1}, []byte{0, 0, 0, 0, 0, 0}, "", []byte(nil))
	f.Add([]byte(nil), []byte(`[{"event": "e"}, {}]`), "content-type", []byte("text/plain"))
	f.Fuzz(func(t *testing.T, key, value []byte, header string, headerValue []byte) {
		m := &kgo.Record{Topic: "t", Key: key, Value: value, Headers: []kgo.RecordHeader{{Key: header, Value: headerValue}}}
		all := ciReader(t).entries(m, time.Unix(1_000_000_000, 0))
		require.NotEmpty(t, all)
		for _, d := range all {
			require.NotEmpty(t, d.ID)
			require.Equal(t, "ci", d.Source)
			require.True(t, len(d.Facts) > 0 || d.Problem != "")
		}
	})
}
