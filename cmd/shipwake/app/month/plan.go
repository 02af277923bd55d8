package month

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/dora"
)

// release is a version of a service on its way to users: from its start on a part of the traffic is its, from full on all.
type release struct {
	version     string
	start, full int64
	canary      bool
	fault       fault
}

// fault is what is wrong with a version, or for all versions of a service for a while.
type fault struct {
	span
	errors float64 // added to the error ratio
	slower float64 // factor of the latency, 0 for none
}

func (f fault) none() bool { return f.errors == 0 && f.slower == 0 }

// sent is a delivery: what somebody sends, and when it arrives.
type sent struct {
	at   time.Time
	id   string
	fact correlate.Fact
	text string // instead of a fact
}

// plan is everything that will happen.
type plan struct {
	rng         *rand.Rand
	from, until time.Time
	services    []*service
	faults      map[int][]fault // of services, whatever their version
	sent        []sent
	versions    map[int]int
	free        map[int]time.Time // when the last change of a service is over
	incidents   int
	outage      span // of the pipeline's hook: what happens in it arrives at its end
}

// newPlan makes up a stretch of time. The same seed and the same times make the same one.
func newPlan(seed uint64, from, until time.Time) *plan {
	rng := rand.New(rand.NewPCG(seed, 14))
	p := &plan{
		rng: rng, from: from, until: until, services: found(rng), faults: map[int][]fault{},
		versions: map[int]int{}, free: map[int]time.Time{},
	}
	for i := range p.services {
		p.versions[i] = 100 + 7*i%40
		p.free[i] = from.Add(3 * time.Hour)
	}
	quiet := until.Add(-tail)
	broken := from.Add(until.Sub(from) * 2 / 5).Truncate(24 * time.Hour).Add(10 * time.Hour)
	if broken.Add(24 * time.Hour).Before(quiet) {
		p.outage = span{broken.Unix(), broken.Add(5 * time.Hour).Unix()}
	}
	for day := from.Truncate(24 * time.Hour); day.Before(quiet); day = day.AddDate(0, 0, 1) {
		p.day(day, quiet)
	}
	p.ending()
	slices.SortStableFunc(p.sent, func(a, b sent) int { return cmp.Or(a.at.Compare(b.at), cmp.Compare(a.id, b.id)) })
	p.active()
	return p
}

// tail is how long before the end the made-up month gives way to what is told by ending.
const tail = 4 * time.Hour

// day fills a day: much on working days, little at the weekend, nothing at night.
func (p *plan) day(day, before time.Time) {
	weekend := day.Weekday() == time.Saturday || day.Weekday() == time.Sunday
	for i, s := range p.services {
		rate := s.perDay
		if weekend {
			rate /= 25
		}
		for range p.poisson(rate) {
			at := day.Add(time.Duration((8 + 9*p.rng.Float64()) * float64(time.Hour))).Truncate(time.Second)
			if at.After(p.free[i]) && at.Before(before.Add(-3*time.Hour)) {
				p.change(i, at)
			}
		}
	}
	if p.rng.Float64() < 0.35 {
		p.trouble(day.Add(time.Duration(24*p.rng.Float64()*float64(time.Hour))).Truncate(time.Second), before)
	}
	if p.rng.Float64() < 0.25 && !weekend {
		p.unreadable(day.Add(11 * time.Hour))
	}
}

// change is one change of a service: mostly a deployment, sometimes a flag, a setting, or the machines below.
func (p *plan) change(i int, at time.Time) {
	switch draw := p.rng.Float64(); {
	case p.services[i].environment != "production" || draw < 0.86:
		p.deploy(i, at, p.outcome(p.services[i].risk))
	case draw < 0.94:
		p.flip(i, at, correlate.KindFeatureFlag)
	case draw < 0.97:
		p.flip(i, at, correlate.KindConfig)
	default:
		p.flip(i, at, correlate.KindInfrastructure)
	}
}

// outcome draws what a change does to the service.
func (p *plan) outcome(risk float64) fault {
	switch draw := p.rng.Float64() / risk; {
	case draw < 0.5:
		return fault{errors: 0.03 + 0.12*p.rng.Float64()}
	case draw < 0.85:
		return fault{slower: 1.8 + 1.5*p.rng.Float64()}
	case draw < 1:
		return fault{errors: 0.004 + 0.004*p.rng.Float64()} // so little that it may go unseen
	}
	return fault{}
}

func (p *plan) poisson(mean float64) (n int) {
	for at := p.rng.Float64(); at > math.Exp(-mean); at *= p.rng.Float64() {
		n++
	}
	return n
}

