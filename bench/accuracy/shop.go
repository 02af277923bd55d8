package accuracy

// scene is what a kind of case decides about its world; what it leaves open is drawn.
type scene struct {
	rps   float64 // of the changed service; 0 is 2, 20 or 200
	noise func(random) noise
	pace  func(random) pace
	day   float64 // amplitude of the load's day
	steep bool    // the change happens where the load changes fastest
	past  int64   // seconds of history; 0 is drawn
	lived int64   // seconds before the baseline that are told in fine cells too
}

// monday is the midnight before the week of all cases, in Unix seconds: day 0 of the season's week.
const monday = 2920 * 7 * 86400

// baseline is what every case has before its change: an hour, and a little more.
const baseline = 3600 + coarse

// shop makes a world around one service that is about to change: who calls it, what it calls, and one that has nothing
// to do with it.
func shop(r random, sc scene) (*world, *service) {
	if sc.rps == 0 {
		sc.rps = choose(r, 2.0, 20, 20, 200, 200) * r.between(1, 1.5)
	}
	if sc.noise == nil {
		sc.noise = usual
	}
	if sc.past == 0 {
		sc.past = pastOf(r)
	}
	se := &season{day: sc.day, weekend: r.between(0.6, 1), peak: r.seconds(0, 86399)}
	if sc.day == 0 {
		se.day = r.between(0.1, 0.4)
	}
	se.half = se.day * r.between(0, 0.3)
	w := &world{r: r}
	w.change = monday + 9*86400 + r.seconds(0, 86399) // not a multiple of anything
	if sc.steep {
		slope := choose(r, int64(-1), 1)
		se.peak = (w.change + slope*r.seconds(4*3600, 8*3600) + 7*86400) % 86400
	}
	w.fine = (w.change - baseline - sc.lived) / coarse * coarse
	w.from = min(w.fine, (w.change-sc.past)/coarse*coarse)
	w.until = w.change

	versions, spans := r.chance(0.75), r.chance(0.5)
	stray := sc.noise(r)
	open := func(name string, rps float64) *service {
		return &service{
			name: name, rps: rps, errors: r.spread(0.001, 0.02), instances: instancesFor(r, rps),
			times:    newTimes(r.spread(0.01, 0.4), r.between(0.3, 0.8), r.between(0, 0.03), r.spread(3, 10)),
			versions: versions, spans: spans, season: se, busier: r.between(0, 0.15), moods: newMoods(r, stray),
		}
	}
	stock, prices := open("stock", sc.rps*r.between(0.5, 2)), open("prices", sc.rps*r.between(0.3, 3))
	changed := open("orders", sc.rps)
	front, mail := open("front", sc.rps*r.between(1, 3)), open("mail", r.spread(1, 50))
	changed.calls = []call{link(r, stock)}
	if r.chance(0.5) {
		changed.calls = append(changed.calls, link(r, prices))
	}
	front.calls = []call{link(r, changed)}
	w.services = []*service{stock, prices, changed, front, mail}
	if r.chance(0.3) {
		api := open("api", sc.rps*r.between(0.5, 2))
		api.calls = []call{link(r, changed)}
		w.services = append(w.services, api)
	}
	if r.chance(0.4) {
		changed.logs = r.between(0.2, 3)
	}
	if r.chance(0.5) {
		changed.failures = []string{"io.TimeoutException", "shop.InvalidInput"}
	}
	if r.chance(0.4) {
		changed.memory = r.between(0.3, 0.6)
	}
	return w, changed
}

func link(r random, to *service) call {
	return call{to: to, share: r.between(0.2, 1), weight: r.between(0.1, 0.7), way: r.spread(2e5, 5e6)}
}

// pastOf is how long telemetry has come in when a change happens: seldom less than a day.
func pastOf(r random) int64 {
	const day = 86400
	switch p := r.Float64(); {
	case p < 0.03:
		return baseline
	case p < 0.08:
		return r.seconds(2*3600, 22*3600)
	case p < 0.3:
		return day + r.seconds(2*3600, 12*3600)
	case p < 0.75:
		return day * r.seconds(2, 5)
	}
	return 7*day + 6*3600
}

func instancesFor(r random, rps float64) int {
	switch {
	case rps < 5:
		return int(r.seconds(2, 4))
	case rps < 50:
		return int(r.seconds(3, 10))
	}
	return int(r.seconds(8, 30))
}

// anyPace is how changes usually roll out.
func anyPace(r random) pace {
	switch p := r.Float64(); {
	case p < 0.35:
		return atOnce(r)
	case p < 0.75:
		return rolling(r)
	}
	return staged(r)
}

// release changes a service, and lets the world go on until the window has passed.
func (w *world) release(s *service, id string, start int64, p pace, h harm) *rollout {
	o := roll(w.r, id, start, s.instances, p, w.r.between(0.005, 0.04))
	o.harm = h
	if s.zones != nil {
		o.goThrough(w.r, s.zones, s.stop)
	}
	s.rollouts = append(s.rollouts, o)
	w.until = max(w.until, (max(o.start, o.finish)+window)/bucket*bucket)
	return o
}

// window is for how long a change is observed by default, with the grace time and what lateness takes.
const window = 3600 + 60 + 120
