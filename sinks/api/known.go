package api

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/dora"
	"github.com/shipwake/shipwake/correlate/names/meet"
	"github.com/shipwake/shipwake/sinks"
)

// mostNames is how many names an answer lists.
const mostNames = 10

// checkNames refuses a service or an environment that nobody ever told of, and lists those that are known: a misspelled
// name would be answered with zeros. While nothing is known at all, every name is right. With namesakes a name is known when
// a service has it in a namespace.
func (s *sink) checkNames(ctx context.Context, p *parameters, namesakes bool) error {
	if service := p.text("service"); service != "" && service != dora.NoGroup {
		at := func(place correlate.Place) string { return place.Service }
		if err := s.checkName(ctx, p, "service", correlate.Place{Service: service}, namesakes, at); err != nil {
			return err
		}
	}
	if environment := p.text("environment"); environment != "" {
		at := func(place correlate.Place) string { return place.Environment }
		return s.checkName(ctx, p, "environment", correlate.Place{Environment: environment}, false, at)
	}
	return nil
}

// sliced are the parameters that may be given of which a split of DORA numbers has the values.
func sliced(p *parameters) map[string]dora.GroupBy {
	all := map[string]dora.GroupBy{"team": dora.ByTeam, "system": dora.BySystem}
	for parameter := range p.query {
		if label, is := strings.CutPrefix(parameter, labelParameter); is {
			all[parameter] = dora.ByLabel(label)
		}
	}
	return all
}

// checkSlices is checkNames, and refuses a team, a system or a value of a label that no change ever named as well.
func (s *sink) checkSlices(ctx context.Context, p *parameters) error {
	if err := s.checkNames(ctx, p, false); err != nil {
		return err
	}
	by := sliced(p)
	for _, what := range slices.Sorted(maps.Keys(by)) {
		name := p.text(what)
		if name == "" || name == dora.NoGroup {
			continue
		}
		known, all, err := s.reader.Names(ctx, by[what])
		if err != nil {
			return err
		}
		if all && len(known) > 0 && !slices.Contains(known, name) {
			p.unknown(what, known)
		}
	}
	return nil
}

func (s *sink) checkName(ctx context.Context, p *parameters, what string, asked correlate.Place, namesakes bool, of func(correlate.Place) string) error {
	found, err := sinks.Places(ctx, s.reader, asked, namesakes, 1)
	if err != nil || len(found) > 0 {
		return err
	}
	known, err := sinks.Places(ctx, s.reader, correlate.Place{}, false, sinks.MostPlaces)
	if err != nil || len(known) == 0 {
		return err
	}
	names := map[string]bool{}
	for _, place := range known {
		if name := of(place); name != "" {
			names[name] = true
		}
	}
	p.unknown(what, slices.Sorted(maps.Keys(names)))
	return nil
}

// unknown refuses a name that nobody told of. It offers what may have been meant, and lists what is known, the nearest first.
func (p *parameters) unknown(what string, known []string) {
	name := p.text(what)
	meant := ""
	if offered := meet.Near(name, known); len(offered) > 0 {
		meant = fmt.Sprintf("; did you mean %s?", listed(offered))
	}
	if p.err == nil {
		p.err = &parameterError{what, fmt.Sprintf("nothing is known of the %s %q%s Known are %s", what, clip(name), cmp.Or(meant, "."), listed(meet.ByNearness(name, known))), true}
	}
}

// listed are names with commas between them, as many as fit.
func listed(names []string) string {
	more := ""
	if len(names) > mostNames {
		names, more = names[:mostNames], fmt.Sprintf(" and %d more", len(names)-mostNames)
	}
	for i, name := range names {
		names[i] = clip(name)
	}
	return strings.Join(names, ", ") + more
}
