// Package fourkeys answers: what do the tables of Four Keys say of deployments and incidents?
//
// The tables are its views in BigQuery, as JSON (an array, or an object a line), and events_raw:
//
//	changes       change_id, time_created: for lead time
//	deployments   deploy_id, time_created, changes, source, main_commit: a change that succeeded
//	incidents     incident_id, time_created, time_resolved, changes, source: an incident, caused by the deployment of its first change
//	              that was deployed
//	events_raw    the webhooks that Four Keys took in, each for the source here that reads its kind; not with the tables above, which
//	              are made of them
//
// Four Keys knows neither services nor environments: set says the service. By the policy fourkeys these give its numbers. Where a
// commit was deployed several times Four Keys holds an incident against each deployment of it; here it is the first.
package fourkeys

import (
	"errors"
	"strings"
	"time"

	"github.com/shipwake/shipwake/collector/history"
	"github.com/shipwake/shipwake/correlate"
)

// Format reads the tables.
func Format() history.Format {
	return history.Format{
		Name: "fourkeys", About: "tables of Four Keys: deployments, incidents, changes, or events_raw",
		Keys: map[string]string{"service": "the service that all of it is of"}, Open: open,
	}
}

func open(o history.Options) ([]history.Pass, error) {
	t := &tables{service: o.Set["service"], causes: map[string]deployment{}}
	return []history.Pass{
		{Table: "changes", Aside: true, Read: t.changes},
		{Table: "incidents", Aside: true, Read: t.rootCauses},
		{Table: "deployments", Aside: true, Read: t.deployedCauses},
		{Table: "deployments", Read: t.deployments},
		{Table: "incidents", Read: t.incidents},
		{Table: "events_raw", Also: []string{"events"}, Read: events},
	}, nil
}

// deployment is the first of a commit.
type deployment struct {
	id string
	at time.Time
}

// mostCauses bounds the commits that incidents name.
const mostCauses = 1_000_000

// tables is what has to be known of one to read another.
type tables struct {
	service string
	created history.Lookup
	causes  map[string]deployment // by the commits that incidents name
}

func (t *tables) changes(in history.Input, _ func(history.Found) error) error {
	return history.Remember(history.Table{Columns: []string{"change_id", "time_created"}}, in, func(r *history.Row) error {
		if at := r.Time("time_created"); !at.IsZero() {
			return t.created.Add(r.Required("change_id"), at)
		}
		return nil
	})
}

// What is wrong with a row of these tables is found when it is read for itself.
func (t *tables) rootCauses(in history.Input, _ func(history.Found) error) error {
	return t.glance(in, []string{"incident_id"}, func(r *history.Row) error {
		for _, sha := range r.Texts("changes") {
			if len(t.causes) == mostCauses {
				return errors.New("names too many commits as causes")
			}
			t.causes[sha] = deployment{}
		}
		return nil
	})
}

func (t *tables) deployedCauses(in history.Input, _ func(history.Found) error) error {
	return t.glance(in, []string{"deploy_id"}, func(r *history.Row) error {
		at := r.Time("time_created")
		for _, sha := range r.Texts("changes") {
			was, named := t.causes[sha]
			if named && (was.id == "" || at.Before(was.at)) {
				t.causes[sha] = deployment{idOf(r, "deploy_id"), at}
			}
		}
		return nil
	})
}

func (t *tables) glance(in history.Input, columns []string, row func(*history.Row) error) error {
	var failed error
	err := history.Table{Columns: columns}.Rows(in, func(r *history.Row) history.Found {
		if err := row(r); err != nil && r.Err() == nil {
			failed = err
		}
		return history.Found{Ignored: "looked at"}
	}, func(history.Found) error { return failed })
	var wrong *history.Wrong
	if errors.As(err, &wrong) {
		return nil
	}
	return err
}

// idOf is unique among the systems that Four Keys heard.
func idOf(r *history.Row, column string) string {
	return "fourkeys/" + r.Text("source") + "/" + r.Required(column)
}

func (t *tables) deployments(in history.Input, found func(history.Found) error) error {
	return history.Table{Columns: []string{"deploy_id", "time_created"}}.Rows(in, func(r *history.Row) history.Found {
		sha := r.Text("main_commit")
		c := &correlate.Change{
			ID: idOf(r, "deploy_id"), Status: correlate.StatusSucceeded, Service: t.of(r), Version: sha, Commit: sha, FinishedAt: r.Time("time_created"),
		}
		for _, sha := range r.Texts("changes") {
			if at := t.created.Find(sha); !at.IsZero() {
				c.Commits = append(c.Commits, correlate.Commit{SHA: sha, AuthoredAt: at})
			}
		}
		return history.Found{Facts: []correlate.Fact{{Change: c}}}
	}, found)
}

// of is the service that the user says, or a column that was added.
func (t *tables) of(r *history.Row) string {
	if r.Has("service") {
		return r.Required("service")
	}
	if t.service == "" {
		r.Fail("service", "Four Keys knows none: say --set service=NAME, or add the column to the export")
	}
	return t.service
}

func (t *tables) incidents(in history.Input, found func(history.Found) error) error {
	return history.Table{Columns: []string{"incident_id", "time_created", "time_resolved"}}.Rows(in, func(r *history.Row) history.Found {
		i := &correlate.Incident{
			ID: idOf(r, "incident_id"), Service: t.of(r), OpenedAt: r.Time("time_created"), ResolvedAt: r.Time("time_resolved"),
		}
		for _, sha := range r.Texts("changes") {
			if of := t.causes[sha]; of.id != "" && i.CausedBy == "" {
				i.CausedBy = of.id
			}
		}
		if i.ResolvedAt.Before(i.OpenedAt) && !i.ResolvedAt.IsZero() {
			r.Fail("time_resolved", "lies before time_created")
		}
		return history.Found{Facts: []correlate.Fact{{Incident: i}}}
	}, found)
}

// events are messages for the sources that read them.
func events(in history.Input, found func(history.Found) error) error {
	columns := []string{"source", "event_type", "metadata"}
	return history.Table{Columns: columns}.Rows(in, func(r *history.Row) history.Found {
		from, event := r.Required("source"), r.Text("event_type")
		body := []byte(r.Required("metadata"))
		for name, header := range map[string]string{"github": "X-Github-Event", "gitlab": "X-Gitlab-Event", "pagerduty": "", "circleci": ""} {
			if !strings.HasPrefix(from, name) {
				continue
			}
			m := history.Message{Source: name, Body: body}
			if header != "" {
				m.Header = map[string]string{header: event}
			}
			return history.Found{Messages: []history.Message{m}}
		}
		return history.Found{Ignored: "an event of " + from + ", which no source here reads as Four Keys keeps it"}
	}, found)
}
