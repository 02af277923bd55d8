package record

import (
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
)

// drawer is a shelf with one place on it.
type drawer struct {
	t     *testing.T
	b     *Book
	place correlate.Place
	text  []byte // nil while the place is in the Book
}

func (d *drawer) WakePlace(p correlate.Place) {
	if d.text == nil || p != d.place {
		return
	}
	var r Resting
	require.NoError(d.t, json.Unmarshal(d.text, &r))
	d.text = nil
	Wake(d.b, p, r)
}

func (d *drawer) WakeChange(string) { d.WakePlace(d.place) }

// rests puts the place of a Book on a shelf.
func rests(t *testing.T, b *Book, p correlate.Place) *drawer {
	r, ok := Rest(b, p)
	require.True(t, ok)
	text, err := json.Marshal(r)
	require.NoError(t, err)
	Away(b, p)
	require.Empty(t, b.changes)
	d := &drawer{t: t, b: b, place: p, text: text}
	KeepOn(b, d)
	return d
}

func TestAPlaceThatWakesIsAsItWas(t *testing.T) {
	shop := correlate.Place{Service: "shop", Environment: correlate.DefaultEnvironment}
	noon := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	report := func(b *Book, n int, version, source string) {
		done := noon.Add(time.Duration(n) * time.Hour)
		b.Report(correlate.Fact{Change: &correlate.Change{
			ID: fmt.Sprintf("%s-%02d", source, n), Service: "shop", Version: version, Source: source, StartedAt: done.Add(-time.Minute), FinishedAt: done,
		}}, done)
	}
	for name, disturb := range map[string]func(b *Book){
		"nothing":                       func(*Book) {},
		"a later deployment":            func(b *Book) { report(b, 40, "v40", "ci") },
		"a version that was long ago":   func(b *Book) { report(b, 40, "v2", "ci") },
		"another account of a rollout":  func(b *Book) { report(b, 11, "v11", "argo") },
		"one between others":            func(b *Book) { report(b, 15, "v12", "other") },
		"a correction":                  func(b *Book) { report(b, 12, "v99", "ci") },
		"an incident that names nobody": func(b *Book) { b.Report(incident("i", "shop", noon.Add(14*time.Hour+time.Minute)), noon) },
		"a deployment that is taken back": func(b *Book) {
			b.Retract(correlate.Fact{Change: &correlate.Change{ID: "ci-13", Service: "shop", Version: "v13", Source: "ci",
				StartedAt: noon.Add(13*time.Hour - time.Minute), FinishedAt: noon.Add(13 * time.Hour)}})
		},
	} {
		t.Run(name, func(t *testing.T) {
			var books []*Book
			for range 2 {
				b := New(Config{Watch: 3600, Attribution: 4 * 3600, AbandonAfter: 24 * 3600})
				for n := range 20 {
					report(b, n, fmt.Sprint("v", n%17), "ci")
				}
				report(b, 14, "v14", "argo")
				b.Settle(0)
				b.Forget(Age{Old: noon.Add(18 * time.Hour)})
				require.NotNil(t, b.places[shop].all.blocks[0][0].of.past, "something of before has left memory")
				books = append(books, b)
			}
			d := rests(t, books[0], shop)
			for _, b := range books {
				disturb(b)
			}
			want, got := books[1].Settle(0), books[0].Settle(0)
			require.Equal(t, recordsOf(want), recordsOf(got))
			d.WakePlace(shop)
			require.Equal(t, recordsAt(books[1], shop), recordsAt(books[0], shop))
			require.Equal(t, Missing(books[1]), Missing(books[0]))
		})
	}
}

func recordsOf(d Difference) (all []any) {
	for _, c := range d.Changes {
		all = append(all, c.Record)
	}
	for _, i := range d.Incidents {
		all = append(all, i.Record)
	}
	return all
}

func recordsAt(b *Book, p correlate.Place) (all []correlate.ChangeRecord) {
	for c := range b.At(p) {
		all = append(all, c.Record)
	}
	return all
}

func incident(id, service string, opened time.Time) correlate.Fact {
	return correlate.Fact{Incident: &correlate.Incident{ID: id, Service: service, OpenedAt: opened}}
}

func TestPlacesThatDoNotRest(t *testing.T) {
	shop := correlate.Place{Service: "shop", Environment: correlate.DefaultEnvironment}
	noon := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	done := correlate.Fact{Change: &correlate.Change{ID: "c", Service: "shop", Version: "v1", Source: "ci", FinishedAt: noon}}
	begun := correlate.Fact{Change: &correlate.Change{ID: "d", Service: "shop", Version: "v2", Source: "ci", StartedAt: noon, Status: correlate.StatusStarted}}
	for name, facts := range map[string][]correlate.Fact{
		"nothing is known of":         {},
		"a rollout waits for its end": {done, begun},
		"an incident of its own":      {done, incident("i", "shop", noon)},
		"a change that is named":      {done, {Incident: &correlate.Incident{ID: "i", Service: "web", CausedBy: "c", OpenedAt: noon}}},
	} {
		t.Run(name, func(t *testing.T) {
			b := New(Config{Watch: 3600, Attribution: 4 * 3600, AbandonAfter: 24 * 3600})
			for _, f := range facts {
				b.Report(f, noon)
			}
			b.Settle(0)
			_, ok := Rest(b, shop)
			require.False(t, ok)
		})
	}
	b := New(Config{})
	b.Report(done, noon)
	b.Settle(0)
	require.Equal(t, []correlate.Place{shop}, slices.Collect(Places(b)))
	_, ok := Rest(b, shop)
	require.True(t, ok)
}
