package pull

import (
	"bytes"
	"container/list"
	"io"
	"net/http"
	"sync"

	"github.com/shipwake/shipwake/collector/following"
)

// Bounds of what is remembered of a source's answers.
const (
	maxRemembered = 16 << 20 // bytes of all bodies
	maxBody       = 1 << 20  // bytes of one
)

// memory asks again for what it remembers only if that has changed (RFC 9110, If-None-Match), and else answers itself. What
// was used longest ago is forgotten first.
type memory struct {
	next  http.RoundTripper
	count following.Counter
	// most bounds all bodies together, mostOf a single one.
	most, mostOf int

	mu     sync.Mutex
	known  map[string]*list.Element // of *answer
	recent *list.List               // the last used first
	size   int
}

// answer is a document with its tag.
type answer struct {
	key, etag string
	header    http.Header
	body      []byte
}

func newMemory(next http.RoundTripper, count following.Counter) *memory {
	return &memory{next: next, count: count, most: maxRemembered, mostOf: maxBody, known: map[string]*list.Element{}, recent: list.New()}
}

// RoundTrip implements http.RoundTripper.
func (m *memory) RoundTrip(request *http.Request) (*http.Response, error) {
	key := request.URL.String() + "\n" + request.Header.Get("Accept")
	known := m.find(key)
	if known != nil {
		request = request.Clone(request.Context())
		request.Header.Set("If-None-Match", known.etag)
	}
	response, err := m.next.RoundTrip(request)
	switch {
	case err != nil:
		m.count.Add(resultUnanswered, 1)
		return nil, err
	case response.StatusCode == http.StatusNotModified && known != nil:
		m.count.Add(resultUnchanged, 1)
		_ = response.Body.Close()
		return known.response(response), nil
	}
	m.count.Add(resultAnswered, 1)
	if response.StatusCode == http.StatusOK && response.Header.Get("ETag") != "" {
		return m.remember(key, response)
	}
	return response, nil
}

func (m *memory) find(key string) *answer {
	m.mu.Lock()
	defer m.mu.Unlock()
	element := m.known[key]
	if element == nil {
		return nil
	}
	m.recent.MoveToFront(element)
	return element.Value.(*answer)
}

// remember reads the body, unless it is too large.
func (m *memory) remember(key string, response *http.Response) (*http.Response, error) {
	body, err := io.ReadAll(io.LimitReader(response.Body, int64(m.mostOf)+1))
	if err != nil {
		_ = response.Body.Close()
		return nil, err
	}
	if len(body) > m.mostOf {
		response.Body = &rest{io.MultiReader(bytes.NewReader(body), response.Body), response.Body}
		return response, nil
	}
	_ = response.Body.Close()
	response.Body = io.NopCloser(bytes.NewReader(body))
	m.keep(&answer{key, response.Header.Get("ETag"), response.Header.Clone(), body})
	return response, nil
}

// rest is a body whose beginning was read.
type rest struct {
	io.Reader
	io.Closer
}

func (m *memory) keep(a *answer) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if old := m.known[a.key]; old != nil {
		m.forget(old)
	}
	m.known[a.key] = m.recent.PushFront(a)
	m.size += len(a.body)
	for m.size > m.most {
		m.forget(m.recent.Back())
	}
}

func (m *memory) forget(element *list.Element) {
	a := m.recent.Remove(element).(*answer)
	delete(m.known, a.key)
	m.size -= len(a.body)
}

// response is the remembered answer, as if it had been sent again.
func (a *answer) response(unchanged *http.Response) *http.Response {
	response := *unchanged
	response.StatusCode, response.Status = http.StatusOK, "200 OK"
	response.Header = a.header.Clone()
	response.Body, response.ContentLength = io.NopCloser(bytes.NewReader(a.body)), int64(len(a.body))
	return &response
}
