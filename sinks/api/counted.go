package api

import (
	"context"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/dora"
)

// slicing are the parameters of /api/v1/changes that only say what DORA numbers count.
var slicing = []string{"team", "system", "class", "kind", "by", "policy"}

// listed says what of DORA numbers the changes are that were asked for, "" when all are. What is only known of DORA numbers is
// refused without it, and the other way round.
func (p *parameters) listed() dora.Counted {
	what := choice(p, "counted", dora.AllCounted()...)
	for _, name := range slices.Sorted(maps.Keys(p.query)) {
		switch ofDORA := slices.Contains(slicing, name) || strings.HasPrefix(name, labelParameter); {
		case ofDORA && what == "":
			p.wrong(name, "is known of what DORA numbers count alone: give counted as well, one of %v", dora.AllCounted())
		case what != "" && slices.Contains([]string{"version", "verdict", "phase"}, name):
			p.wrong(name, "give counted or %s, not both", name)
		}
	}
	return what
}

// counted answers with the changes that DORA numbers count. Their parameters mean what they do at /api/v1/dora.
func (s *sink) counted(ctx context.Context, p *parameters, what dora.Counted) (any, error) {
	q := dora.Query{Scope: p.scope(), By: p.groupBy(), Policy: choice(p, "policy", dora.Policies()...)}
	limit := p.limit()
	var now time.Time
	q.AsOf, now = p.asOf(s.reader.Status().Now)
	p.window(&q, now)
	if err := s.checkSlices(ctx, p); err != nil {
		return nil, err
	}
	if p.err != nil {
		return nil, p.err
	}
	found, err := s.reader.Counted(ctx, q, what)
	if err != nil {
		return nil, err
	}
	if before := p.text("before"); before != "" {
		at := slices.IndexFunc(found, func(c correlate.ChangeRecord) bool { return c.ID == before })
		found = found[at+1:]
	}
	answer := Changes{Changes: list(found[:min(len(found), limit)])}
	if len(found) > limit {
		answer.Next = p.next(found[limit-1].ID, limit, q.From)
	}
	return answer, nil
}

// link has every cell of a report say where the deployments are listed that it counts.
func (p *parameters) link(r *dora.Report) {
	base := url.Values{}
	for name, values := range p.query {
		if !slices.Contains([]string{"since", "from", "to", "series", "zone", "trend"}, name) {
			base[name] = values
		}
	}
	base.Set("counted", string(dora.CountedDeployments))
	l := linker{base, r.By}
	l.window(r.From, r.To, &r.Total, r.Groups)
	for i := range r.Periods {
		l.window(r.Periods[i].From, r.Periods[i].To, r.Periods[i].Total, r.Periods[i].Groups)
	}
	if r.Before != nil {
		l.window(r.Before.From, r.Before.To, &r.Before.Total, r.Before.Groups)
	}
}

// linker makes links of cells.
type linker struct {
	base url.Values // what holds for all of them
	by   dora.GroupBy
}

func (l linker) window(from, to time.Time, total *dora.Numbers, groups []dora.Numbers) {
	l.base.Set("from", from.Format(time.RFC3339Nano))
	l.base.Set("to", to.Format(time.RFC3339Nano))
	if total != nil {
		total.Changes = changesPath + "?" + l.base.Encode()
	}
	for i := range groups {
		groups[i].Changes = changesPath + "?" + l.group(&groups[i]).Encode()
	}
}

// group asks for what counts in a group.
func (l linker) group(n *dora.Numbers) url.Values {
	query := maps.Clone(l.base)
	query.Del("by")
	label, isLabel := l.by.Label()
	switch {
	case isLabel:
		query.Set(labelParameter+label, n.Group)
	case l.by == dora.ByServiceEnvironment:
		query.Set("environment", n.Environment)
		if n.Service != "" {
			query.Set("service", n.Service)
		}
	default:
		query.Set(string(l.by), n.Group)
	}
	return query
}
