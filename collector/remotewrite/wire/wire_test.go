package wire

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/protobuf/encoding/protowire"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/collector/prometheus/native"
)

// told is a series as a sender has it.
type told struct {
	labels     [][2]string
	samples    []Sample
	histograms int
	exemplars  int
}

func message(number protowire.Number, body []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(nil, number, protowire.BytesType), body)
}

func text(number protowire.Number, s string) []byte { return message(number, []byte(s)) }

func integer(number protowire.Number, n uint64) []byte {
	return protowire.AppendVarint(protowire.AppendTag(nil, number, protowire.VarintType), n)
}

func double(number protowire.Number, v float64) []byte {
	return protowire.AppendFixed64(protowire.AppendTag(nil, number, protowire.Fixed64Type), math.Float64bits(v))
}

func join(parts ...[]byte) (all []byte) {
	for _, p := range parts {
		all = append(all, p...)
	}
	return all
}

func (s *told) values(withStart bool) (all []byte) {
	for _, v := range s.samples {
		one := join(double(1, v.Value), integer(2, uint64(v.At)))
		if withStart {
			one = append(one, integer(3, uint64(v.Start))...)
		}
		all = append(all, message(2, one)...)
	}
	return all
}

func encode1(all []told) (request []byte) {
	for i := range all {
		var body []byte
		for _, l := range all[i].labels {
			body = append(body, message(1, join(text(1, l[0]), text(2, l[1])))...)
		}
		body = append(body, all[i].values(false)...)
		for range all[i].exemplars {
			body = append(body, message(3, double(2, 1))...)
		}
		for range all[i].histograms {
			body = append(body, message(4, integer(15, 7))...)
		}
		request = append(request, message(1, body)...)
	}
	return append(request, message(3, integer(1, 1))...) // metadata
}

func encode2(all []told) (request []byte) {
	symbols, place := [][]byte{nil}, map[string]uint64{"": 0}
	ref := func(s string) uint64 {
		if _, ok := place[s]; !ok {
			place[s] = uint64(len(symbols))
			symbols = append(symbols, []byte(s))
		}
		return place[s]
	}
	var series []byte
	for i := range all {
		var refs []byte
		for _, l := range all[i].labels {
			refs = protowire.AppendVarint(protowire.AppendVarint(refs, ref(l[0])), ref(l[1]))
		}
		body := append(message(1, refs), all[i].values(true)...)
		for range all[i].histograms {
			body = append(body, message(3, integer(15, 7))...)
		}
		for range all[i].exemplars {
			body = append(body, message(4, double(2, 1))...)
		}
		series = append(series, message(5, append(body, message(5, integer(1, 1))...))...)
	}
	for _, s := range symbols {
		request = append(request, message(4, s)...)
	}
	return append(request, series...)
}

// read collects what a reader yields.
func read(t require.TestingT, reader func([]byte, func(*Series)) error, request []byte) (all []told) {
	require.NoError(t, reader(request, func(s *Series) {
		require.NoError(t, s.Err)
		var one told
		for _, l := range s.Labels {
			one.labels = append(one.labels, [2]string{string(l.Name), string(l.Value)})
		}
		one.samples = append(one.samples, s.Samples...)
		one.histograms, one.exemplars = len(s.Histograms), s.Exemplars
		all = append(all, one)
	}))
	return all
}

func TestWhatWasSentIsRead(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var all, without []told
		for range rapid.IntRange(0, 5).Draw(t, "series") {
			s := told{
				labels:     [][2]string{{"__name__", rapid.StringMatching(`[a-z]{1,3}`).Draw(t, "name")}},
				histograms: rapid.IntRange(0, 2).Draw(t, "histograms"),
				exemplars:  rapid.IntRange(0, 2).Draw(t, "exemplars"),
			}
			for _, name := range rapid.SliceOfNDistinct(rapid.StringMatching(`[a-z.]{1,2}`), 0, 4, rapid.ID[string]).Draw(t, "labels") {
				s.labels = append(s.labels, [2]string{name, rapid.StringN(0, 4, 20).Draw(t, "value")})
			}
			bare := s
			for range rapid.IntRange(0, 3).Draw(t, "samples") {
				v := Sample{At: rapid.Int64().Draw(t, "at"), Start: rapid.Int64().Draw(t, "start"), Value: rapid.Float64().Draw(t, "v")}
				s.samples = append(s.samples, v)
				v.Start = 0
				bare.samples = append(bare.samples, v)
			}
			all, without = append(all, s), append(without, bare)
		}
		require.Equal(t, without, read(t, V1, encode1(all)))
		require.Equal(t, all, read(t, V2, encode2(all)))
	})
}

