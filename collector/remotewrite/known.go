package remotewrite

import (
	"time"

	"github.com/shipwake/shipwake/collector/prometheus/families"
	"github.com/shipwake/shipwake/collector/prometheus/points"
	"github.com/shipwake/shipwake/collector/remotewrite/wire"
)

// Bounds of what is known. What was of no use for lack of room is tried again when all is forgotten, which is often enough for
// no series to be known that the reader has forgotten: it does so after an hour of silence.
const (
	mostKnown  = 400_000
	knownAgain = 10 * time.Minute
)

// known remembers series by their labels as they were sent, most of which nobody asks for, so that no strings are made of
// labels that come again.
type known struct {
	bySent map[string]*points.Series // nil: of no use
	since  time.Time
	key    []byte
}

// renew forgets everything, now and then.
func (k *known) renew(now time.Time) {
	if k.bySent == nil || now.Sub(k.since) >= knownAgain || len(k.bySent) >= mostKnown {
		k.bySent, k.since = map[string]*points.Series{}, now
	}
}

// of is the series with some labels; nil when it is of no use.
func (k *known) of(reader *points.Reader, l []wire.Label) *points.Series {
	k.key = k.key[:0]
	for i := range l {
		k.key = append(append(append(append(k.key, l[i].Name...), 0), l[i].Value...), 0)
	}
	s, ok := k.bySent[string(k.key)]
	if ok && (s == nil || !s.Gone()) {
		return s
	}
	s = reader.Series(labels(l))
	if len(k.bySent) < mostKnown {
		k.bySent[string(k.key)] = s
	}
	return s
}

func labels(of []wire.Label) families.Labels {
	l := make([]families.Label, len(of))
	for i := range of {
		l[i] = families.Label{Name: string(of[i].Name), Value: string(of[i].Value)}
	}
	return families.Sorted(l)
}
