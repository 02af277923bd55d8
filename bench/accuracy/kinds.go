package accuracy

import (
	"fmt"
	"slices"
)

// kind is a row of the taxonomy. make fills a plan; half of what it can make both ways is healthy.
type kind struct {
	name  string
	what  string // in a sentence, for the page
	truth truth
	make  func(p *plan)
}

// truth is which labels a kind may have.
type truth int

const (
	either truth = iota
	alwaysHealthy
	neither // nothing can be known
)

// kinds is the whole taxonomy, in the order of the tables.
func kinds() []kind {
	return []kind{
		{"partial_errors", "part of the requests fails: ×1.5 to ×10 of the usual error ratio", either, partialErrors},
		{"latency_shift", "all requests take ×1.2 to ×3 as long", either, latencyShift},
		{"tail_only", "2 to 8 % of the requests take ×4 to ×20 as long, the others as long as before", either, tailOnly},
		{"memory_leak", "memory fills in 12 to 35 minutes; garbage collection, then kills", either, memoryLeak},
		{"memory_cycle", "memory fills in 4 to 15 minutes, instance by instance, and each restarts in its place; hardly a request suffers", either, memoryCycle},
		{"fan_out", "each request calls the callee 2 to 5 times as often, and the callee fails or waits; healthy: as often as before", either, fanOut},
		{"traffic_loss", "60 to 100 % of the requests no longer arrive", either, trafficLoss},
		{"dependency_failure", "the changed service looks fine, those who call it fail or wait", either, dependencyFailure},
		{"canary_only", "staged, old beside new: only the new version fails or is slow", either, canaryOnly},
		{"slow_burn", "errors or latency grow over 20 to 40 minutes", either, slowBurn},
		{"diurnal", "errors or latency while the load climbs or falls by its day", either, diurnalLoad},
		{"decoys", "a fault, and healthy changes of the neighbours within 10 minutes", either, decoys},
		{"low_traffic", "0.05 to 1 requests a second; errors ×5 to ×50, or ×2 to ×4 as slow", either, lowTraffic},
		{"noisy_healthy", "bursts, blips and straying latencies, but no fault", alwaysHealthy, noisyHealthy},
		{"shared_outage", "all services fail for a while, and not because of the change", alwaysHealthy, sharedOutage},
		{"dependency_outage", "what the changed service needs fails for a while, and not because of the change", alwaysHealthy, dependencyOutage},
		{"no_data", "no telemetry of the changed service, or none of anybody after the change", neither, noData},
		{"zone_by_zone", "one zone after the other, or only one, without a version in telemetry; errors or latency there alone", either, zoneByZone},
		{"paced_rollouts", "callees roll out at the same time at different paces; their caller fails as one of them does", either, pacedRollouts},
		{"wrong_answers", "callees roll out together; one answers quickly, successfully and wrongly, and its caller fails; with traces", either, wrongAnswers},
		{"mix_shift", "requests move to a route that is slow and fails often; or between routes, of which one becomes worse", either, mixShift},
		{"cost_shift", "routes are renamed or split; or that, and all requests fail or are slower", either, costShift},
		{"gauges", "a custom signal shifts, spikes or drifts by 7 to 25 σ, the requests don't; its noise remembers, has a day, or bursts", either, gauges},
		{"kpi_only", "the same of a service that has nothing but one to three custom signals", either, kpiOnly},
		{"warm_up", "slow or failing for 2 to 8 minutes after every rollout, the earlier ones too; then perhaps a fault", either, warmUp},
	}
}

// Kinds are the names of the taxonomy, in the order of the tables.
func Kinds() []string {
	var names []string
	for _, k := range kinds() {
		names = append(names, k.name)
	}
	return names
}

// plan is a case in the making.
type plan struct {
	*world
	changed *service
	bad     bool
	sc      scene
	c       Case
	plain   bool
	effect  string
}

// build is the case of a kind and a seed, the same one at every call. Half of the seeds make a change bad, of the kinds
// that can.
func (k kind) build(seed uint64) Case {
	p := &plan{bad: k.truth == either && seed%2 == 1, c: Case{Kind: k.name, Seed: seed}}
	p.world = &world{r: seeded(k.name, seed)}
	k.make(p)
	p.c.Silent, p.c.Outage = k.truth == neither, len(p.outages) > 0
	p.tell(&p.c)
	return p.c
}

