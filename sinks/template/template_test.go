package template

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/shipwake/shipwake/sinks"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type m = map[string]any

// exampleFile is a file with every step, for a receiver that answers as a test says.
const exampleFile = `
name: note
settings:
  url: {help: where, required: true}
  token: {help: from the page of the app, secret: true}
  room: {default: lobby}
parts:
  say: '{{.Headline | plain}}'
find:
  url: '{{.Setting.url}}/notes?key={{.Key | query}}'
  keep: {id: body.0.id}
create:
  url: '{{.Setting.url}}/notes'
  headers: {Authorization: '{{with .Setting.token}}Bearer {{.}}{{end}}', X-Room: '{{.Setting.room}}', Idempotency-Key: '{{.Key}}'}
  body: '{"say": {{part "say" . | json}}, "revision": {{.Revision}} }'
  keep: {id: body.id}
update:
  method: PUT
  url: '{{.Setting.url}}/notes/{{.Receipt.id | path}}'
  body: '{"say": {{part "say" . | json}} }'
  answers: [{status: [404], then: gone}]
follow_up:
  - when: '{{.Before}}'
    url: '{{.Setting.url}}/notes/{{.Receipt.id | path}}/replies'
    body: '{"say": {{json .Before}} }'
answers:
  - {status: [403], at: header.X-Left, in: ["0"], then: later, why: its limit is reached}
  - {at: body.ok, in: ["false"], then: refused}
error: [body.error.message, body.error]
waits: [{at: body.retry_ms, unit: milliseconds}]
`

// receiver answers by the table of "METHOD /path", "{}" where it has no row, and keeps what it was asked.
type receiver struct {
	*httptest.Server
	mu      sync.Mutex
	answers map[string]func(http.ResponseWriter)
	asked   []string
}

func newReceiver(t *testing.T) *receiver {
	r := &receiver{answers: map[string]func(http.ResponseWriter){}}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		body, _ := io.ReadAll(q.Body)
		r.mu.Lock()
		defer r.mu.Unlock()
		r.asked = append(r.asked, strings.TrimSpace(fmt.Sprint(q.Method, " ", q.URL.Path, " ", string(body))))
		if answer, ok := r.answers[q.Method+" "+q.URL.Path]; ok {
			answer(w)
			return
		}
		_, _ = io.WriteString(w, "{}")
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) says(call string, status int, body string, header ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answers[call] = func(w http.ResponseWriter) {
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func (r *receiver) take() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	asked := r.asked
	r.asked = nil
	return asked
}

func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "note.yaml")
	require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	return path
}

func configOf(path, url string, settings m) m {
	all := m{"url": url}
	for k, v := range settings {
		all[k] = v
	}
	return m{"allow": []any{"loopback"}, "targets": m{"ops": m{"file": path, "settings": all}}}
}

func opened(t *testing.T, text, url string) sinks.Outgoing {
	t.Helper()
	s, err := Factory().New(nil, configOf(write(t, text), url, m{"token": "token-word"}))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s.(sinks.Outgoing)
}

// messages are those of the batches of an example.
func messages(t *testing.T, s sinks.Outgoing, name string) []sinks.Message {
	t.Helper()
	var all []sinks.Message
	for _, e := range Examples() {
		for _, b := range e.Batches {
			if e.Name == name {
				more, err := s.Messages(b)
				require.NoError(t, err)
				all = append(all, more...)
			}
		}
	}
	return all
}

