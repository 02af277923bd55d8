package app

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/shipwake/shipwake/cmd/shipwake/app/rows"
	"github.com/shipwake/shipwake/correlate/words"
	"github.com/shipwake/shipwake/sinks/api"
)

func readiness(s api.Status) fact {
	if s.Ready {
		return fact{about: "ready", is: "yes"}
	}
	return fact{about: "ready", is: "no", note: s.NotReady, bad: true}
}

// lateness is how far the daemon's event time is behind the clock.
func lateness(s api.Status) fact {
	switch {
	case s.Watermark == nil || s.WatermarkLag == nil:
		return fact{about: "lateness", is: words.None, note: "no telemetry yet"}
	case s.TelemetryIdle:
		return fact{about: "lateness", is: words.Span(*s.WatermarkLag), raw: decimal(*s.WatermarkLag), note: "no telemetry comes", bad: true}
	}
	return fact{about: "lateness", is: words.Span(*s.WatermarkLag), raw: decimal(*s.WatermarkLag), note: "judged up to " + words.Instant(*s.Watermark)}
}

func decimal(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }

// coverage is how many names of changes and incidents telemetry has as well.
func coverage(n api.Names) fact {
	if n.Unknown {
		return fact{about: "coverage", is: words.None, note: "it can't be said now which names telemetry has"}
	}
	all := n.Met + len(n.Told)
	f := fact{about: "coverage", is: fmt.Sprintf("%d of %d", n.Met, all), note: "names of changes that telemetry has"}
	if missing := len(n.Told) + len(n.Heard); missing > 0 {
		f.note += "; shipwake names lists the rest"
	}
	f.bad = len(n.Told) > 0
	return f
}

func ledgerFact(s api.Status) fact {
	f := fact{about: "ledger", is: bytesOf(s.Ledger.Bytes), raw: strconv.FormatInt(s.Ledger.Bytes, 10), note: words.Count(s.Ledger.Commits) + " commits"}
	if s.Ledger.LastCommit != nil {
		f.note += ", the last " + rows.Ago(s.Now, *s.Ledger.LastCommit)
	}
	if s.Ledger.Failures > 0 {
		f.note, f.bad = f.note+", "+words.Count(s.Ledger.Failures)+" failed", true
	}
	return f
}

func queueFact(now time.Time, q api.Queue) fact {
	f := amount("outbox "+q.Name, q.Waiting, "")
	notes := []string{}
	if at := oldest(now, q.Oldest); at != "" {
		notes = append(notes, at)
	}
	if q.Parked > 0 {
		f.bad = true
		notes = append(notes, words.Count(q.Parked)+" set aside; shipwake outbox shows them")
	}
	f.is += " waiting"
	f.note = strings.Join(notes, ", ")
	return f
}

func oldest(now time.Time, t *time.Time) string {
	if t == nil {
		return ""
	}
	return "the oldest came " + rows.Ago(now, *t)
}

// limitFacts are what is taken of what may be taken, and what was dropped for it.
func limitFacts(l api.Limits, now time.Time) []fact {
	resident := fact{about: "memory", is: words.None}
	if l.Memory.Resident != nil {
		resident = takenOf("memory", *l.Memory.Resident, l.Memory.Limit, bytesOf)
	}
	all := []fact{resident, takenOf("heap", l.Memory.Heap, l.Memory.HeapLimit, bytesOf), takenOf("measurements", l.Memory.Measurements, l.Memory.MeasurementsLimit, bytesOf)}
	return append(all, droppedFact(l, now))
}

// nearlyAll is the share of a limit from which on it is told at a glance.
const nearlyAll = 0.8

// useFacts are how much there is of each class that is bounded, of those of whose limit at least this share is taken.
func useFacts(l api.Limits, least float64) []fact {
	var all []fact
	for _, u := range l.Usage {
		most := int64(0)
		if u.Limit != nil {
			most = *u.Limit
		}
		if least == 0 || most > 0 && float64(u.Used) >= least*float64(most) {
			all = append(all, takenOf("limit "+words.Plain(u.Class), u.Used, most, words.Count))
		}
	}
	return all
}

// takenOf is so much of a limit; 0 is none.
func takenOf(about string, n, most int64, said func(int64) string) fact {
	f := fact{about: about, is: said(n), raw: strconv.FormatInt(n, 10)}
	if most > 0 {
		f.note = fmt.Sprintf("of %s, %.0f %%", said(most), 100*float64(n)/float64(most))
		f.bad = float64(n) >= 0.95*float64(most)
	}
	return f
}

func droppedFact(l api.Limits, now time.Time) fact {
	total := int64(0)
	var parts []string
	for _, what := range slices.Sorted(maps.Keys(l.Dropped)) {
		if n := l.Dropped[what]; n > 0 {
			total += n
			parts = append(parts, words.Count(n)+" "+words.Plain(what))
		}
	}
	f := amount("dropped", total, strings.Join(parts, ", "))
	if l.Degraded && l.DegradedSince != nil {
		f.bad, f.note = true, f.note+"; degraded since "+words.Instant(*l.DegradedSince)
	}
	if l.Full {
		f.bad, f.note = true, f.note+"; new services have no room"
	}
	f.note = strings.TrimPrefix(f.note, "; ")
	return f
}

// counterFacts are the counters of what came in, as far as anything did.
func counterFacts(all []api.Count) []fact {
	var facts []fact
	for _, c := range all {
		if c.Value == 0 {
			continue
		}
		name := strings.Join(slices.DeleteFunc([]string{words.Plain(c.What), c.Source, words.Plain(c.Result)}, func(s string) bool { return s == "" }), ", ")
		facts = append(facts, amount("count "+name, c.Value, ""))
	}
	return facts
}

// bytesOf is a number of bytes in the unit that it is read in.
func bytesOf(n int64) string {
	value, unit := float64(n), "B"
	for _, next := range []string{"KiB", "MiB", "GiB", "TiB"} {
		if value < 1024 {
			break
		}
		value, unit = value/1024, next
	}
	return words.Figure(value) + " " + unit
}