// open sets the scene.
func (p *plan) open(sc scene) {
	if sc.pace == nil {
		sc.pace = anyPace
	}
	p.sc = sc
	p.world, p.changed = shop(p.r, sc)
}

// releaseBad releases the changed service; bad or not is the plan's.
func (p *plan) releaseBad(h harm) *rollout {
	if !p.bad {
		h, p.plain, p.effect = harm{}, true, "none"
	}
	if p.bad && h.errors > 1 && len(p.changed.failures) > 0 && p.r.chance(0.5) {
		h.exception = "shop.NoSuchColumn"
	}
	o := p.release(p.changed, "orders-"+p.c.Kind, p.change, p.sc.pace(p.r), h)
	p.label(p.changed, o, p.bad)
	if p.bad {
		p.c.Culprit = o.id
	}
	return o
}

func (p *plan) label(s *service, o *rollout, bad bool) {
	_, fresh := o.at(p.until)
	l := Label{ID: o.id, Bad: bad, Start: o.start, RPS: s.rps * fresh.share, Control: p.control(s, o), Plain: p.plain || !bad, Effect: "none"}
	if bad {
		l.Effect = p.effect
	}
	p.c.Changes = append(p.c.Changes, l)
}

// control is the best that the change can be compared with for a quarter of an hour.
func (p *plan) control(s *service, o *rollout) string {
	switch {
	case s.zones != nil:
		return "zones"
	case s.versions && (o.finish == 0 || o.finish-o.start >= 900):
		return "versions"
	case p.change-p.from >= 86400+3600:
		return "days"
	}
	return "hours"
}

// moreErrors and slower choose how bad it is, and keep it in words.
func (p *plan) moreErrors(factors ...float64) harm {
	f := choose(p.r, factors...)
	p.plain, p.effect = f >= 3, fmt.Sprintf("errors ×%g", f)
	return harm{errors: f}
}

func (p *plan) slower(factors ...float64) harm {
	f := choose(p.r, factors...)
	p.plain, p.effect = f >= 1.5, fmt.Sprintf("latency ×%g", f)
	return harm{slow: f}
}

func (p *plan) eitherWay() harm {
	if p.r.chance(0.5) {
		return p.moreErrors(2, 3, 5, 10)
	}
	return p.slower(1.35, 1.5, 2, 3)
}

func partialErrors(p *plan) {
	p.open(scene{})
	h := p.moreErrors(1.5, 2, 3, 3, 5, 10)
	if p.r.chance(0.2) {
		h.delay = p.r.seconds(30, 600)
		p.effect, p.plain = fmt.Sprintf("%s after %d s", p.effect, h.delay), false
	}
	p.releaseBad(h)
}

func latencyShift(p *plan) {
	p.open(scene{})
	h := p.slower(1.2, 1.35, 1.5, 1.5, 2, 3)
	p.releaseBad(h)
}

func tailOnly(p *plan) {
	p.open(scene{})
	h := harm{tail: p.r.between(0.02, 0.08), tailSlow: p.r.spread(4, 20)}
	p.effect = fmt.Sprintf("%.0f %% of requests ×%.0f", 100*h.tail, h.tailSlow)
	p.releaseBad(h)
}

func memoryLeak(p *plan) {
	p.open(scene{})
	p.changed.memory = p.r.between(0.3, 0.6)
	p.changed.restarts = &restarts{}
	h := harm{leak: p.r.seconds(720, 2100)}
	p.effect = fmt.Sprintf("full in %d s", h.leak)
	p.releaseBad(h)
}

// memoryCycle fills the memory again and again, and requests go on: other instances take over. Healthy ones fill a cache once,
// and of some now and then one restarts for another reason.
func memoryCycle(p *plan) {
	p.open(scene{})
	p.changed.memory = p.r.between(0.3, 0.6)
	p.changed.restarts = &restarts{grown: p.r.between(0, 0.3), others: p.r.chance(0.3)}
	h := harm{leak: p.r.seconds(240, 900), spared: true}
	p.effect = fmt.Sprintf("full in %d s", h.leak)
	p.releaseBad(h)
}

