package record

import (
	"cmp"
	"slices"
	"time"

	"github.com/shipwake/shipwake/correlate"
)

const (
	// flapping is how far apart an alert may begin and still be the same incident: the servers of a pair each have a time of
	// their own, and a rule that flaps begins anew.
	flapping = 15 * time.Minute
	// stillFiring is how long an alert whose end nobody told is taken to fire, so that one that begins meanwhile under the
	// same key is the same: when who watches it is restarted, it begins anew.
	stillFiring = 24 * time.Hour
)

// alertKey is what a source knows an alert by; the zero value is none.
type alertKey struct{ source, key string }

func (i *Incident) alert() alertKey {
	if i.own.DedupKey == "" {
		return alertKey{}
	}
	return alertKey{i.own.Source, i.own.DedupKey}
}

// alerts are the incidents of each alert, in no order.
type alerts map[alertKey][]*Incident

func (a alerts) enter(i *Incident) {
	if k := i.alert(); k != (alertKey{}) {
		a[k] = append(a[k], i)
	}
}

func (a alerts) leave(i *Incident) {
	k := i.alert()
	if rest := slices.DeleteFunc(a[k], func(o *Incident) bool { return o == i }); len(rest) > 0 {
		a[k] = rest
	} else {
		delete(a, k)
	}
}

// regroup works out anew which incidents of an alert are one. It is a function of what is said of them.
func regroup(b *Book, k alertKey) {
	all := slices.SortedFunc(slices.Values(b.alerts[k]), func(x, y *Incident) int {
		return cmp.Or(x.own.OpenedAt.Compare(y.own.OpenedAt), cmp.Compare(x.own.ID, y.own.ID))
	})
	for len(all) > 0 {
		n := together(all)
		assignIncidents(b, all[:n])
		all = all[n:]
	}
}

// together is how many incidents of one alert, sorted by their beginning, are the first of them: those that begin before it
// is over, as far as they tell together, or shortly after it began.
func together(all []*Incident) (n int) {
	began := all[0].own.OpenedAt
	last, end := began, time.Time{}
	for ; n < len(all); n++ {
		own := all[n].own
		if n > 0 && !own.OpenedAt.Before(end) && own.OpenedAt.Sub(last) > flapping {
			break
		}
		last = own.OpenedAt
		if own.ResolvedAt.IsZero() {
			end = later(end, began.Add(stillFiring))
		}
		end = later(end, own.ResolvedAt)
	}
	return n
}

// assignIncidents gives incidents that are one what all of them say, under the id of the first.
func assignIncidents(b *Book, same []*Incident) {
	first := same[0]
	said := first.own
	var from []string
	notes := first.notes()
	if len(same) > 1 {
		var reports []correlate.IncidentReport
		for _, i := range same {
			for _, r := range i.reports {
				r.Said.ID = first.own.ID
				reports = correlate.AddIncidentReport(reports, r)
			}
			if i != first {
				from = append(from, i.own.ID)
				own := i.notes()
				for _, n := range own {
					notes = correlate.AddNote(notes, n)
				}
				assignIncident(b, i, incidentPart{said: i.own, into: first.own.ID, notes: own})
			}
		}
		said = aboutAll(correlate.FoldIncident(reports), same)
		slices.Sort(from)
	}
	if is := correlate.LinkSaid(notes); is != nil {
		said.CausedBy = is.CausedBy
	}
	assignIncident(b, first, incidentPart{said: said, from: from, notes: notes})
}

// notes are those that are about the incident's own id.
func (i *Incident) notes() []correlate.Note {
	return correlate.NotesAbout(i.Record.Notes, i.own.ID)
}

// incidentPart is what an incident is among the reports of one alert; see part.
type incidentPart struct {
	said  correlate.Incident
	into  string
	from  []string
	notes []correlate.Note
}

// aboutAll has an incident be about the services of all that are one with it; where some are known, guesses don't count.
func aboutAll(said correlate.Incident, same []*Incident) correlate.Incident {
	services := said.About()
	for _, i := range same {
		if i.own.ServiceGuessed == said.ServiceGuessed {
			services = append(slices.Clip(services), i.own.About()...)
		}
	}
	if len(services) > correlate.MaxServices {
		services = services[:correlate.MaxServices]
	}
	return said.Of(services...)
}

// assignIncident gives an incident what is said of it, and its part among the reports of one alert. Another report of an
// incident doesn't count.
func assignIncident(b *Book, i *Incident, is incidentPart) {
	b.draft.touchIncident(i)
	b.unfileIncident(i)
	r := &i.Record
	r.Incident, r.MergedInto, r.MergedFrom, r.Retracted, r.Reports = is.said, is.into, is.from, is.into != "", nil
	r.Notes = is.notes
	if len(i.reports) > 1 || len(is.from) > 0 || len(is.notes) > 0 || len(i.reports[0].Said.Implied) > 0 {
		r.Reports = i.reports
	}
	if is.into == "" {
		b.fileIncident(i)
	}
	b.draft.attribute(i)
}
