package month

import (
	"time"

	"github.com/shipwake/shipwake/correlate"
)

// ending is what the last hours look like, whatever the day of the week: something healthy, something that was rolled
// back, two changes at once of which one hurts now and has an incident open, a flag, and what is still too young to tell.
func (p *plan) ending() {
	ago := func(minutes int) time.Time { return p.until.Add(-time.Duration(minutes) * time.Minute) }
	p.scripted("catalog", ago(175), 25*time.Minute, fault{})
	slow := p.scripted("search", ago(100), 5*time.Minute, fault{slower: 2.6})
	back := slow
	back.ID, back.Kind, back.Commits = slow.ID+"-rollback", correlate.KindRollback, nil
	back.Version, back.PreviousVersion = slow.PreviousVersion, slow.Version
	back.StartedAt, back.FinishedAt = ago(62), ago(58)
	p.serve(p.index("search"), back, fault{})
	p.tell(back, 0)
	p.scripted("cart", ago(41), 8*time.Minute, fault{})
	bad := p.scripted("checkout", ago(40), 4*time.Minute, fault{errors: 0.09})
	p.incidents++
	open := correlate.Incident{
		ID: "INC-9001", Service: "checkout", Environment: bad.Environment, Severity: "critical",
		Title: "Customers can't pay", OpenedAt: ago(31),
	}
	p.send(open.OpenedAt, open.ID+"/opened", correlate.Fact{Incident: &open})
	flag := correlate.Change{
		ID: "recommendations-flag-redesign", Kind: correlate.KindFeatureFlag, Service: "recommendations", Environment: "production",
		Team: "discovery", StartedAt: ago(25), FinishedAt: ago(25).Add(time.Second), Actor: "gil", Labels: map[string]string{"flag": "redesign"},
	}
	p.tell(flag, 0)
	p.scripted("payments", ago(14), 5*time.Minute, fault{})
	p.scripted("login", ago(4), 10*time.Minute, fault{})
}

// scripted deploys the next version of a service as told; what would end later than the plan is only begun.
func (p *plan) scripted(name string, at time.Time, took time.Duration, f fault) correlate.Change {
	i := p.index(name)
	canary := p.services[i].canary
	p.services[i].canary = false
	c := p.next(i, at, took)
	p.versions[i]++
	p.serve(i, c, f)
	p.services[i].canary = canary
	p.tell(c, 0)
	return c
}

func (p *plan) index(name string) int {
	for i, s := range p.services {
		if s.name == name && s.environment == "production" {
			return i
		}
	}
	return -1
}
