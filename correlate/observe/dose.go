package observe

import (
	"cmp"
	"math"
	"slices"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/blame"
	"github.com/shipwake/shipwake/correlate/cells"
	"github.com/shipwake/shipwake/correlate/window"
)

const (
	// doseWindow is how wide the windows are in which a rollout is compared with a fault, in seconds, and doseBefore and
	// doseAfter how much of the time around the onset is.
	doseWindow, doseBefore, doseAfter = 60, 1800, 3600
	// stepLeast is by how much the share of a new version must have moved for that to be a step of its rollout, and
	// stepDeviations the same in standard deviations of a share of so many requests.
	stepLeast, stepDeviations = 0.05, 4
)

// doseWidth is doseWindow in whole buckets.
func (o *Observer) doseWidth() int64 {
	return (doseWindow + o.cfg.Resolution - 1) / o.cfg.Resolution * o.cfg.Resolution
}

// Course is how the events of a fault went around its onset, up to the instant of the view.
func (o *Observer) Course(v *View, f Fault, around Around) blame.Course {
	from := o.oldestNear(v, f.Place, around.From)
	if from == math.MaxInt64 {
		return blame.Course{}
	}
	width := o.doseWidth()
	end := f.until(min(v.At, f.Onset+doseAfter))
	memory, k := o.Neighbour(v, f.Place, from, end)
	windows, phi := memory.Course(&o.cfg.Judge, k, f.Signal, window.Floor(f.Onset-doseBefore, width), end, width)
	course := blame.Course{Width: width, Dispersion: phi, Windows: make([]blame.Window, len(windows))}
	for i, w := range windows {
		course.Windows[i] = blame.Window(w)
	}
	return course
}

// Serving is how many requests of a service its new version answered in a window, of how many, and the share at which
// its rollout stood.
type Serving struct {
	at, fresh, all int64
	share          float64
}

// Servings follows the rollout of a change from the earlier of two instants, its start and half an hour before another
// one, up to a third. It is nil while telemetry doesn't tell the new version. What the version served before it came back counts as
// not served.
func (o *Observer) Servings(c *Subject, around, to int64) []Serving {
	version := o.ServedVersion(c, to)
	s := o.cells.Service(cells.Met(o.cells, c.Place, to))
	if version == "" || s == nil {
		return nil
	}
	str := telling(s, version, to)
	if str == nil {
		return nil
	}
	width := o.doseWidth()
	since := int64(math.MinInt64)
	if seen, known := s.Version(version); known && seen.First < c.Start-o.cfg.AdoptAfter {
		since = window.Floor(c.Start, o.cfg.Resolution)
	}
	from := window.Floor(min(around-doseBefore, c.Start), width)
	all := make([]Serving, 0, (to-from)/width+1)
	fresh := str.Version(version).Between(max(from, since), to)
	for _, cell := range str.Total().Between(from, to) {
		at := window.Floor(cell.Start, width)
		if n := len(all); n == 0 || all[n-1].at != at {
			all = append(all, Serving{at: at})
		}
		w := &all[len(all)-1]
		w.all += cell.Requests
		for len(fresh) > 0 && fresh[0].Start <= cell.Start {
			w.fresh += fresh[0].Requests
			fresh = fresh[1:]
		}
	}
	return level(all)
}

// level finds where a rollout stood: shares of few requests stray, so windows are put together until one differs from
// those before it by more than chance.
func level(all []Serving) []Serving {
	for from := 0; from < len(all); {
		var fresh, total int64
		to := from
		for ; to < len(all) && !all[to].departs(fresh, total); to++ {
			fresh, total = fresh+all[to].fresh, total+all[to].all
		}
		for i := from; i < to; i++ {
			all[i].share = float64(fresh) / float64(max(1, total))
		}
		from = to
	}
	return all
}

// departs says that a window's share is another than that of what was put together before it.
func (w Serving) departs(fresh, total int64) bool {
	if w.all == 0 || total == 0 {
		return false
	}
	n, m := float64(w.all), float64(total)
	share, both := float64(w.fresh)/n, float64(w.fresh+fresh)/(n+m)
	apart := math.Abs(share - float64(fresh)/m)
	return apart >= stepLeast && apart >= stepDeviations*math.Sqrt(both*(1-both)*(1/n+1/m))
}

// WholeAt says that only the new version served at an instant.
func WholeAt(all []Serving, at int64) bool {
	const whole = 0.99
	n, _ := slices.BinarySearchFunc(all, at+1, func(w Serving, at int64) int { return cmp.Compare(w.at, at) })
	return n > 0 && all[n-1].share >= whole
}

// telling is the account of requests that tells a version by an instant, nil when none does: one that tells requests singly,
// else the most trusted. What counts for a minute before it tells can't say when a rollout advanced.
func telling(s *cells.Service, version string, by int64) (found *cells.Stream) {
	for _, k := range s.Keys() {
		a := account{key: k, Stream: s.Stream(k)}
		if k.Kind != correlate.Traffic || !a.Version(version).BeganBefore(by) {
			continue
		}
		if a.singly() {
			return a.Stream
		}
		if found == nil {
			found = a.Stream
		}
	}
	return found
}

// Doses are the shares of requests that the new version served, one for each window of a course. While nothing is served
// the share is what it was.
func Doses(course *blame.Course, all []Serving) []float64 {
	if len(all) == 0 {
		return nil
	}
	doses := make([]float64, len(course.Windows))
	share := 0.0
	for i, w := range course.Windows {
		for ; len(all) > 0 && all[0].at <= w.At; all = all[1:] {
			share = all[0].share
		}
		doses[i] = share
	}
	return doses
}

// Steps are the instants at which a rollout advanced, as far as they are known by an instant: as it was reported, and as
// the share of the new version shows it.
func (s *Subject) Steps(all []Serving, t int64) []int64 {
	steps := []int64{s.Start}
	if s.Finish > s.Start && s.Finish <= t {
		steps = append(steps, s.Finish)
	}
	for _, z := range s.Zones {
		if z.Reached > s.Start && z.Reached <= t {
			steps = append(steps, z.Reached)
		}
	}
	for i := 1; i < len(all); i++ {
		if all[i].share > all[i-1].share && all[i].at > s.Start {
			steps = append(steps, all[i].at)
		}
	}
	slices.Sort(steps)
	return slices.Compact(steps)
}
