package page

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/shipwake/shipwake/correlate"
)

// The timeline is drawn in units of its own.
const (
	laneWide  = 1000
	markWide  = 30
	mostLanes = 30
)

// timeline shows when what changed: a lane a service. Marks that would hide each other are one mark, which says how many
// and leads to them.
type timeline struct {
	From, To time.Time
	Lanes    []lane
	Ticks    []tick
	More     int // services beyond those
	Sentence string
}

type lane struct {
	Service string
	Marks   []placed
}

// placed is one change, or several, at a place of a lane.
type placed struct {
	X, Wide    int
	Middle     int
	Mark       mark
	Text       string // what stands in it
	Title, URL string
}

type tick struct {
	X     int
	Label string
}

// newTimeline draws changes, the newest first, over the time that they take.
func newTimeline(changes []correlate.ChangeRecord, query url.Values) *timeline {
	if len(changes) == 0 {
		return nil
	}
	t := &timeline{From: when(changes[len(changes)-1]), To: when(changes[0])}
	if t.To.Sub(t.From) < time.Minute {
		t.From, t.To = t.From.Add(-30*time.Minute), t.To.Add(30*time.Minute)
	}
	of := map[string][]correlate.ChangeRecord{}
	var services []string
	for _, c := range changes {
		if of[c.Service] == nil {
			services = append(services, c.Service)
		}
		of[c.Service] = append(of[c.Service], c)
	}
	slices.Sort(services)
	t.More = max(0, len(services)-mostLanes)
	for _, s := range services[:len(services)-t.More] {
		t.Lanes = append(t.Lanes, lane{s, t.place(of[s], query)})
	}
	t.ticks()
	t.Sentence = sentence(changes, len(services))
	return t
}

// when is what changes are listed by: when it was complete, or when it began, while it isn't.
func when(c correlate.ChangeRecord) time.Time {
	if c.FinishedAt.IsZero() {
		return c.StartedAt
	}
	return c.FinishedAt
}

// x is where an instant is, so that a mark fits left and right of it.
func (t *timeline) x(at time.Time) int {
	share := float64(at.Sub(t.From)) / float64(t.To.Sub(t.From))
	return markWide/2 + int(share*(laneWide-2*markWide))
}

// place puts the changes of a service, the newest first, on its lane.
func (t *timeline) place(changes []correlate.ChangeRecord, query url.Values) []placed {
	var all []placed
	for at := len(changes) - 1; at >= 0; {
		first := at
		for at--; at >= 0 && t.x(when(changes[at]))-t.x(when(changes[at+1])) < markWide; at-- {
		}
		all = append(all, t.together(changes[at+1:first+1], query))
	}
	return all
}

// together is one mark of changes that stand in one place.
func (t *timeline) together(changes []correlate.ChangeRecord, query url.Values) placed {
	newest, oldest := changes[0], changes[len(changes)-1]
	x := t.x(when(oldest))
	if len(changes) == 1 {
		m := listedMark(newest)
		return placed{x, markWide - 2, x + markWide/2 - 1, m, m.Letter, fmt.Sprintf("%s %s: %s, %s", newest.Service, newest.Version, m.Word, when(newest).UTC().Format(time.DateTime)), changePath(newest.ID)}
	}
	worst := listedMark(newest)
	for _, c := range changes {
		if m := listedMark(c); m.weight() > worst.weight() {
			worst = m
		}
	}
	q := url.Values{}
	if e := query.Get("environment"); e != "" {
		q.Set("environment", e)
	}
	q.Set("service", newest.Service)
	q.Set("from", when(oldest).UTC().Format(time.RFC3339Nano))
	q.Set("to", when(newest).Add(time.Nanosecond).UTC().Format(time.RFC3339Nano))
	wide := min(t.x(when(newest))-x+markWide, laneWide-x) - 2
	return placed{
		x, wide, x + wide/2, worst, "+" + strconv.Itoa(len(changes)),
		fmt.Sprintf("%d changes of %s, one of them at least %s", len(changes), newest.Service, worst.Word), "/changes?" + q.Encode(),
	}
}

// mostTicks is how many instants are named below a timeline.
const mostTicks = 5

func (t *timeline) ticks() {
	layout := "15:04"
	if t.To.Sub(t.From) > 24*time.Hour {
		layout = "2 Jan 15:04"
	}
	for i := range mostTicks {
		at := t.From.Add(t.To.Sub(t.From) * time.Duration(i) / (mostTicks - 1))
		t.Ticks = append(t.Ticks, tick{t.x(at), at.UTC().Format(layout)})
	}
}

// sentence says what a timeline shows to who can't see it.
func sentence(changes []correlate.ChangeRecord, services int) string {
	count := map[string]int{}
	for _, c := range changes {
		count[listedMark(c).Letter]++
	}
	said := fmt.Sprintf("%d changes of %d services: %d regressed, %d healthy, %d inconclusive, %d observed", len(changes), services, count["R"], count["H"], count["?"], count["…"])
	if n := count["O"]; n > 0 {
		said += fmt.Sprintf(", %d regressed and overruled by people", n)
	}
	return said + "."
}
