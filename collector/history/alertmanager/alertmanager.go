// Package alertmanager answers: what do files say of alerts that came from Alertmanager?
//
// Two kinds of JSON, also mixed: messages of its webhook as they were saved, and alerts as GET /api/v2/alerts lists them. Both go to
// the source alertmanager; an alert takes the form of a message with that alert alone. The list tells no end of an alert, but until
// when it counts as firing if nobody says so again (endsAt): with ended=true, for lists of the past, that is the end.
package alertmanager

import (
	"bytes"
	"fmt"

	"github.com/shipwake/shipwake/collector/history"
)

// Format reads both.
func Format() history.Format {
	return history.Format{
		Name: "alertmanager", About: "messages of Alertmanager's webhook, and alerts of its API v2",
		Keys: map[string]string{"ended": "true: endsAt is the end of an alert in a list"}, Open: open,
	}
}

func open(o history.Options) ([]history.Pass, error) {
	ended := o.Set["ended"]
	if ended != "" && ended != "true" && ended != "false" {
		return nil, fmt.Errorf("--set ended: must be true or false")
	}
	read := func(in history.Input, found func(history.Found) error) error {
		return history.Documents(in, "", func(d history.Document) history.Found { return message(d, ended == "true") }, found)
	}
	return []history.Pass{{Required: true, Read: read}}, nil
}

func message(d history.Document, ended bool) history.Found {
	body := bytes.Clone(d.JSON.Raw())
	switch {
	case d.JSON.Has("alerts"):
	case d.JSON.Has("startsAt"):
		body = listed(d, ended)
	default:
		return history.Found{Wrong: &history.Wrong{At: d.At, Field: "$", Want: "must be a message of the webhook, with alerts, or an alert of the API, with startsAt"}}
	}
	return history.Found{Messages: []history.Message{{Source: "alertmanager", Body: body}}}
}

// none is a time that stands for none.
const none = `"0001-01-01T00:00:00Z"`

// listed is an alert of the API as the webhook would tell it.
func listed(d history.Document, ended bool) []byte {
	status, end := "firing", []byte(none)
	if ended {
		status, end = "resolved", value(d, "endsAt", none)
	}
	return fmt.Appendf(nil, `{"version":"4","status":%q,"alerts":[{"status":%q,"labels":%s,"annotations":%s,"startsAt":%s,"endsAt":%s,"generatorURL":%s,"fingerprint":%s}]}`,
		status, status, value(d, "labels", "{}"), value(d, "annotations", "{}"), value(d, "startsAt", none), end,
		value(d, "generatorURL", `""`), value(d, "fingerprint", `""`))
}

func value(d history.Document, key, absent string) []byte {
	if v := d.JSON.Get(key); v.Exists() {
		return v.Raw()
	}
	return []byte(absent)
}
