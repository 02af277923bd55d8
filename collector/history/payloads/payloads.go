// Package payloads answers: what does a file hold of messages as a source takes them?
//
// One a line, one after another, or in an array: what a sender's log of webhooks has, or a topic that was written down. Each is
// sent to its source as it is, so that it is read as if it came today.
package payloads

import "github.com/shipwake/shipwake/collector/history"

// Of reads messages of a source.
func Of(source string) history.Format {
	return history.Format{
		Name: source, About: "messages as /hooks/" + source + " takes them",
		Keys: map[string]string{"header": "a header that goes with each message, such as 'X-Event: deploy'"},
		Open: func(o history.Options) ([]history.Pass, error) { return open(source, o) },
	}
}

// CDEvents are CloudEvents in the structured mode of JSON.
func CDEvents() history.Format {
	f := Of("cdevents")
	f.About, f.Keys = "CDEvents as CloudEvents in JSON", nil
	f.Open = func(history.Options) ([]history.Pass, error) {
		return passes("cdevents", map[string]string{"Content-Type": "application/cloudevents+json"}), nil
	}
	return f
}
