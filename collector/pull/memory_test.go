package pull

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/collector/following"
	"github.com/shipwake/shipwake/correlate"
)

// tagged is a server of documents with tags.
type tagged struct {
	documents map[string]string
	full      int // answers with a body
}

func (s *tagged) RoundTrip(request *http.Request) (*http.Response, error) {
	body, ok := s.documents[request.URL.Path]
	response := &http.Response{StatusCode: 200, Status: "200 OK", Header: http.Header{}, Request: request}
	response.Header.Set("ETag", fmt.Sprintf("%q", body))
	response.Header.Set("X-Left", "7")
	switch {
	case !ok:
		response.StatusCode, response.Header = 404, http.Header{}
		body = "not here"
	case request.Header.Get("If-None-Match") == response.Header.Get("ETag"):
		response.StatusCode, body = 304, ""
	default:
		s.full++
	}
	response.Body = io.NopCloser(bytes.NewReader([]byte(body)))
	return response, nil
}

func get(t require.TestingT, m *memory, path string) (int, string) {
	request, err := http.NewRequest(http.MethodGet, "https://example.com"+path, nil)
	require.NoError(t, err)
	response, err := m.RoundTrip(request)
	require.NoError(t, err)
	require.Empty(t, request.Header, "a request is not changed")
	body, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	return response.StatusCode, string(body)
}

// Whatever is asked and changed in whatever order, the answer is what the server has, and the memory keeps its bound.
func TestAMemoryAnswersWhatTheServerHas(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := &tagged{documents: map[string]string{}}
		m := newMemory(s, following.Counter{Tally: &correlate.Tally{}, Source: "x"})
		m.most, m.mostOf = 250, 100
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			path := rapid.SampledFrom([]string{"/a", "/b", "/c", "/d"}).Draw(t, "path")
			if rapid.Bool().Draw(t, "change") {
				size := rapid.SampledFrom([]int{0, 1, 98, 99, 100, 300}).Draw(t, "size")
				s.documents[path] = fmt.Sprint(rapid.IntRange(0, 9).Draw(t, "content")) + string(bytes.Repeat([]byte("x"), size))
			}
			code, body := get(t, m, path)
			want, ok := s.documents[path]
			if !ok {
				require.Equal(t, 404, code)
				continue
			}
			require.Equal(t, 200, code)
			require.Equal(t, want, body)
			size := 0
			for e := m.recent.Front(); e != nil; e = e.Next() {
				size += len(e.Value.(*answer).body)
			}
			require.Equal(t, size, m.size)
			require.Len(t, m.known, m.recent.Len())
			require.LessOrEqual(t, size, m.most)
		}
	})
}

func TestWhatIsRememberedIsNotSentAgain(t *testing.T) {
	s := &tagged{documents: map[string]string{"/a": "one"}}
	tally := &correlate.Tally{}
	m := newMemory(s, following.Counter{Tally: tally, Source: "x"})
	for range 3 {
		get(t, m, "/a")
	}
	require.Equal(t, 1, s.full)
	require.ElementsMatch(t, []correlate.CountValue{{Count: resultAnswered.Of("x"), Value: 1}, {Count: resultUnchanged.Of("x"), Value: 2}}, tally.Values())
}

func TestWhatWasUsedLongestAgoIsForgottenFirst(t *testing.T) {
	s := &tagged{documents: map[string]string{"/a": "aaaa", "/b": "bbbb", "/c": "cccc"}}
	m := newMemory(s, following.Counter{Tally: &correlate.Tally{}, Source: "x"})
	m.most = 8
	for _, path := range []string{"/a", "/b", "/a", "/c"} {
		get(t, m, path)
	}
	require.Equal(t, 3, s.full)
	get(t, m, "/a")
	require.Equal(t, 3, s.full, "what is used is kept")
	get(t, m, "/b")
	require.Equal(t, 4, s.full)
}

type broken struct{}

func (broken) RoundTrip(*http.Request) (*http.Response, error) { return nil, errors.New("no network") }

func TestAnErrorIsPassedOn(t *testing.T) {
	request, err := http.NewRequest(http.MethodGet, "https://example.com/", nil)
	require.NoError(t, err)
	_, err = newMemory(broken{}, following.Counter{Tally: &correlate.Tally{}, Source: "x"}).RoundTrip(request)
	require.EqualError(t, err, "no network")
}
