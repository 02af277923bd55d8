package host

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/engine"
	"github.com/shipwake/shipwake/correlate/ledger"
)

// recallFor collects the records that facts touch and that have left the engine's memory: first those that they name, then
// what happened around these and around the facts, then what else the incidents may be held against that were found, and the
// incidents that are held against any of it. Each step is one question to the ledger, whatever the number of facts.
func recallFor(ctx context.Context, e *engine.Engine, l ledger.Ledger, facts []engine.Fact) (engine.Recall, error) {
	r := recaller{engine: e, facts: facts, asked: map[any]bool{}}
	for _, next := range []func() ledger.Recollection{r.named, r.around, r.candidates, r.held} {
		q := next()
		if len(q.Changes)+len(q.Incidents)+len(q.Around)+len(q.Opened) == 0 {
			continue
		}
		found, err := l.Recall(ctx, q)
		if err != nil {
			return engine.Recall{}, err
		}
		r.take(found)
	}
	return r.found, nil
}

// recaller asks for each thing once.
type recaller struct {
	engine *engine.Engine
	facts  []engine.Fact
	asked  map[any]bool
	found  engine.Recall
}

// named are the changes and incidents that the facts are about or name.
func (r *recaller) named() (q ledger.Recollection) {
	w := engine.Wants(r.engine, r.facts, r.found)
	q.Changes, q.Incidents = r.once(w.Changes), r.once(w.Incidents)
	return q
}

// around is what happened around the facts, and around what they were about before.
func (r *recaller) around() ledger.Recollection {
	w := engine.Wants(r.engine, r.facts, r.found)
	return ledger.Recollection{
		Changes: r.once(w.Changes), Incidents: r.once(w.Incidents), Around: separate(w.Around), Opened: separate(w.Opened), Nearby: w.Nearby,
	}
}

// candidates are the changes of other services that the incidents may be held against.
func (r *recaller) candidates() ledger.Recollection {
	if len(r.found.Incidents) == 0 {
		return ledger.Recollection{}
	}
	return ledger.Recollection{Around: separate(engine.Candidates(r.engine, r.found.Incidents)), Nearby: engine.Nearby(r.engine)}
}

// togetherWithin is how near to one another questions about a place may be to be one.
const togetherWithin = 10 * time.Minute

// separate leaves out questions about a place that lie next to another one.
func separate(questions []correlate.PlaceTime) (kept []correlate.PlaceTime) {
	slices.SortFunc(questions, func(a, b correlate.PlaceTime) int { return cmp.Or(a.Place.Compare(b.Place), a.At.Compare(b.At)) })
	for _, q := range questions {
		if n := len(kept); n == 0 || kept[n-1].Place != q.Place || q.At.Sub(kept[n-1].At) > togetherWithin {
			kept = append(kept, q)
		}
	}
	return kept
}

// held are the incidents that are held against what was found.
func (r *recaller) held() (q ledger.Recollection) {
	ids := func(all []correlate.ChangeRecord) {
		for _, c := range all {
			q.Incidents = append(q.Incidents, r.once(c.Incidents)...)
		}
	}
	ids(r.found.Changes)
	for _, run := range r.found.Runs {
		ids(run.Changes)
	}
	return q
}

func (r *recaller) once(ids []string) (fresh []string) {
	for _, id := range ids {
		if !r.asked[id] {
			r.asked[id] = true
			fresh = append(fresh, id)
		}
	}
	return fresh
}

func (r *recaller) take(found ledger.Recalled) {
	r.found.Changes = append(r.found.Changes, found.Changes...)
	for _, n := range found.Around {
		r.found.Runs = append(r.found.Runs, engine.Run{Changes: n.Changes, Whole: n.Whole})
	}
	r.found.Incidents = append(r.found.Incidents, found.Incidents...)
	r.found.Revisions = append(r.found.Revisions, found.Revisions...)
}
