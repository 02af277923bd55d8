package webhook

import (
	"encoding/json"
	"net/http"
	"strconv"

	"github.com/shipwake/shipwake/correlate"
)

// The results under which deliveries are counted.
const (
	resultAccepted     = "accepted"
	resultQuarantined  = "quarantined"
	resultUnauthorized = "unauthorized"
	resultTooLarge     = "too_large"
	resultMalformed    = "malformed"
	resultUnavailable  = "unavailable"
	resultError        = "error"
)

func results() []string {
	return []string{resultAccepted, resultQuarantined, resultUnauthorized, resultTooLarge, resultMalformed,
		resultUnavailable, resultError}
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

// accepted is the body of a 202. Several deliveries in one message have IDs instead of ID; Problem is why an event has
// no facts.
type accepted struct {
	Status  string   `json:"status"`
	ID      string   `json:"id,omitempty"`
	IDs     []string `json:"ids,omitempty"`
	Facts   int      `json:"facts"`
	Problem string   `json:"problem,omitempty"`
}

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

func accept(deliveries []correlate.Delivery) answer {
	body := accepted{Status: "accepted"}
	for _, d := range deliveries {
		body.Facts += len(d.Facts)
		body.IDs = append(body.IDs, d.ID)
		if body.Problem == "" {
			body.Problem = d.Problem
		}
	}
	if len(body.IDs) == 1 {
		body.ID, body.IDs = body.IDs[0], nil
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