func TestAConversationTakesTheStepsOfItsFile(t *testing.T) {
	r := newReceiver(t)
	s := opened(t, exampleFile, r.URL)
	both := messages(t, s, "recovered")
	require.Len(t, both, 2)
	first, second := both[0], both[1]
	r.says("POST /notes", 201, `{"id": 7}`)

	got, err := s.Deliver(t.Context(), first)
	require.NoError(t, err)
	require.JSONEq(t, `{"said": "regressed", "kept": {"id": "7"}}`, string(got))
	said := "checkout v2.8.0 in production: regressed (more requests fail)"
	require.Equal(t, []string{"GET /notes", `POST /notes {"say": "` + said + `", "revision": 1 }`}, r.take())

	t.Run("the same kind again only updates", func(t *testing.T) {
		again := first
		again.Receipt = got
		_, err := s.Deliver(t.Context(), again)
		require.NoError(t, err)
		require.Equal(t, []string{`PUT /notes/7 {"say": "` + said + `" }`}, r.take())
	})
	t.Run("another kind updates and follows up", func(t *testing.T) {
		second.Receipt = got
		after, err := s.Deliver(t.Context(), second)
		require.NoError(t, err)
		require.JSONEq(t, `{"said": "recovered", "kept": {"id": "7"}}`, string(after))
		asked := r.take()
		require.Len(t, asked, 2)
		require.Contains(t, asked[0], "recovered 2026-03-01 12:24:00Z")
		require.Equal(t, `POST /notes/7/replies {"say": "regressed" }`, asked[1])
	})
	t.Run("what was removed is created anew", func(t *testing.T) {
		r.says("PUT /notes/7", 404, "")
		r.says("POST /notes", 201, `{"id": "8"}`)
		second.Receipt = got
		after, err := s.Deliver(t.Context(), second)
		require.NoError(t, err)
		require.JSONEq(t, `{"said": "recovered", "kept": {"id": "8"}}`, string(after))
		asked := r.take()
		require.Len(t, asked, 3)
		require.Equal(t, "GET /notes", asked[1], "and only once it can't be found either")
	})
	t.Run("what is another one by now is found again", func(t *testing.T) {
		r.says("GET /notes", 200, `[{"id": "9"}]`)
		second.Receipt = got
		after, err := s.Deliver(t.Context(), second)
		require.NoError(t, err)
		require.JSONEq(t, `{"said": "recovered", "kept": {"id": "9"}}`, string(after))
		require.Contains(t, r.take()[2], "PUT /notes/9 ")
	})
	t.Run("what is found is not created again", func(t *testing.T) {
		r.says("GET /notes", 200, `[{"id": "9"}]`)
		after, err := s.Deliver(t.Context(), first)
		require.NoError(t, err)
		require.JSONEq(t, `{"said": "regressed", "kept": {"id": "9"}}`, string(after))
		require.Equal(t, []string{"GET /notes", `PUT /notes/9 {"say": "` + said + `" }`}, r.take())
	})
	t.Run("a receipt that can't be read is as good as none", func(t *testing.T) {
		again := first
		again.Receipt = sinks.Receipt("?")
		_, err := s.Deliver(t.Context(), again)
		require.NoError(t, err)
		require.Equal(t, "GET /notes", r.take()[0])
	})
}

func TestWithoutUpdateWhatIsNewIsSaidAgain(t *testing.T) {
	for name, c := range map[string]struct {
		more string
		want int
	}{
		"by default what is of another kind": {"", 1},
		"or every revision":                  {"revisions: true\n", 2},
	} {
		t.Run(name, func(t *testing.T) {
			r := newReceiver(t)
			s := opened(t, "name: note\nsettings: {url: {}, token: {}}\n"+c.more+"create: {url: '{{.Setting.url}}/notes', body: '{}'}\n", r.URL)
			first := messages(t, s, "regressed")[0]
			require.Equal(t, c.more != "", first.Each)
			got, err := s.Deliver(t.Context(), first)
			require.NoError(t, err)
			first.Receipt = got
			_, err = s.Deliver(t.Context(), first)
			require.NoError(t, err)
			require.Len(t, r.take(), c.want)
		})
	}
}