// fanOut lets each request of the changed service call its callee several times: a loop around a query, or retries. The callee
// bears it badly. Half of the time that one is released as well, and is fine.
func fanOut(p *plan) {
	p.open(scene{})
	callee := p.changed.calls[0].to
	h := p.eitherWay()
	more := p.r.between(2, 5)
	p.effect, p.plain = fmt.Sprintf("calls ×%.1f, %s", more, p.effect), false
	o := p.release(p.changed, "orders-"+p.c.Kind, p.change, p.sc.pace(p.r), harm{})
	p.label(p.changed, o, p.bad)
	if p.bad {
		p.c.Culprit, o.harm.calls = o.id, more
		callee.suffers = append(callee.suffers, suffering{o, h, false})
	}
	if p.r.chance(0.5) {
		p.releaseDecoy(callee)
	}
}

func trafficLoss(p *plan) {
	p.open(scene{})
	h := harm{lost: choose(p.r, 0.6, 0.8, 0.95, 1), loud: p.r.chance(0.4)}
	p.effect = fmt.Sprintf("%.0f %% lost, callers notice: %t", 100*h.lost, h.loud)
	p.releaseBad(h)
}

// dependencyFailure changes what orders calls: answers look right to those who give them.
func dependencyFailure(p *plan) {
	p.open(scene{})
	callee := p.changed.calls[0].to
	h := p.eitherWay()
	p.plain = false
	o := p.release(callee, "stock-"+p.c.Kind, p.change, p.sc.pace(p.r), harm{})
	p.label(callee, o, p.bad)
	if p.bad {
		p.c.Culprit = o.id
		p.changed.suffers = append(p.changed.suffers, suffering{o, h, p.r.chance(0.5)})
	}
	if p.r.chance(0.4) {
		p.releaseDecoy(p.services[len(p.services)-1])
	}
}

func canaryOnly(p *plan) {
	p.open(scene{pace: func(r random) pace {
		if r.chance(0.5) {
			return heldBack(r)
		}
		return staged(r)
	}})
	p.changed.versions = true
	p.releaseBad(p.eitherWay())
}

func slowBurn(p *plan) {
	p.open(scene{})
	h := p.moreErrors(3, 5, 10)
	if p.r.chance(0.4) {
		h = p.slower(1.5, 2, 3)
	}
	h.ramp = p.r.seconds(1200, 2400)
	p.plain, p.effect = false, fmt.Sprintf("%s over %d s", p.effect, h.ramp)
	p.releaseBad(h)
}

func diurnalLoad(p *plan) {
	p.open(scene{day: p.r.between(0.6, 1.1), steep: true})
	p.changed.busier = p.r.between(0, 0.3)
	p.releaseBad(p.eitherWay())
}

// decoys also changes two or three neighbours. They notice what the fault does, and didn't do it.
func decoys(p *plan) {
	p.open(scene{})
	h := p.eitherWay()
	p.releaseBad(h)
	others := p.services[:0:0]
	for _, s := range p.services {
		if s != p.changed {
			others = append(others, s)
		}
	}
	p.r.Shuffle(len(others), func(i, j int) { others[i], others[j] = others[j], others[i] })
	for _, s := range others[:p.r.seconds(2, 3)] {
		p.releaseDecoy(s)
	}
}

func (p *plan) releaseDecoy(s *service) {
	o := p.release(s, s.name+"-decoy", p.change+p.r.seconds(-600, 600), p.sc.pace(p.r), harm{})
	p.label(s, o, false)
}

func lowTraffic(p *plan) {
	p.open(scene{rps: p.r.spread(0.05, 1)})
	h := p.moreErrors(5, 10, 50)
	if p.r.chance(0.4) {
		h = p.slower(2, 3, 4)
	}
	p.releaseBad(h)
}

func noisyHealthy(p *plan) {
	p.open(scene{noise: wild})
	p.releaseBad(harm{})
}

func sharedOutage(p *plan) {
	p.open(scene{})
	p.releaseBad(harm{})
	h := p.eitherWay()
	h.errors *= 2
	from := p.change + p.r.seconds(-300, 1500)
	p.outages = []outage{{nil, from, from + p.r.seconds(180, 3600), h}}
}

// dependencyOutage lets a callee of the changed service fail by itself, soon after the change.
func dependencyOutage(p *plan) {
	p.open(scene{})
	p.releaseBad(harm{})
	callee := p.changed.calls[0].to
	h := p.moreErrors(10, 30)
	if p.r.chance(0.4) {
		h = p.slower(2, 4)
	}
	from := p.change + p.r.seconds(-120, 1500)
	p.outages = []outage{{callee, from, from + p.r.seconds(300, 3600), h}}
}

