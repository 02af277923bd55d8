package kubernetes

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/labels"
)

// doc is an object as JSON.
type doc map[string]any

func (d doc) at(path ...string) doc {
	for _, step := range path {
		next, ok := d[step].(doc)
		if !ok {
			next = doc{}
			d[step] = next
		}
		d = next
	}
	return d
}

// server is an API server in memory: lists in pages, watches with a history that can be compacted.
type server struct {
	mu       sync.Mutex
	changed  *sync.Cond
	version  int
	objects  map[string]doc // by resource/namespace/name
	history  []change
	oldest   int // versions before it are forgotten
	closed   int // watches begun before it end
	requests []string
	cut      bool                    // watches end at once
	fail     func(*http.Request) int // the status to refuse a request with; 0: don't
}

type change struct {
	version int
	typ     string
	path    string
	object  []byte
	meta    map[string]string // labels
}

func newServer() *server {
	s := &server{objects: map[string]doc{}, version: 1}
	s.changed = sync.NewCond(&s.mu)
	return s
}

// put creates or replaces an object.
func (s *server) put(resource string, o doc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	path := resource + "/" + o.at("metadata")["namespace"].(string) + "/" + o.at("metadata")["name"].(string)
	typ := "MODIFIED"
	if s.objects[path] == nil {
		typ = "ADDED"
	}
	s.record(typ, path, o)
	var kept doc
	text, _ := json.Marshal(o)
	_ = json.Unmarshal(text, &kept)
	s.objects[path] = kept
}

func (s *server) remove(resource, namespace, name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	path := resource + "/" + namespace + "/" + name
	s.record("DELETED", path, s.objects[path])
	delete(s.objects, path)
}

func (s *server) record(typ, path string, o doc) {
	s.version++
	metadata, _ := o["metadata"].(doc)
	if metadata == nil {
		m, _ := o["metadata"].(map[string]any)
		metadata = doc(m)
	}
	metadata["resourceVersion"] = strconv.Itoa(s.version)
	text, _ := json.Marshal(o)
	s.history = append(s.history, change{s.version, typ, path, text, labelsOf(o)})
	s.changed.Broadcast()
}

// again sends the last event a second time.
func (s *server) again() {
	s.mu.Lock()
	defer s.mu.Unlock()
	last := s.history[len(s.history)-1]
	s.version++
	last.version = s.version
	s.history = append(s.history, last)
	s.changed.Broadcast()
}

// end ends all watches; compact forgets all versions there were.
func (s *server) end(compact bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if compact {
		s.version++
		s.oldest = s.version
	}
	s.closed++
	s.changed.Broadcast()
}

func (s *server) refuse(f func(*http.Request) int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fail = f
}

// asked counts the requests whose path and query contain a text.
func (s *server) asked(text string) (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, r := range s.requests {
		if strings.Contains(r, text) {
			n++
		}
	}
	return n
}

func labelsOf(o doc) map[string]string {
	var typed struct {
		Metadata struct{ Labels map[string]string }
	}
	text, _ := json.Marshal(o)
	_ = json.Unmarshal(text, &typed)
	return typed.Metadata.Labels
}

// RoundTrip implements http.RoundTripper.
func (s *server) RoundTrip(r *http.Request) (*http.Response, error) {
	s.mu.Lock()
	s.requests = append(s.requests, r.URL.String())
	fail := s.fail
	s.mu.Unlock()
	if fail != nil {
		if code := fail(r); code != 0 {
			return answer(code, doc{"kind": "Status", "code": code, "reason": http.StatusText(code), "message": "refused"}), nil
		}
	}
	if name, ok := strings.CutPrefix(r.URL.Path, "/api/v1/namespaces/"); ok {
		return answer(200, doc{"metadata": doc{"name": name, "labels": doc{"env": name + "-environment"}}}), nil
	}
	prefix := strings.TrimPrefix(r.URL.Path, "/apis/apps/v1/")
	if rest, ok := strings.CutPrefix(prefix, "namespaces/"); ok {
		namespace, resource, _ := strings.Cut(rest, "/")
		prefix = resource + "/" + namespace
	}
	selector, err := labels.Parse(r.URL.Query().Get("labelSelector"))
	if err != nil {
		return answer(400, doc{"message": err.Error()}), nil
	}
	if r.URL.Query().Get("watch") == "" {
		return s.list(prefix+"/", selector, r), nil
	}
	return s.watch(prefix+"/", selector, r), nil
}

func answer(code int, body any) *http.Response {
	text, _ := json.Marshal(body)
	return &http.Response{StatusCode: code, Header: http.Header{}, Body: io.NopCloser(strings.NewReader(string(text)))}
}

// list answers at most two objects a page.
func (s *server) list(prefix string, selector labels.Selector, r *http.Request) *http.Response {
	s.mu.Lock()
	defer s.mu.Unlock()
	items, next := []doc{}, ""
	for _, path := range slices.Sorted(maps.Keys(s.objects)) {
		switch {
		case !strings.HasPrefix(path, prefix) || !selector.Matches(labels.Set(labelsOf(s.objects[path]))) || path <= r.URL.Query().Get("continue"):
		case len(items) == 2:
			return answer(200, doc{"metadata": doc{"resourceVersion": strconv.Itoa(s.version), "continue": next}, "items": items})
		default:
			items, next = append(items, s.objects[path]), path
		}
	}
	return answer(200, doc{"metadata": doc{"resourceVersion": strconv.Itoa(s.version)}, "items": items})
}

func (s *server) watch(prefix string, selector labels.Selector, r *http.Request) *http.Response {
	from, _ := strconv.Atoi(r.URL.Query().Get("resourceVersion"))
	lasts, _ := strconv.Atoi(r.URL.Query().Get("timeoutSeconds"))
	s.mu.Lock()
	defer s.mu.Unlock()
	if from < s.oldest {
		return answer(200, doc{"type": "ERROR", "object": doc{"kind": "Status", "code": 410, "reason": "Expired", "message": "too old resource version"}})
	}
	reader, writer := io.Pipe()
	done := make(chan struct{})
	closed := s.closed
	over := s.cut
	stop := func() {
		s.mu.Lock()
		over = true
		s.changed.Broadcast()
		s.mu.Unlock()
	}
	timer := time.AfterFunc(time.Duration(lasts)*time.Second, stop)
	go func() {
		select {
		case <-r.Context().Done():
			stop()
		case <-done:
		}
	}()
	go func() {
		defer close(done)
		defer timer.Stop()
		defer writer.Close()
		next := func() (change, bool) {
			s.mu.Lock()
			defer s.mu.Unlock()
			for {
				for _, c := range s.history {
					if c.version > from && strings.HasPrefix(c.path, prefix) && selector.Matches(labels.Set(c.meta)) {
						from = c.version
						return c, true
					}
				}
				if over || s.closed > closed {
					return change{}, false
				}
				s.changed.Wait()
			}
		}
		for {
			c, ok := next()
			if !ok {
				bookmark, _ := json.Marshal(doc{"type": "BOOKMARK", "object": doc{"metadata": doc{"resourceVersion": strconv.Itoa(from)}}})
				_, _ = writer.Write(bookmark)
				return
			}
			if _, err := fmt.Fprintf(writer, "{\"type\":%q,\"object\":%s}\n", c.typ, c.object); err != nil {
				return
			}
		}
	}()
	return &http.Response{StatusCode: 200, Header: http.Header{}, Body: reader}
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
