// Package githubtest answers, for tests: what would GitHub's REST API say of deployments?
//
// It does what the documentation says and what is seen in practice: pages newest first with a Link header, weak ETags that
// depend on the token, 304 that costs a token no rate limit, 403 when the limit is used up, 404 for what the token may not
// see, and a deployment's updated_at that moves with its statuses.
package githubtest

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Server is one repository of GitHub, as an http.Handler. It is safe for concurrent use.
type Server struct {
	// Name is the repository's full name, URL what its addresses begin with. Token is the one that is valid; "" for a public
	// repository, which is read without.
	Name, URL, Token string
	// Limit is how many requests an hour are answered.
	Limit int
	// Now is the clock.
	Now func() time.Time

	mu          sync.Mutex
	deployments []*deployment // oldest first
	last        int64         // id of anything
	used        int           // of the limit
	reset       time.Time     // when used is 0 again
	requests    int
	faults      []func(http.ResponseWriter, *http.Request) bool
	watch       func(*http.Request)
}

type deployment struct {
	fields   map[string]any
	statuses []map[string]any // oldest first
}

// New makes a repository without deployments, whose clock is the time package's.
func New(name string) *Server {
	return &Server{Name: name, URL: "https://api.github.com", Limit: 5000, Now: time.Now}
}

// Fail lets some functions answer the next requests, one each, before the server does. One that returns false leaves its
// request to the server.
func (s *Server) Fail(faults ...func(http.ResponseWriter, *http.Request) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, faults...)
}

// Watch calls a function before each request is answered.
func (s *Server) Watch(f func(*http.Request)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.watch = f
}

// Requests is how many came, Used how many of them counted for the rate limit of this hour.
func (s *Server) Requests() (requests, used int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.requests, s.used
}

// ServeHTTP implements http.Handler.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	watch, fault := s.watch, (func(http.ResponseWriter, *http.Request) bool)(nil)
	s.requests++
	if len(s.faults) > 0 {
		fault, s.faults = s.faults[0], s.faults[1:]
	}
	s.mu.Unlock()
	w.Header().Set("Date", s.Now().UTC().Format(http.TimeFormat))
	if watch != nil {
		watch(r)
	}
	if fault != nil && fault(w, r) {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.serve(w, r)
}

func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	if token != "" && token != s.Token {
		refuse(w, http.StatusUnauthorized, "Bad credentials")
		return
	}
	if now := s.Now(); !now.Before(s.reset) {
		s.used, s.reset = 0, now.Add(time.Hour).Truncate(time.Second)
	}
	header := w.Header()
	header.Set("X-RateLimit-Limit", strconv.Itoa(s.Limit))
	header.Set("X-RateLimit-Reset", strconv.FormatInt(s.reset.Unix(), 10))
	header.Set("X-RateLimit-Remaining", strconv.Itoa(max(0, s.Limit-s.used)))
	if s.used >= s.Limit {
		refuse(w, http.StatusForbidden, "API rate limit exceeded")
		return
	}
	body, links, found := s.find(r)
	if !found || token != s.Token {
		s.used++
		refuse(w, http.StatusNotFound, "Not Found")
		return
	}
	s.answer(w, r, body, links, token)
}

// answer sends a document, or 304, which is free for whoever has a token.
func (s *Server) answer(w http.ResponseWriter, r *http.Request, body []byte, links, token string) {
	etag := fmt.Sprintf(`W/"%x"`, sha256.Sum256([]byte(token+links+string(body))))
	unchanged := r.Header.Get("If-None-Match") == etag
	if !unchanged || token == "" {
		s.used++
	}
	header := w.Header()
	header.Set("X-RateLimit-Remaining", strconv.Itoa(max(0, s.Limit-s.used)))
	header.Set("ETag", etag)
	header.Set("Content-Type", "application/json; charset=utf-8")
	if links != "" {
		header.Set("Link", links)
	}
	if unchanged {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	_, _ = w.Write(body)
}

func refuse(w http.ResponseWriter, code int, message string) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(map[string]string{"message": message, "documentation_url": "https://docs.github.com/rest"})
}

// find is what stands at an address, and the links to its other pages.
func (s *Server) find(r *http.Request) (body []byte, links string, found bool) {
	base := "/repos/" + s.Name + "/deployments"
	rest, ok := cutPrefixFold(r.URL.Path, base)
	if !ok {
		return nil, "", false
	}
	if rest == "" {
		var all []any
		for _, d := range slices.Backward(s.deployments) {
			if e := r.URL.Query().Get("environment"); e == "" || e == d.fields["environment"] {
				all = append(all, d.fields)
			}
		}
		return s.page(r, base, all)
	}
	id, statuses := strings.CutSuffix(strings.TrimPrefix(rest, "/"), "/statuses")
	d := s.byID(id)
	switch {
	case d == nil:
		return nil, "", false
	case statuses:
		var all []any
		for _, status := range slices.Backward(d.statuses) {
			all = append(all, status)
		}
		return s.page(r, base+"/"+id+"/statuses", all)
	}
	body, err := json.Marshal(d.fields)
	return body, "", err == nil
}

func cutPrefixFold(path, prefix string) (string, bool) {
	if len(path) < len(prefix) || !strings.EqualFold(path[:len(prefix)], prefix) {
		return "", false
	}
	return path[len(prefix):], true
}

func (s *Server) byID(id string) *deployment {
	for _, d := range s.deployments {
		if fmt.Sprint(d.fields["id"]) == id {
			return d
		}
	}
	return nil
}

// page cuts a list, 30 a page unless the request says otherwise, at most 100.
func (s *Server) page(r *http.Request, path string, all []any) (body []byte, links string, found bool) {
	query := r.URL.Query()
	size := min(max(number(query.Get("per_page"), 30), 1), 100)
	page := max(number(query.Get("page"), 1), 1)
	from := min((page-1)*size, len(all))
	to := min(from+size, len(all))
	var each []string
	link := func(n int, rel string) {
		query.Set("page", strconv.Itoa(n))
		each = append(each, fmt.Sprintf(`<%s%s?%s>; rel="%s"`, s.URL, path, query.Encode(), rel))
	}
	if page > 1 {
		link(page-1, "prev")
	}
	if to < len(all) {
		link(page+1, "next")
		link((len(all)+size-1)/size, "last")
	}
	if page > 1 {
		link(1, "first")
	}
	body, err := json.Marshal(append([]any{}, all[from:to]...))
	return body, strings.Join(each, ", "), err == nil
}

func number(text string, otherwise int) int {
	if n, err := strconv.Atoi(text); err == nil {
		return n
	}
	return otherwise
}
