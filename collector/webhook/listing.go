package webhook

import "net/http"

// pages is where the pages of the sources are.
const pages = "https://github.com/shipwake/shipwake/blob/main/docs/sources/"

// listed is a source in the answer to GET /hooks/.
type listed struct {
	Name string `json:"name"`
	Path string `json:"path"`
	// Authentication are the ways in which a sender proves itself; Authenticated tells whether it must.
	Authentication []string `json:"authentication"`
	Authenticated  bool     `json:"authenticated"`
	// Closed: it takes nothing, since it has no secret and other machines reach the address.
	Closed bool `json:"closed,omitempty"`
	// Page says how the sender is set up, and what is read.
	Page string `json:"page"`
}

// listing is the answer to GET /hooks/: who may send what where.
func (h *handler) listing() answer {
	all := make([]listed, len(h.names))
	for i, name := range h.names {
		live := h.sources[name]
		entry := listed{Name: name, Path: prefix + name, Authenticated: len(live.live()) > 0, Closed: live.closed, Page: pages + live.Type() + ".md"}
		for _, scheme := range live.Schemes() {
			entry.Authentication = append(entry.Authentication, scheme.String())
		}
		all[i] = entry
	}
	return answer{status: http.StatusOK, body: map[string]any{"sources": all}}
}

// open are the names of the sources that take something.
func (h *handler) open() []string {
	var open []string
	for _, name := range h.names {
		if !h.sources[name].closed {
			open = append(open, name)
		}
	}
	return open
}