// noData is silence of one kind or another.
func noData(p *plan) {
	p.open(scene{})
	p.releaseBad(harm{})
	change := p.change
	switch p.r.IntN(3) {
	case 0: // nobody ever instrumented it
		p.changed.silent = func(int64) bool { return true }
	case 1: // all telemetry ends with the change
		for _, s := range p.services {
			s.silent = func(at int64) bool { return at >= change }
		}
	case 2: // it has been gone for hours
		p.changed.silent = func(at int64) bool { return at >= change-2*3600 }
	}
}

// pacedRollouts lets what orders calls, and half of the time orders itself, roll out instance by instance from about the
// same instant on, each at a pace of its own. The answers of one look right to it, and are wrong for its caller.
func pacedRollouts(p *plan) {
	stock, prices := p.openBoth()
	during := []int64{p.r.seconds(120, 300), p.r.seconds(600, 1000), p.r.seconds(1400, 2400)}
	p.r.Shuffle(len(during), func(i, j int) { during[i], during[j] = during[j], during[i] })
	rolled := []*service{stock, prices}
	if p.r.chance(0.5) {
		rolled = append(rolled, p.changed)
	}
	guilty := p.r.IntN(2)
	h := p.moreErrors(3, 5, 10)
	if p.r.chance(0.4) {
		h = p.slower(1.5, 2, 3)
	}
	p.plain = false
	for i, s := range rolled {
		o := p.release(s, s.name+"-paced", p.change+p.r.seconds(0, 60), pace{during: during[i]}, harm{})
		o.whole = false
		p.label(s, o, p.bad && i == guilty)
		if p.bad && i == guilty {
			p.c.Culprit = o.id
			p.changed.suffers = append(p.changed.suffers, suffering{o, h, false})
		}
	}
}

// openBoth sets a scene in which orders calls both stock and prices, and versions are told.
func (p *plan) openBoth() (stock, prices *service) {
	p.open(scene{rps: choose(p.r, 20.0, 60, 200) * p.r.between(1, 1.5)})
	stock, prices = p.services[0], p.services[1]
	if p.changed.needsNo(prices) {
		p.changed.calls = append(p.changed.calls, link(p.r, prices))
	}
	for _, s := range p.services {
		s.versions = true
	}
	return stock, prices
}

// wrongAnswers lets both callees of orders roll out at the same time, as a canary or instance by instance. Requests that
// touch the new version of one of them fail in orders, and traces tell that.
func wrongAnswers(p *plan) {
	stock, prices := p.openBoth()
	for _, s := range p.services {
		s.spans = true
	}
	p.traced = true
	guilty := p.r.IntN(2)
	h := p.moreErrors(5, 10, 30)
	p.plain = false
	pace := choose(p.r, staged(p.r), heldBack(p.r), rolling(p.r))
	for i, s := range []*service{stock, prices} {
		o := p.release(s, s.name+"-answers", p.change+p.r.seconds(0, 30), pace, harm{})
		p.label(s, o, p.bad && i == guilty)
		if p.bad && i == guilty {
			p.c.Culprit = o.id
			p.changed.suffers = append(p.changed.suffers, suffering{o, h, false})
		}
	}
}

func (s *service) needsNo(callee *service) bool {
	return !slices.ContainsFunc(s.calls, func(c call) bool { return c.to == callee })
}

// warmUp rolls out several times before: each time caches are cold for minutes, and nothing is wrong. The last time the
// same happens, with or without a fault.
func warmUp(p *plan) {
	usual := anyPace(p.r)
	earlier := p.r.seconds(3, 5)
	p.open(scene{pace: func(random) pace { return usual }, lived: (earlier + 1) * 2 * 3600})
	w := newWarming(p.r)
	at := p.change
	var starts []int64
	for range earlier {
		at -= p.r.seconds(5400, 2*3600)
		starts = append(starts, at)
	}
	for i, at := range slices.Backward(starts) {
		o := p.release(p.changed, fmt.Sprintf("orders-before-%d", i), at, usual, harm{})
		w.slow(p.r, o)
	}
	h := p.eitherWay()
	o := p.releaseBad(h)
	w.slow(p.r, o)
	p.plain = false
}
