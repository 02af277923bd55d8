package observe

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/blame"
)

func TestTracesTellWhichVersionsAFaultyRequestTouched(t *testing.T) {
	w := newWorld(t)
	for at := int64(-600); at < 600; at += 10 {
		w.serve("cart", "v1", at, 100)
		if at >= 0 {
			w.serve("cart", "v2", at, 100)
			w.measure(correlate.Key{Service: "web", Kind: correlate.Trace, Name: "v1", Peer: "cart"}, at, correlate.Cell{Requests: 8, Errors: 1})
			w.measure(correlate.Key{Service: "web", Kind: correlate.Trace, Name: "v2", Peer: "cart"}, at, correlate.Cell{Requests: 2, Errors: 3})
			w.measure(correlate.Key{Service: "web", Kind: correlate.Trace, Name: "v2", Peer: "ads"}, at, correlate.Cell{Requests: 99})
		}
	}
	s := w.change("c1", "cart", "v2", 0)
	f := Fault{Place: place("web"), Signal: "error_ratio", Onset: now(60)}
	all := w.Touches(&s, f, now(180))
	minute := blame.Touch{New: 12, NewErrors: 12, Old: 48, OldErrors: 6}
	require.Equal(t, []blame.Touch{minute, minute}, all, "no more errors than requests")
	f.Recovered = now(120)
	require.Len(t, w.Touches(&s, f, now(180)), 1)

	for name, edit := range map[string]func(s *Subject, f *Fault){
		"requests that are slow don't fail":    func(_ *Subject, f *Fault) { f.Signal = "latency_p90" },
		"its own versions tell more":           func(_ *Subject, f *Fault) { f.Place = place("cart") },
		"nobody knows the faulty service":      func(_ *Subject, f *Fault) { f.Place = place("nobody") },
		"nobody knows what the change brought": func(s *Subject, _ *Fault) { s.Version, s.Kind = "", correlate.KindConfig },
		"traces don't touch what was changed":  func(s *Subject, _ *Fault) { s.Place = place("nobody") },
	} {
		t.Run(name, func(t *testing.T) {
			s, f := s, Fault{Place: place("web"), Signal: "error_ratio", Onset: now(60)}
			edit(&s, &f)
			require.Empty(t, w.Touches(&s, f, now(180)))
		})
	}
}