func TestTheSeriesOwnStartIsThatOfSamplesWithout(t *testing.T) {
	labels := integer(1, 1) // not packed
	request := join(text(4, ""), text(4, "__name__"), text(4, "up"), message(5, join(labels, integer(1, 2), integer(6, 7_000),
		message(2, join(double(1, 1), integer(2, 9_000))), message(2, join(double(1, 1), integer(2, 9_500), integer(3, 8_000))))))
	require.Equal(t, []told{{labels: [][2]string{{"__name__", "up"}}, samples: []Sample{{9_000, 7_000, 1}, {9_500, 8_000, 1}}}},
		read(t, V2, request))
}

func TestSeriesThatCantBeUsed(t *testing.T) {
	name := [2]string{"__name__", "up"}
	many := told{labels: [][2]string{name}}
	for i := range mostLabels {
		many.labels = append(many.labels, [2]string{string(rune('A' + i)), "x"})
	}
	for why, s := range map[error]told{
		errNoName: {labels: [][2]string{{"job", "shop"}}},
		errTwice:  {labels: [][2]string{name, {"job", "shop"}, {"job", "cart"}}},
		errEmpty:  {labels: [][2]string{name, {"", "shop"}}},
		errMany:   many,
	} {
		for _, read := range []func(func(*Series)) error{
			func(yield func(*Series)) error { return V1(encode1([]told{s}), yield) },
			func(yield func(*Series)) error { return V2(encode2([]told{s}), yield) },
		} {
			n := 0
			require.NoError(t, read(func(got *Series) { n++; require.Equal(t, why, got.Err) }))
			require.Equal(t, 1, n)
		}
	}
	for name, refs := range map[string][]byte{
		"an odd number of references": {1},
		"a reference to nowhere":      {1, 9},
	} {
		require.NoError(t, V2(join(text(4, ""), text(4, "__name__"), message(5, message(1, refs))), func(s *Series) {
			require.Equal(t, errReference, s.Err, name)
		}))
	}
}

func TestBytesThatAreNoRequest(t *testing.T) {
	none := func(*Series) {}
	good := encode2([]told{{labels: [][2]string{{"__name__", "up"}}, samples: []Sample{{At: 1}}}})
	require.ErrorIs(t, V1([]byte{0xff}, none), errMalformed)
	require.ErrorIs(t, V2([]byte{0xff}, none), errMalformed)
	require.ErrorIs(t, V2(good[:len(good)-1], none), errMalformed)
	require.ErrorIs(t, V1(message(1, message(1, []byte{0xff})), none), errMalformed)
	require.ErrorIs(t, V1(message(1, message(2, []byte{9})), none), errMalformed)
	require.ErrorIs(t, V2(message(5, message(1, []byte{0x80})), none), errMalformed)
}

func FuzzRequests(f *testing.F) {
	all := []told{{labels: [][2]string{{"__name__", "up"}, {"job", "a"}}, samples: []Sample{{1, 2, 3}}, histograms: 1, exemplars: 1}}
	f.Add(encode1(all))
	f.Add(encode2(all))
	f.Fuzz(func(t *testing.T, request []byte) {
		for _, read := range []func([]byte, func(*Series)) error{V1, V2} {
			_ = read(request, func(s *Series) {
				for i := range s.Histograms {
					if h, err := s.Histograms[i].Decode(); err == nil && h.Histogram != nil && len(h.Histogram.Bins) > native.MostBins {
						t.Error("more buckets than there may be")
					}
				}
				if s.Err == nil && len(s.Labels) == 0 {
					t.Error("a series without labels has no name")
				}
			})
		}
	})
}