// minutes draws a time between two numbers of minutes.
func (p *plan) minutes(from, to float64) time.Duration {
	return time.Duration((from + (to-from)*p.rng.Float64()) * float64(time.Minute)).Truncate(time.Second)
}

// deploy deploys the next version of a service, and repairs what it breaks.
func (p *plan) deploy(i int, at time.Time, f fault) correlate.Change {
	s := p.services[i]
	took := p.minutes(2, 9)
	if s.canary {
		took = p.minutes(20, 30)
	}
	c := p.next(i, at, took)
	switch draw := p.rng.Float64(); {
	case draw < 0.02:
		c.Status, c.Version = correlate.StatusFailed, c.Version+"-broken"
	case draw < 0.03:
		c.Status, c.Version = correlate.StatusCancelled, c.Version+"-stopped"
	default:
		p.serve(i, c, f)
		p.versions[i]++
	}
	p.report(c)
	p.free[i] = c.FinishedAt.Add(2 * time.Hour)
	if !f.none() && c.Status == "" {
		p.repair(i, c, f)
	}
	return c
}

// next is a deployment of the next version.
func (p *plan) next(i int, at time.Time, took time.Duration) correlate.Change {
	s, n := p.services[i], p.versions[i]
	c := correlate.Change{
		ID: fmt.Sprintf("%s-%s-%d", s.name, s.environment, n+1), Kind: correlate.KindDeployment, Service: s.name,
		Environment: s.environment, Version: version(n + 1), PreviousVersion: version(n), Team: s.team,
		StartedAt: at, FinishedAt: at.Add(took), URL: fmt.Sprintf("https://ci.example/%s/runs/%d", s.name, n+1),
		Actor: []string{"amara", "bo", "chen", "dalia", "emre", "fatou"}[p.rng.IntN(6)],
	}
	for range 1 + p.poisson(1.5) {
		authored := at.Add(-time.Duration(float64(s.lead) * math.Exp(0.7*p.rng.NormFloat64()))).Truncate(time.Second)
		c.Commits = append(c.Commits, correlate.Commit{SHA: fmt.Sprintf("%040x", p.rng.Uint64()), AuthoredAt: authored})
	}
	return c
}

func version(n int) string { return fmt.Sprintf("2.%d.%d", n/20, n%20) }

// serve has a version reach users.
func (p *plan) serve(i int, c correlate.Change, f fault) {
	s := p.services[i]
	f.span = span{c.StartedAt.Unix(), math.MaxInt64}
	s.releases = append(s.releases, release{
		version: c.Version, start: c.StartedAt.Unix(), full: c.FinishedAt.Unix(),
		canary: s.canary && c.Kind == correlate.KindDeployment, fault: f,
	})
}

// report is what the pipeline sends of a change: its start and its end, sometimes twice, sometimes hours later.
func (p *plan) report(c correlate.Change) {
	delay := time.Duration(0)
	if p.rng.Float64() < 0.025 {
		delay = p.minutes(150, 900)
	}
	p.tell(c, delay)
	if p.rng.Float64() < 0.03 {
		p.send(c.FinishedAt.Add(delay+time.Minute), c.ID+"/finished", correlate.Fact{Change: &c})
	}
}

// tell sends the start and the end of a change.
func (p *plan) tell(c correlate.Change, delay time.Duration) {
	begun := c
	begun.Status, begun.FinishedAt, begun.Commits = correlate.StatusStarted, time.Time{}, nil
	p.send(begun.StartedAt.Add(delay), c.ID+"/started", correlate.Fact{Change: &begun})
	p.send(c.FinishedAt.Add(delay), c.ID+"/finished", correlate.Fact{Change: &c})
}

// send has a fact arrive some seconds after it happened, or once the hook answers again.
func (p *plan) send(at time.Time, id string, f correlate.Fact) {
	if u := at.Unix(); u >= p.outage.from && u < p.outage.to && f.Change != nil {
		at = time.Unix(p.outage.to, 0).UTC().Add(p.minutes(0, 3))
	}
	at = at.Add(2 * time.Second)
	if at.Before(p.until) {
		p.sent = append(p.sent, sent{at: at, id: id, fact: f})
	}
}

// repair ends what a change broke: by a rollback, a hotfix, or some time later.
func (p *plan) repair(i int, bad correlate.Change, f fault) {
	s := p.services[i]
	if s.environment != "production" {
		return
	}
	noticed := bad.StartedAt.Add(p.minutes(6, 25))
	repaired := noticed.Add(p.minutes(8, 55))
	if f.errors > 0 && f.errors < 0.01 {
		repaired = bad.FinishedAt.Add(p.minutes(600, 1300)) // nobody noticed for long
		p.fix(i, bad, repaired)
		return
	}
	c := p.fix(i, bad, repaired)
	if p.rng.Float64() < 0.65 {
		p.incident(bad, noticed, c.FinishedAt.Add(p.minutes(2, 10)))
	}
}

