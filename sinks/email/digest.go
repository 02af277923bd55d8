package email

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/words"
	"github.com/shipwake/shipwake/sinks"
	"github.com/shipwake/shipwake/sinks/route"
)

// digest is one mail a day of what was decided, from the end of the one before. It is sent when something is decided after its
// time, of any service: the first verdict of the morning brings it. A day without a verdict that the list takes has none.
type digest struct {
	hour, minute int
	zone         *time.Location
}

const (
	// longestDigest is how far back one goes at most, after days on which nothing was decided.
	longestDigest = 31 * 24 * time.Hour
	// lookBack is how long before it was decided a change may have been completed to be found.
	lookBack = 48 * time.Hour
	// mostRead and mostListed bound a digest: changes that are looked at, and changes that it names.
	mostRead   = 1000
	mostListed = 100
)

// until is what a digest is stored as.
type until struct {
	End time.Time `json:"end"`
}

// ended is the last time at which a digest ended, at or before an instant.
func (d digest) ended(at time.Time) time.Time {
	local := at.In(d.zone)
	end := time.Date(local.Year(), local.Month(), local.Day(), d.hour, d.minute, 0, 0, d.zone)
	if end.After(at) {
		end = time.Date(local.Year(), local.Month(), local.Day()-1, d.hour, d.minute, 0, 0, d.zone)
	}
	return end.UTC()
}

// due is the digest that ended before the newest decision of a batch. The same one again has the same key.
func (d digest) due(b sinks.Batch) ([]sinks.Message, error) {
	var newest time.Time
	for _, decision := range b.Decisions {
		if at := decision.Verdict.DecidedAt; at.After(newest) {
			newest = at
		}
	}
	if newest.IsZero() {
		return nil, nil
	}
	end := d.ended(newest)
	m, err := message("digest", sinks.MessageKey("digest", end.Format(time.RFC3339)), until{end})
	return []sinks.Message{m}, err
}

// summary is what a digest says.
type summary struct {
	From, To string
	Counts   []count
	Changes  []entry
	More     int // changes that aren't listed
}

type count struct {
	Kind   route.Kind
	Number int
}

type entry struct {
	Kind     route.Kind
	Headline string
	Told     string
	Link     string
}

func (s *sink) deliverDigest(ctx context.Context, l list, m sinks.Message) (sinks.Receipt, error) {
	var day until
	if err := json.Unmarshal(m.Payload, &day); err != nil {
		return nil, &sinks.Undelivered{Cause: sinks.Refused, Err: fmt.Errorf("the stored digest can't be read: %w", err)}
	}
	from := day.End.Add(-24 * time.Hour)
	var before until
	if m.Receipt != nil && json.Unmarshal(m.Receipt, &before) == nil && before.End.Before(day.End) {
		from = before.End
	}
	if longest := day.End.Add(-longestDigest); from.Before(longest) {
		from = longest
	}
	content, err := s.summary(ctx, l, from, day.End)
	if err != nil {
		return nil, &sinks.Undelivered{Cause: sinks.Unreachable, Err: fmt.Errorf("what was decided can't be read: %w", err)}
	}
	if len(content.Changes) > 0 {
		subject := "Changes until " + day.End.In(l.digest.zone).Format("Monday, 2 January 2006, 15:04")
		out, err := s.compose(l, s.messageID(l, m.Key), thread{}, subject, "digest", content)
		if err != nil {
			return nil, err
		}
		if err := s.server.send(ctx, out); err != nil {
			return nil, err
		}
	}
	return json.Marshal(day)
}

// summary is what the list takes of what was decided in [from, to), the worst first.
func (s *sink) summary(ctx context.Context, l list, from, to time.Time) (summary, error) {
	changes, err := s.reader.Changes(ctx, sinks.ChangeQuery{From: from.Add(-lookBack), To: to, Limit: mostRead})
	if err != nil {
		return summary{}, err
	}
	said := summary{From: words.Instant(from), To: words.Instant(to)}
	numbers := map[route.Kind]int{}
	var all []entry
	for _, c := range changes {
		if c.Verdict == nil || c.Verdict.DecidedAt.Before(from) || !c.Verdict.DecidedAt.Before(to) {
			continue
		}
		d := sinks.Decision{Verdict: *c.Verdict, Record: c}
		if !l.route.Takes(d) {
			continue
		}
		kind := route.KindOf(d)
		numbers[kind]++
		all = append(all, s.entry(kind, c))
	}
	order := route.Kinds()
	slices.SortStableFunc(all, func(a, b entry) int { return slices.Index(order, a.Kind) - slices.Index(order, b.Kind) })
	for _, k := range order {
		if numbers[k] > 0 {
			said.Counts = append(said.Counts, count{k, numbers[k]})
		}
	}
	said.Changes = all[:min(len(all), mostListed)]
	said.More = len(all) - len(said.Changes)
	return said, nil
}

func (s *sink) entry(kind route.Kind, c correlate.ChangeRecord) entry {
	e := words.Explain(c, nil)
	return entry{kind, headline(kind, e), e.Told, sinks.ChangePage(s.publicURL, c.ID)}
}
