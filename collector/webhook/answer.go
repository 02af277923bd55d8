package webhook

import (
	"cmp"
	"encoding/json"
	"net/http"
	"strconv"

	"github.com/shipwake/shipwake/collector/source"
	"github.com/shipwake/shipwake/correlate"
)

// The results under which deliveries are counted.
const (
	resultAccepted     = "accepted"
	resultIgnored      = "ignored"
	resultQuarantined  = "quarantined"
	resultUnauthorized = "unauthorized"
	resultTooLarge     = "too_large"
	resultMalformed    = "malformed"
	resultUnavailable  = "unavailable"
	resultError        = "error"
	resultTruncated    = "truncated" // events that a sender says it left out of its messages
)

func results() []string {
	return []string{resultAccepted, resultIgnored, resultQuarantined, resultUnauthorized, resultTooLarge, resultMalformed,
		resultUnavailable, resultError, resultTruncated}
}

// retryAfter is what a sender is asked to wait when a delivery can't be kept now, in seconds.
const retryAfter = 5

// answer is what a sender gets. Result is "" when nothing is counted, or counted already.
type answer struct {
	status int
	result string
	header map[string]string
	body   any
}

// accepted is the body of a 202.
type accepted struct {
	Status string   `json:"status"`
	ID     string   `json:"id,omitempty"`
	IDs    []string `json:"ids,omitempty"` // of several deliveries in one message, the first maxIDs
	// Deliveries are how many there are of several.
	Deliveries int `json:"deliveries,omitempty"`
	Facts      int `json:"facts"`
	// Duplicates are how many of the deliveries were known.
	Duplicates int `json:"duplicates,omitempty"`
	// Ignored is why a delivery says nothing of a change or an incident.
	Ignored string `json:"ignored,omitempty"`
	// Problem is why a delivery is kept in quarantine; of several, Quarantined says it of each.
	Problem     string        `json:"problem,omitempty"`
	Quarantined []quarantined `json:"quarantined,omitempty"`
}

// quarantined is a delivery of several that is kept and not applied.
type quarantined struct {
	ID      string `json:"id"`
	Problem string `json:"problem"`
}

// What bounds the lists of an answer. Who sent a thousand alerts needs the ids of those that are in quarantine.
const (
	maxIDs         = 10
	maxQuarantined = 100
)

// refused is the body of every other answer.
type refused struct {
	Error   string   `json:"error"`
	Path    string   `json:"path,omitempty"`
	ID      string   `json:"id,omitempty"`
	Sources []string `json:"sources,omitempty"`
}

func refuse(status int, result, why string) answer {
	return answer{status: status, result: result, body: refused{Error: why}}
}

func unavailable(result, why string) answer {
	a := refuse(http.StatusServiceUnavailable, result, why)
	a.header = map[string]string{"Retry-After": strconv.Itoa(retryAfter)}
	return a
}

func accept(items []source.Item, receipt correlate.Receipt) answer {
	body := accepted{Status: "accepted", Duplicates: receipt.Duplicate}
	for _, item := range items {
		body.Facts += len(item.Facts)
		if len(body.IDs) < maxIDs {
			body.IDs = append(body.IDs, item.ID)
		}
		body.Ignored = cmp.Or(body.Ignored, item.Ignored)
		body.Problem = cmp.Or(body.Problem, item.Problem)
		if item.Problem != "" && len(items) > 1 && len(body.Quarantined) < maxQuarantined {
			body.Quarantined = append(body.Quarantined, quarantined{item.ID, item.Problem})
		}
	}
	if len(items) == 1 {
		body.ID, body.IDs = items[0].ID, nil
	} else {
		body.Deliveries = len(items)
	}
	return answer{status: http.StatusAccepted, body: body}
}

func (a answer) write(w http.ResponseWriter) {
	header := w.Header()
	for k, v := range a.header {
		header.Set(k, v)
	}
	header.Set("Cache-Control", "no-store")
	header.Set("X-Content-Type-Options", "nosniff")
	if a.body == nil {
		w.WriteHeader(a.status)
		return
	}
	header.Set("Content-Type", "application/json")
	w.WriteHeader(a.status)
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(a.body) // the sender is gone; there is nobody to tell
}
