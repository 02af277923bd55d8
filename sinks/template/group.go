package template

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/shipwake/shipwake/correlate/words"
	"github.com/shipwake/shipwake/sinks"
	"github.com/shipwake/shipwake/sinks/route"
)

// GroupConfig says which changes are told of in one conversation.
type GroupConfig struct {
	// By are what changes that belong together share: environment, team, version, commit, actor, source, label.NAME. None: each
	// change has a conversation of its own. A change of which one of them isn't known has so, too.
	By []string `mapstructure:"group_by"`
	// Within is the length of the stretches of time of which they share one, by when they began; 0: 10 minutes.
	Within time.Duration `mapstructure:"group_within"`
}

// shared are what changes may be grouped by, beside labels.
var shared = map[string]func(Note) string{
	"environment": func(n Note) string { return n.Environment }, "team": func(n Note) string { return n.Team },
	"version": func(n Note) string { return n.Version }, "commit": func(n Note) string { return n.Commit },
	"actor": func(n Note) string { return n.Actor }, "source": func(n Note) string { return n.Source },
}

const (
	labelPrefix    = "label."
	standardWithin = 10 * time.Minute
)

func (g GroupConfig) validate() error {
	for i, by := range g.By {
		if _, ok := shared[by]; !ok && !strings.HasPrefix(by, labelPrefix) {
			return fmt.Errorf("group_by[%d]: %q is none of environment, team, version, commit, actor, source, label.NAME", i, by)
		}
	}
	if g.Within < 0 || g.Within > 24*time.Hour {
		return fmt.Errorf("group_within: %s: must be between 0 and 24h", g.Within)
	}
	return nil
}

// of is the group of a change; "" when it has none.
func (g GroupConfig) of(n Note) string {
	if len(g.By) == 0 || n.Incident != nil || n.Rollback != nil {
		return ""
	}
	within := g.Within
	if within == 0 {
		within = standardWithin
	}
	parts := []string{began(n).Truncate(within).Format(time.RFC3339)}
	for _, by := range g.By {
		value := ""
		if label, ok := strings.CutPrefix(by, labelPrefix); ok {
			value = n.Labels[label]
		} else {
			value = shared[by](n)
		}
		if value == "" {
			return ""
		}
		parts = append(parts, by+"="+value)
	}
	return strings.Replace(sinks.MessageKey(parts...), "msg_", "group-", 1)
}

func began(n Note) time.Time {
	for _, t := range []time.Time{n.StartedAt, n.FinishedAt, n.DecidedAt} {
		if !t.IsZero() {
			return t
		}
	}
	return time.Time{}
}

// messagesOf are those about notes of one transaction: those of a group are told together.
func (t *target) messagesOf(notes []keyed) ([]sinks.Message, error) {
	var all []sinks.Message
	groups := map[string]int{} // where in all
	parts := map[string][]keyed{}
	for _, n := range notes {
		group := t.group.of(n.note)
		if group == "" {
			payload, err := json.Marshal(n.note)
			if err != nil {
				return nil, fmt.Errorf("the message about %s: %w", n.subject, err)
			}
			all = append(all, sinks.Message{Queue: t.name, Subject: n.subject, Key: n.key, Each: t.Revisions && n.note.Rollback == nil, Payload: payload})
			continue
		}
		if _, known := groups[group]; !known {
			groups[group] = len(all)
			all = append(all, sinks.Message{Queue: t.name, Subject: group, Each: true})
		}
		parts[group] = append(parts[group], n)
	}
	for group, at := range groups {
		if err := fill(&all[at], group, parts[group]); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// keyed is a note with the subject and the key of a message of its own.
type keyed struct {
	note         Note
	subject, key string
}

func fill(m *sinks.Message, group string, parts []keyed) (err error) {
	whole := Note{ID: group}
	keys := []string{group}
	for _, p := range parts {
		whole.Group = append(whole.Group, p.note)
		keys = append(keys, p.key)
	}
	m.Key = sinks.MessageKey(keys...)
	m.Payload, err = json.Marshal(whole)
	return err
}

// member is what is remembered of a change in a group.
type member struct {
	ID       string     `json:"id"`
	Service  string     `json:"service"`
	Headline string     `json:"headline"`
	Kind     route.Kind `json:"kind"`
	Revision int        `json:"revision"`
}

// What is remembered of a group at most; less where the receipt would be too long to be kept.
const (
	mostMembers = 20
	mostWords   = 160 // bytes of each text
)

// joined are the members of a group with what is news of them. Of more than are remembered the first are forgotten.
func joined(members []member, news []Note) []member {
	members = slices.Clone(members)
	for _, n := range news {
		m := member{clipBytes(mostWords, n.ID), clipBytes(mostWords/2, n.Service), clipBytes(mostWords, n.Headline), n.Kind, n.Revision}
		switch i := slices.IndexFunc(members, func(known member) bool { return known.ID == m.ID }); {
		case i < 0:
			members = append(members, m)
		case members[i].Revision <= m.Revision: // what was set aside may come late
			members[i] = m
		}
	}
	return members[max(0, len(members)-mostMembers):]
}

// weight orders kinds by what somebody has to act on.
var weight = []route.Kind{route.Regressed, route.Recovered, route.Corrected, route.Inconclusive, route.Healthy}

// together is what is said of a group, in the form of a note: the details of its newest change while that is alone.
func together(id string, members []member, newest Note) Note {
	n := newest
	n.ID, n.Group = id, nil
	if len(members) == 1 {
		return n
	}
	counts, services := map[route.Kind]int{}, []string{}
	n.Lines = nil
	for _, m := range members {
		counts[m.Kind]++
		if !slices.Contains(services, m.Service) {
			services = append(services, m.Service)
		}
		n.Lines = append(n.Lines, words.Line{About: m.Service, Text: m.Headline})
	}
	slices.Sort(services)
	var parts []string
	for _, k := range slices.Backward(weight) {
		if counts[k] > 0 {
			n.Kind = k
			parts = append([]string{fmt.Sprintf("%d %s", counts[k], k)}, parts...)
		}
	}
	n.Subject = fmt.Sprintf("%d changes in %s", len(members), n.Environment)
	n.Answer, n.Why, n.Told, n.Next = strings.Join(parts, ", "), strings.Join(services, ", "), "", ""
	n.Headline = n.Subject + ": " + n.Answer + " (" + n.Why + ")"
	n.Service, n.Evidence, n.Incidents = n.Why, nil, nil
	return n
}

// news is another text whenever there is something else to say of a group.
func news(members []member) string {
	var parts []string
	for _, m := range members {
		parts = append(parts, m.ID, string(m.Kind))
	}
	return sinks.MessageKey(parts...)
}
