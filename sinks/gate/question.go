package gate

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/gate"
)

// Limits of a question.
const (
	mostWait  = time.Minute
	mostBody  = 64 << 10
	mostQuery = 8192
)

// question is what is asked about one change: that with an id, or the newest of a service that brings a version.
type question struct {
	id                            string
	service, version, environment string
	commit                        string // of the version, "" when it isn't told apart
	after                         string // the environment where it must be healthy before it starts here
	stage                         gate.Stage
	repair                        bool          // the asker says that it is a rollback or a hotfix
	wait                          time.Duration // how long to wait for a decision
	deadline                      time.Time
	undecided                     gate.Decision
}

// parameters of a question, in the order in which errors list them.
var parameters = []string{
	"change", "service", "version", "environment", "gate", "after", "wait", "deadline", "on_undecided", "repair",
}

// wrong says which parameter is wrong and what would be right.
type wrong struct{ parameter, want string }

func (w *wrong) Error() string { return strings.TrimPrefix(w.parameter+": "+w.want, ": ") }

// read takes the parameters of a request from its query, and from the JSON object in its body.
func read(w http.ResponseWriter, r *http.Request) (url.Values, error) {
	if len(r.URL.RawQuery) > mostQuery {
		return nil, &wrong{"", fmt.Sprintf("the query is longer than %d bytes", mostQuery)}
	}
	values := r.URL.Query()
	if r.Method != http.MethodPost {
		return values, nil
	}
	fields := map[string]any{}
	switch err := json.NewDecoder(http.MaxBytesReader(w, r.Body, mostBody)).Decode(&fields); {
	case errors.Is(err, io.EOF): // an empty body asks with the query alone
	case err != nil:
		return nil, &wrong{"", fmt.Sprintf("the body must be a JSON object of at most %d bytes, such as {\"change\": \"checkout-4711\"}", mostBody)}
	}
	for name, value := range fields {
		switch value.(type) {
		case string, bool:
			values.Add(name, fmt.Sprint(value))
		default:
			return nil, &wrong{clip(name), "must be a string"}
		}
	}
	return values, nil
}

// parse reads a question. Unset parameters have the values that the configuration and the documentation say.
func (s *sink) parse(values url.Values) (question, error) {
	for name, given := range values {
		if !slices.Contains(parameters, name) {
			return question{}, &wrong{clip(name), fmt.Sprintf("unknown parameter; known are %v", parameters)}
		}
		if len(given) > 1 {
			return question{}, &wrong{name, "is given more than once; give it once"}
		}
	}
	q := question{
		id: values.Get("change"), service: values.Get("service"), version: values.Get("version"),
		environment: or(values.Get("environment"), correlate.DefaultEnvironment), after: values.Get("after"),
		stage:     gate.Stage(or(values.Get("gate"), string(gate.Promote))),
		undecided: gate.Decision(or(values.Get("on_undecided"), string(s.cfg.OnUndecided))),
	}
	var err error
	if q.wait, err = time.ParseDuration(or(values.Get("wait"), "0s")); err != nil || q.wait < 0 || q.wait > mostWait {
		return q, &wrong{"wait", fmt.Sprintf("%q is not a duration such as 9s, at most %s", clip(values.Get("wait")), mostWait)}
	}
	if d := values.Get("deadline"); d != "" {
		if q.deadline, err = time.Parse(time.RFC3339, d); err != nil {
			return q, &wrong{"deadline", fmt.Sprintf("%q is not an RFC 3339 time such as 2026-03-01T10:00:00Z", clip(d))}
		}
	}
	if q.repair, err = strconv.ParseBool(or(values.Get("repair"), "false")); err != nil {
		return q, &wrong{"repair", fmt.Sprintf("%q is neither true nor false", clip(values.Get("repair")))}
	}
	return q, q.check()
}

func (q question) check() error {
	byName := q.service != "" || q.version != ""
	switch {
	case q.id == "" && !byName:
		return &wrong{"change", "which change? Give its id, or service and version"}
	case q.id != "" && byName:
		return &wrong{"change", "give the id of a change, or service and version, not both"}
	case byName && (q.service == "" || q.version == ""):
		return &wrong{"version", "service and version go together"}
	case !slices.Contains(gate.Stages(), q.stage):
		return &wrong{"gate", fmt.Sprintf("%q is unknown; use one of %v", clip(string(q.stage)), gate.Stages())}
	case q.after != "" && q.stage != gate.Start:
		return &wrong{"after", "goes with gate=start: the environment where the version must be healthy before it starts here"}
	case q.after != "" && q.after == q.environment:
		return &wrong{"after", "must be another environment, one that comes before"}
	case q.undecided != gate.Proceed && q.undecided != gate.Stop:
		return &wrong{"on_undecided", fmt.Sprintf("%q is unknown; use %s or %s", clip(string(q.undecided)), gate.Proceed, gate.Stop)}
	}
	return nil
}

func or(text, standard string) string {
	if text == "" {
		return standard
	}
	return text
}

// clip bounds text from outside before it is quoted in an error.
func clip(s string) string {
	if len(s) > 64 {
		return s[:64] + "…"
	}
	return s
}
