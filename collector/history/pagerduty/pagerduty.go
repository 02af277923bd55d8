// Package pagerduty answers: what do exports of PagerDuty say of incidents?
//
// Rows are those of GET /incidents (the list incidents, a page or several), or of a report of incidents
// as CSV. Each takes the form of the messages of the V3 webhook that would have told it, and goes to the
// source pagerduty, so that an incident is the same one however it came:
//
//	             GET /incidents                                   report
//	opened       created_at                                       created_on or created_at
//	acknowledged the first of acknowledgements                    seconds_to_first_ack after it
//	resolved     resolved_at, else last_status_change_at,         resolved_on or resolved_at, else seconds_to_resolve after it
//	             of an incident with the status resolved
//	service      service.summary                                  service_name
package pagerduty

import (
	"encoding/json"
	"strconv"
	"time"

	"github.com/shipwake/shipwake/collector/history"
)

// Format reads the exports.
func Format() history.Format {
	return history.Format{Name: "pagerduty", About: "incidents of PagerDuty: GET /incidents, or a report as CSV", Open: open}
}

func open(history.Options) ([]history.Pass, error) {
	read := func(in history.Input, found func(history.Found) error) error {
		return history.Table{List: "incidents"}.Rows(in, row, found)
	}
	return []history.Pass{{Required: true, Read: read}}, nil
}

// event is a message of the V3 webhook.
type event struct {
	Event struct {
		ID   string   `json:"id"`
		Type string   `json:"event_type"`
		Kind string   `json:"resource_type"`
		At   string   `json:"occurred_at"`
		Data incident `json:"data"`
	} `json:"event"`
}

type incident struct {
	ID       string            `json:"id"`
	Title    string            `json:"title,omitempty"`
	URL      string            `json:"html_url,omitempty"`
	Created  string            `json:"created_at"`
	Urgency  string            `json:"urgency,omitempty"`
	Priority map[string]string `json:"priority,omitempty"`
	Service  map[string]string `json:"service"`
}

// row is the messages of an incident.
func row(r *history.Row) history.Found {
	opened := firstTime(r, "created_at", "created_on")
	if opened.IsZero() {
		r.Fail("created_at", "required: when the incident was created")
	}
	i := incident{
		ID: r.Required("id"), Title: firstText(r, "title", "description", "summary"), URL: firstText(r, "html_url"),
		Created: opened.Format(time.RFC3339Nano), Urgency: firstText(r, "urgency"),
		Service: map[string]string{"summary": service(r)},
	}
	if priority := r.JSON().Get("priority").Get("summary").AnyText(); priority != "" {
		i.Priority = map[string]string{"summary": priority}
	}
	told := []history.Message{message(r, i, "incident.triggered", opened)}
	if at := acknowledged(r, opened); !at.IsZero() {
		told = append(told, message(r, i, "incident.acknowledged", at))
	}
	if at := resolved(r, opened); !at.IsZero() {
		told = append(told, message(r, i, "incident.resolved", at))
	}
	return history.Found{Messages: told}
}

func message(r *history.Row, i incident, kind string, at time.Time) history.Message {
	var e event
	e.Event.ID, e.Event.Type, e.Event.Kind = "import/"+i.ID+"/"+kind, kind, "incident"
	e.Event.At, e.Event.Data = at.Format(time.RFC3339Nano), i
	body, err := json.Marshal(e)
	if err != nil {
		r.Fail("", err.Error())
	}
	return history.Message{Source: "pagerduty", Body: body}
}

// service is the name of the service.
func service(r *history.Row) string {
	name := firstText(r, "service_name")
	if name == "" {
		name = r.JSON().Get("service").Get("summary").AnyText()
	}
	if name == "" {
		r.Fail("service_name", "required: the service that the incident is about")
	}
	return name
}

func acknowledged(r *history.Row, opened time.Time) time.Time {
	for _, each := range r.JSON().Get("acknowledgements").Items() {
		return each.Get("at").Time()
	}
	return after(r, opened, "seconds_to_first_ack")
}

func resolved(r *history.Row, opened time.Time) time.Time {
	if status := firstText(r, "status"); status != "" && status != "resolved" {
		return time.Time{}
	}
	if at := firstTime(r, "resolved_at", "resolved_on"); !at.IsZero() {
		return at
	}
	if firstText(r, "status") == "resolved" {
		if at := firstTime(r, "last_status_change_at"); !at.IsZero() {
			return at
		}
	}
	return after(r, opened, "seconds_to_resolve")
}

// after is so many seconds after a time, the zero time when it isn't said.
func after(r *history.Row, at time.Time, column string) time.Time {
	text := firstText(r, column)
	if text == "" || text == "0" {
		return time.Time{}
	}
	seconds, err := strconv.ParseFloat(text, 64)
	if err != nil || seconds < 0 || seconds > 1e9 {
		r.Fail(column, "must be a number of seconds")
		return time.Time{}
	}
	return at.Add(time.Duration(seconds * float64(time.Second)))
}

func firstText(r *history.Row, columns ...string) string {
	for _, column := range columns {
		if text := r.Text(column); text != "" {
			return text
		}
	}
	return ""
}

func firstTime(r *history.Row, columns ...string) time.Time {
	for _, column := range columns {
		if at := r.Time(column); !at.IsZero() {
			return at
		}
	}
	return time.Time{}
}
