package kafka

import (
	"fmt"
	"net/http"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/shipwake/shipwake/collector/source"
	"github.com/shipwake/shipwake/correlate"
)

// entries reads one message. There is always at least one entry: what can't be read is kept with the reason.
func (r reader) entries(m *kgo.Record, now time.Time) []correlate.Entry {
	items, err := r.Read(source.Request{Header: headerOf(m.Headers), Body: m.Value, ReceivedAt: now})
	all := source.Entries(items)
	switch {
	case err != nil:
		all = []correlate.Entry{r.problem(m, now, "unreadable: "+err.Error())}
	case len(all) == 0:
		all = []correlate.Entry{r.problem(m, now, "unmapped: the message holds no event")}
	}
	for i := range all {
		all[i].ID = identify(all[i].Raw, m.Value, place(m), i, len(all))
	}
	return all
}

// problem is a message as a whole, kept with the reason why nothing is read from it.
func (r reader) problem(m *kgo.Record, now time.Time, why string) correlate.Entry {
	return correlate.Entry{
		Raw:        r.Keep(source.Request{Header: headerOf(m.Headers), Body: m.Value, ReceivedAt: now}),
		Projection: correlate.Projection{Digest: r.Projector().Digest, Problem: why},
	}
}

// identify keeps the sender's own id, by which the same event is the same delivery wherever it comes from. An id that is
// only a digest of the bytes gives way to the message's place in the log: equal bytes written twice are two messages.
func identify(raw correlate.Raw, whole []byte, place string, i, n int) string {
	switch {
	case raw.ID != "" && raw.ID != source.BodyID(raw.Body) && raw.ID != source.BodyID(whole):
		return raw.ID
	case n > 1:
		return fmt.Sprintf("%s#%d", place, i)
	}
	return place
}

// place names a message for good. The timestamp tells the messages of a topic that was deleted and created again from
// those that had the same offsets before.
func place(m *kgo.Record) string {
	return fmt.Sprintf("%s/%d/%d@%d", m.Topic, m.Partition, m.Offset, m.Timestamp.UnixMilli())
}

// headerOf is how sources want a message's headers, with CloudEvents' attributes under their Kafka names (ce_type).
func headerOf(headers []kgo.RecordHeader) http.Header {
	h := make(http.Header, len(headers))
	for _, kv := range headers {
		h.Add(kv.Key, string(kv.Value))
	}
	return h
}