func TestAnAnswerMeansWhatTheFileSays(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		body   string
		header []string
		cause  sinks.Cause
		after  time.Duration
		want   string
	}{
		"refused in a 200":               {200, `{"ok": false, "error": "no_room"}`, nil, sinks.Refused, 0, "the receiver answered 200: no_room"},
		"the limit in a 403":             {403, `{"retry_ms": 1500}`, []string{"X-Left", "0"}, sinks.Unreachable, 1500 * time.Millisecond, "its limit is reached"},
		"a 403":                          {403, `{"error": {"message": "no\nscope"}}`, []string{"X-Left", "4"}, sinks.Refused, 0, "the receiver answered 403 Forbidden: no scope"},
		"a 429 with two times":           {429, `{"retry_ms": 90000}`, []string{"Retry-After", "30"}, sinks.Unreachable, 90 * time.Second, "429"},
		"a 500 that repeats the token":   {500, `{"error": "token-word is wrong"}`, nil, sinks.Failed, 0, "[REDACTED] is wrong"},
		"a redirect":                     {307, "", []string{"Location", "/"}, sinks.Refused, 0, "redirects are not followed"},
		"a time that is none":            {503, `{"retry_ms": "soon"}`, nil, sinks.Unreachable, 0, "503"},
		"a time without end":             {503, `{"retry_ms": 1e300}`, nil, sinks.Unreachable, 24 * time.Hour, "503"},
		"a body that isn't what it says": {503, `{"retry_ms": `, nil, sinks.Unreachable, 0, "503"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newReceiver(t)
			s := opened(t, exampleFile, r.URL)
			r.says("POST /notes", c.status, c.body, c.header...)
			_, err := s.Deliver(t.Context(), messages(t, s, "regressed")[0])
			var u *sinks.Undelivered
			require.ErrorAs(t, err, &u)
			require.Equal(t, c.cause, u.Cause, u)
			require.Equal(t, c.after, u.After)
			require.ErrorContains(t, u, c.want)
			require.NotContains(t, u.Error(), "token-word")
		})
	}
	t.Run("who can't be asked what is there creates nothing", func(t *testing.T) {
		r := newReceiver(t)
		s := opened(t, exampleFile, r.URL)
		r.says("GET /notes", 503, "")
		_, err := s.Deliver(t.Context(), messages(t, s, "regressed")[0])
		require.Error(t, err)
		require.Equal(t, []string{"GET /notes"}, r.take())
	})
}

func TestAMistakeIsFoundWhenTheConfigurationIsLoaded(t *testing.T) {
	good := "name: note\nsettings: {url: {}, token: {secret: true}}\ncreate:\n  url: '{{.Setting.url}}'\n"
	for name, c := range map[string]struct{ text, want string }{
		"nothing":                     {"", "the file is empty"},
		"a key that isn't known":      {good + "updaet: {}\n", "field updaet not found"},
		"no name":                     {"create: {url: x}", "name: required"},
		"no step":                     {"name: note", "create: required"},
		"a step to nowhere":           {"name: note\ncreate: {body: x}", "create.url: required"},
		"a template that isn't one":   {good + "  body: '{{.Headline'\n", "create.body: 1: unclosed action"},
		"a function that isn't known": {good + "  body: '{{.Headline | mrkdown}}'\n", `function "mrkdown" not defined`},
		"a field that isn't known":    {good + "  body: '{{.Headlin}}'\n", "with the example \"regressed\": create.body: "},
		"a setting that isn't known":  {good + "  body: '{{.Setting.tokn}}'\n", "map has no entry for key \"tokn\""},
		"a part that isn't known":     {good + "  body: '{{part \"x\" .}}'\n", `there is no part "x"`},
		"what is no JSON":             {good + "  body: '{\"text\": {{.Headline}} }'\n", `create.body: it comes to no JSON`},
		"what is none with quotes in": {good + "  body: '{\"text\": \"{{.Actor}}\"}'\n", `with the example "harmful": create.body`},
		"a URL that is none":          {good + "update: {url: 'note://{{.ID}}'}\n", "update.url: it must begin with https:// or http://"},
		"a header of two lines":       {good + "  headers: {X-A: \"a\\nb\"}\n", "create.headers::X-A: the value has characters"},
		"a path that is none":         {good + "  keep: {id: id}\n", `create.keep.id: "id" begins with none of body, header and status`},
		"a condition that is none":    {good + "error: ['body.[a']\n", "a condition is [name=value]"},
		"an answer that is none":      {good + "answers: [{status: [200], then: fine}]\n", `answers[0].then: "fine" is none of`},
		"an answer of any kind":       {good + "answers: [{then: refused}]\n", "answers[0]: must say which answers"},
		"a unit that is none":         {good + "waits: [{at: body, unit: days}]\n", `waits[0].unit: "days" is none of`},
		"a kind that is none":         {good + "on: [bad]\n", `on[0]: "bad" is no kind`},
		"what writes without end":     {good + "  body: '{{range .Lines}}{{range $.Lines}}{{range $.Lines}}{{range $.Lines}}{{range $.Lines}}{{$}}{{end}}{{end}}{{end}}{{end}}{{end}}'\n", "it comes to more than"},
		"settings that say it":        {good + "problem: '{{if .Setting.token}}token: not today{{end}}'\n", "settings::token: not today"},
		"a secret in the error":       {good + "  body: '{{add .Setting.token 1}}'\n", "add takes whole numbers"},
	} {
		t.Run(name, func(t *testing.T) {
			err := Factory().Check(configOf(write(t, c.text), "https://note.example", m{"token": "token-word"}))
			require.ErrorContains(t, err, c.want)
			require.NotContains(t, err.Error(), "token-word")
		})
	}
}

