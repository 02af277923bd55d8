package observe

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
)

// stretch is so many requests and errors in each bucket from one instant to another.
type stretch struct {
	version          string
	from, to         int64
	requests, errors int64
}

func (w *world) play(all ...stretch) {
	for _, s := range all {
		for at := s.from; at < s.to; at += 10 {
			w.measure(correlate.Key{Service: "shop", Version: s.version, Kind: correlate.Traffic}, at, correlate.Cell{Requests: s.requests, Errors: s.errors})
		}
	}
}

func TestAFaultIsOverWhenTheServiceIsBackWhereItWas(t *testing.T) {
	before := stretch{"v1", -7200, 0, 300, 1}
	for name, c := range map[string]struct {
		after []stretch
		at    int64
		want  int64 // 0: it lasts
	}{
		"it was taken back, and that helped": {
			[]stretch{{"v2", 0, 900, 300, 60}, {"v1", 900, 3600, 300, 1}}, 1200, 900},
		"that isn't seen at once": {
			[]stretch{{"v2", 0, 900, 300, 60}, {"v1", 900, 3600, 300, 1}}, 1100, 0},
		"it was taken back, and that didn't help until later": {
			[]stretch{{"v2", 0, 900, 300, 60}, {"v1", 900, 2400, 300, 60}, {"v1", 2400, 3600, 300, 1}}, 3000, 2400},
		"nor until now": {
			[]stretch{{"v2", 0, 900, 300, 60}, {"v1", 900, 2400, 300, 60}, {"v1", 2400, 3600, 300, 1}}, 2400, 0},
		"a canary too small to be seen in the whole has gone": {
			[]stretch{{"v1", 0, 3600, 3000, 10}, {"v2", 0, 900, 10, 1}}, 1500, 900},
		"it serves on": {
			[]stretch{{"v1", 0, 3600, 3000, 10}, {"v2", 0, 3600, 10, 1}}, 1500, 0},
		"it has gone, and nothing serves": {
			[]stretch{{"v1", 0, 900, 3000, 10}, {"v2", 0, 900, 10, 1}}, 1100, 0},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.play(before)
			w.play(c.after...)
			s := w.change("c1", "shop", "v2", 0)
			got := CameBack(w.Observer, w.view(c.at), &s)
			if got > 0 {
				got -= now(0)
			}
			require.Equal(t, c.want, got)
		})
	}
}

// A version that appears while a change rolls out is taken for the change's, unless it is another change's.
func TestAVersionIsComparedForWhoBroughtIt(t *testing.T) {
	for name, c := range map[string]struct {
		version, other string
		compared       bool
	}{
		"its own name":            {"build-7", "", true},
		"another spelling":        {"shop/checkout:build-7", "", true},
		"no name at all":          {"", "", true},
		"a name that nobody sees": {"v9", "", true},
		"a name that nobody sees, beside who names what is seen": {"v9", "build-7", false},
		"no name, beside who names what is seen":                 {"", "build-7", false},
		"its own name, beside another":                           {"build-7", "v9", true},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			w.play(stretch{"v1", -7200, 600, 100, 0}, stretch{"build-7", 60, 600, 100, 0})
			s := w.change("c1", "shop", c.version, 0)
			if c.other != "" {
				w.change("c2", "shop", c.other, 300)
			}
			traffic := stream(new(w.lookAt(&s, 600)), correlate.Traffic)
			require.Equal(t, c.compared, len(traffic.New) > 0)
		})
	}
}