// fix rolls a change back or deploys a hotfix over it.
func (p *plan) fix(i int, bad correlate.Change, at time.Time) correlate.Change {
	c := p.next(i, at, p.minutes(2, 6))
	if p.rng.Float64() < 0.65 {
		c.ID, c.Kind, c.Version, c.PreviousVersion, c.Commits = bad.ID+"-rollback", correlate.KindRollback, bad.PreviousVersion, bad.Version, nil
	} else {
		c.Labels = map[string]string{dora.LabelClass: dora.ClassHotfix}
		p.versions[i]++
	}
	p.serve(i, c, fault{})
	p.report(c)
	p.free[i] = c.FinishedAt.Add(2 * time.Hour)
	return c
}

// incident is what people or alerts noticed of a bad change. Some name the change, some name it days later, and some were
// taken for the fault of a change and weren't.
func (p *plan) incident(bad correlate.Change, opened, resolved time.Time) {
	p.incidents++
	i := correlate.Incident{
		ID: fmt.Sprintf("INC-%d", 1000+p.incidents), Service: bad.Service, Environment: bad.Environment,
		Severity: []string{"critical", "major", "minor"}[p.rng.IntN(3)], Title: bad.Service + " fails for some users", OpenedAt: opened,
	}
	p.send(opened, i.ID+"/opened", correlate.Fact{Incident: &i})
	closed := i
	closed.ResolvedAt = resolved
	draw := p.rng.Float64()
	if draw < 0.4 {
		closed.CausedBy = bad.ID
	}
	p.send(resolved, i.ID+"/resolved", correlate.Fact{Incident: &closed})
	if draw > 0.9 {
		corrected := closed
		corrected.CausedBy, corrected.UpdatedAt = correlate.CausedByNone, resolved.Add(p.minutes(1500, 6000))
		p.send(corrected.UpdatedAt, i.ID+"/corrected", correlate.Fact{Incident: &corrected})
	}
}

// trouble is what no change brought: a service fails for a while, and somebody opens an incident.
func (p *plan) trouble(at, before time.Time) {
	i := p.rng.IntN(len(p.services))
	s := p.services[i]
	if s.environment != "production" || !at.Add(4*time.Hour).Before(before) || at.Before(p.from.Add(4*time.Hour)) || at.Before(p.free[i]) {
		return
	}
	end := at.Add(p.minutes(15, 70))
	p.faults[i] = append(p.faults[i], fault{span: span{at.Unix(), end.Unix()}, errors: 0.04 + 0.2*p.rng.Float64()})
	p.free[i] = end.Add(3 * time.Hour)
	p.incident(correlate.Change{Service: s.name, Environment: s.environment, ID: correlate.CausedByNone}, at.Add(p.minutes(3, 12)), end.Add(p.minutes(1, 8)))
}

// flip is a flag, a setting or an infrastructure change: no version, and at once.
func (p *plan) flip(i int, at time.Time, kind correlate.Kind) correlate.Change {
	s := p.services[i]
	c := correlate.Change{
		ID: fmt.Sprintf("%s-%s-%d", s.name, kind, at.Unix()), Kind: kind, Service: s.name, Environment: s.environment,
		Team: s.team, StartedAt: at, FinishedAt: at.Add(time.Second), Actor: "gil",
		Labels: map[string]string{"flag": s.name + "-" + []string{"fast-path", "redesign", "cache", "provider"}[p.rng.IntN(4)]},
	}
	if f := p.outcome(s.risk); !f.none() {
		back := at.Add(p.minutes(20, 60))
		f.span = span{at.Unix(), back.Unix()}
		p.faults[i] = append(p.faults[i], f)
		undo := c
		undo.ID, undo.StartedAt, undo.FinishedAt = c.ID+"-back", back, back.Add(time.Second)
		p.report(undo)
	}
	p.report(c)
	p.free[i] = at.Add(4 * time.Hour)
	return c
}

// unreadable is a delivery that nobody can read: it goes into quarantine.
func (p *plan) unreadable(at time.Time) {
	if at.Before(p.until.Add(-tail)) && at.After(p.from) {
		text := `{"id": "run-` + fmt.Sprint(at.Unix()) + `", "service": "jobs", "started_at": "yesterday"}`
		p.sent = append(p.sent, sent{at: at, id: "unreadable/" + fmt.Sprint(at.Unix()), text: text})
	}
}