func TestWrongSettingsAreNamed(t *testing.T) {
	path := write(t, exampleFile)
	empty := write(t, "")
	for want, c := range map[string]m{
		"targets: at least one is required":                                                    {},
		"targets: must be a map from names":                                                    {"targets": "hush"},
		`targets: "O P S": a name is made of`:                                                  {"targets": m{"O P S": m{"file": path}}},
		"targets::ops::file: required":                                                         {"targets": m{"ops": m{}}},
		"targets::ops::file: stat /no/such":                                                    {"targets": m{"ops": m{"file": "/no/such"}}},
		"targets::ops::settings::url: required: where":                                         {"targets": m{"ops": m{"file": path}}},
		"targets::ops::settings::url: it is empty":                                             configOf(path, "", nil),
		"targets::ops::settings::url: must be text":                                            {"targets": m{"ops": m{"file": path, "settings": m{"url": 4711}}}},
		"settings::tokn: there is no such setting; the known ones are room, token, url":        configOf(path, "https://x", m{"tokn": "hush"}),
		"settings::token_file: set it, or token, and not both":                                 configOf(path, "https://x", m{"token": "hush", "token_file": empty}),
		"settings::token_file: " + empty + " is empty":                                         configOf(path, "https://x", m{"token_file": empty}),
		"settings::token_file: open /no/such":                                                  configOf(path, "https://x", m{"token_file": "/no/such"}),
		"find.url: the address 10.0.0.1 is refused":                                            configOf(path, "https://10.0.0.1", nil),
		"targets::ops::pace: 1h0m0s: must be between":                                          {"targets": m{"ops": m{"file": path, "settings": m{"url": "https://x"}, "pace": "1h"}}},
		`targets::ops::on[0]: "bad" is no kind`:                                                {"targets": m{"ops": m{"file": path, "settings": m{"url": "https://x"}, "on": []any{"bad"}}}},
		"targets::ops::channel: there is no such key in the configuration; known in its place": {"targets": m{"ops": m{"file": path, "channel": "x"}}},
	} {
		err := Factory().Check(c)
		require.ErrorContains(t, err, want)
		require.NotContains(t, err.Error(), "hush")
	}
	shipped, err := Parse([]byte(exampleFile))
	require.NoError(t, err)
	require.ErrorContains(t, Shipped(shipped).Check(configOf(path, "https://x", nil)), "file: goes with the sink template, and not with note")
}

func TestASettingInAFileIsReadAnewForEachMessage(t *testing.T) {
	r := newReceiver(t)
	room := write(t, "kitchen\n")
	s, err := Factory().New(nil, configOf(write(t, "name: note\nsettings: {url: {}, room: {}}\ncreate: {url: '{{.Setting.url}}', body: '{{json .Setting.room}}'}\n"), r.URL, m{"room_file": room}))
	require.NoError(t, err)
	defer func() { require.NoError(t, s.Close()) }()
	out := s.(sinks.Outgoing)
	message := messages(t, out, "regressed")[0]
	_, err = out.Deliver(t.Context(), message)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(room, []byte("attic"), 0o600))
	_, err = out.Deliver(t.Context(), message)
	require.NoError(t, err)
	require.Equal(t, []string{`POST / "kitchen"`, `POST / "attic"`}, r.take())
}

func TestAQueueThatIsUnknownAndAMessageOfOthersAreRefused(t *testing.T) {
	s := opened(t, exampleFile, "http://127.0.0.1:9")
	for _, message := range []sinks.Message{{Queue: "gone"}, {Queue: "ops", Payload: []byte("?")}} {
		_, err := s.Deliver(t.Context(), message)
		var u *sinks.Undelivered
		require.ErrorAs(t, err, &u)
		require.Equal(t, sinks.Refused, u.Cause)
	}
}

func TestRequestsKeepTheirDistance(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := pace{gap: time.Second}
		began := time.Now()
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() { require.NoError(t, p.wait(t.Context())) })
		}
		all.Wait()
		require.Equal(t, 3*time.Second, time.Since(began))
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		require.ErrorIs(t, p.wait(ctx), context.DeadlineExceeded)
	})
}
