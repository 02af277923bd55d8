package webhook

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/sinks"
	"github.com/shipwake/shipwake/sinks/sinktest"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// Two secrets of 32 and 24 bytes.
var (
	secretOne = "whsec_" + base64.StdEncoding.EncodeToString([]byte("01234567890123456789012345678901"))
	secretTwo = "whsec_" + base64.StdEncoding.EncodeToString([]byte("abcdefghijklmnopqrstuvwx"))
)

type m = map[string]any

// config has one endpoint, "ci", with further keys.
func config(url string, more m) m {
	endpoint := m{"url": url, "secrets": []any{secretOne}}
	maps.Copy(endpoint, more)
	return m{"allow": []any{"loopback"}, "endpoints": m{"ci": endpoint}}
}

func TestContract(t *testing.T) {
	sinktest.Run(t, Factory(), sinktest.Options{
		Config: config("https://user:pass-word@hook.example/token-word", m{
			"secrets": secretOne + ", " + secretTwo, "headers": m{"Authorization": "Bearer header-word"},
		}),
		Secrets: []string{secretOne, secretTwo, "pass-word", "token-word", "header-word"},
		Receiver: &sinktest.Receiver{
			Config: func(url string) m { return config(url, nil) },
			Read:   readMessage,
		},
	})
	sinktest.Run(t, Factory(), sinktest.Options{
		Config: config("https://hook.example", m{"latest_only": true}),
		Receiver: &sinktest.Receiver{
			Config: func(url string) m { return config(url, m{"latest_only": true}) },
			Read:   readMessage,
		},
	})
}

// readMessage is the change and the verdict that a request tells of.
func readMessage(_ *http.Request, body []byte) (subject, says string, ok bool) {
	var p Payload
	if json.Unmarshal(body, &p) != nil {
		return "", "", false
	}
	return p.Data.Change.ID, fmt.Sprint(p.Type, " ", p.Data.Verdict.Revision), true
}

func open(t testing.TB, c m) sinks.Outgoing {
	t.Helper()
	s, err := Factory().New(nil, c)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s.(sinks.Outgoing)
}

// revision is a verdict on one change.
func revision(n int, o correlate.Outcome, final bool) correlate.Verdict {
	return correlate.Verdict{
		ChangeID: "checkout-4711", Service: "checkout", Environment: "production", Outcome: o, Revision: n, Final: final,
		Evidence: []correlate.Evidence{},
	}
}

func TestWhatIsToldToWhom(t *testing.T) {
	const regressed, healthy, inconclusive = correlate.Regressed, correlate.Healthy, correlate.Inconclusive
	course := []correlate.Verdict{
		revision(1, healthy, false), revision(2, regressed, false), revision(3, inconclusive, false), revision(4, healthy, false),
		revision(5, healthy, true), revision(6, regressed, true), revision(7, inconclusive, true),
	}
	for name, c := range map[string]struct {
		keys m
		want []int
	}{
		"by default regressions at once, what takes them back, and final verdicts": {nil, []int{2, 3, 4, 5, 6, 7}},
		"only regressions, and what takes them back":                               {m{"only": []any{"regressed"}}, []int{2, 3, 4, 5, 6, 7}},
		"only what is healthy in the end, and what takes that back":                {m{"only": []any{"healthy"}}, []int{5, 6, 7}},
		"only what has no answer in the end":                                       {m{"only": []any{"inconclusive"}}, []int{7}},
		"only what is final":                                                       {m{"final_only": true}, []int{5, 6, 7}},
		"only final regressions, and what takes them back":                         {m{"final_only": true, "only": []any{"regressed"}}, []int{6, 7}},
		"this place":          {m{"services": []any{"cart", "checkout"}, "environments": []any{"production"}}, []int{2, 3, 4, 5, 6, 7}},
		"another service":     {m{"services": []any{"cart"}}, nil},
		"another environment": {m{"environments": []any{"staging"}}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			known := correlate.ChangeRecord{Change: correlate.Change{ID: "checkout-4711"}}
			r := sinktest.NewReader(sinktest.Noon, correlate.Effect{Change: &known})
			s := open(t, config("http://127.0.0.1", c.keys))
			var onceEach []int
			for _, v := range course { // each revision in a transaction of its own
				batch := []correlate.Effect{{Verdict: &v}}
				onceEach = append(onceEach, revisions(t, s, sinktest.NewBatch(r, batch...))...)
				r.Put(batch...)
			}
			require.Equal(t, c.want, onceEach)

			var batch []correlate.Effect
			for _, v := range course { // all in one
				batch = append(batch, correlate.Effect{Verdict: &v})
			}
			last := course[len(course)-1].Revision
			var newest []int
			if slices.Contains(c.want, last) {
				newest = []int{last}
			}
			require.Equal(t, newest, revisions(t, open(t, config("http://127.0.0.1", c.keys)), sinktest.NewBatch(nil, batch...)),
				"what was replaced before anybody was told is passed over")
		})
	}
}

// revisions are those of the messages, in order.
func revisions(t *testing.T, s sinks.Outgoing, b sinks.Batch) []int {
	t.Helper()
	messages, err := s.Messages(b)
	require.NoError(t, err)
	var all []int
	for _, m := range messages {
		var p Payload
		require.NoError(t, json.Unmarshal(m.Payload, &p))
		all = append(all, p.Data.Verdict.Revision)
	}
	return all
}

func TestACorrectionIsToldWhenTheRecordCannotBeRead(t *testing.T) {
	b := sinks.Batch{Decisions: []sinks.Decision{{Verdict: revision(2, correlate.Healthy, false), PriorUnknown: true}}}
	require.Equal(t, []int{2}, revisions(t, open(t, config("http://127.0.0.1", nil)), b))
}

func TestEveryRevisionCountsUnlessOnlyTheLatestIsWanted(t *testing.T) {
	for name, c := range map[string]struct {
		keys m
		each bool
	}{
		"every revision": {nil, true}, "the latest only": {m{"latest_only": true}, false},
	} {
		t.Run(name, func(t *testing.T) {
			messages, err := open(t, config("http://127.0.0.1", c.keys)).Messages(sinktest.NewBatch(nil, sinktest.Story()...))
			require.NoError(t, err)
			for _, m := range messages {
				require.Equal(t, c.each, m.Each)
			}
			require.Equal(t, "checkout-4711", messages[1].Subject)
		})
	}
}

// TestTheExampleIsWhatIsSent also holds the README to it.
func TestTheExampleIsWhatIsSent(t *testing.T) {
	c := config("http://127.0.0.1", nil)
	c["public_url"] = "https://shipwake.example.com/"
	messages, err := open(t, c).Messages(sinktest.NewBatch(nil, sinktest.Story()...))
	require.NoError(t, err)
	require.Len(t, messages, 4, "three final ones and a regression that may still change")
	i := slices.IndexFunc(messages, func(m sinks.Message) bool { return strings.Contains(string(m.Payload), `"checkout-4711","kind"`) })
	require.GreaterOrEqual(t, i, 0)
	var indented bytes.Buffer
	require.NoError(t, json.Indent(&indented, messages[i].Payload, "", "  "))
	indented.WriteByte('\n')
	path := filepath.Join("testdata", "verdict.json")
	if *update {
		require.NoError(t, os.MkdirAll("testdata", 0o755))
		require.NoError(t, os.WriteFile(path, indented.Bytes(), 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err, "run the test with -update to make it")
	require.Equal(t, string(want), indented.String(), "run the test with -update to accept the change")
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	require.Contains(t, string(readme), "```json\n"+string(want)+"```", "the README shows testdata/verdict.json")
	require.Equal(t, "msg_", messages[i].Key[:4])
	require.NotContains(t, messages[i].Key, ".")
}

func TestMessagesStaySmall(t *testing.T) {
	v := revision(1, correlate.Regressed, true)
	c := correlate.ChangeRecord{Change: correlate.Change{ID: v.ChangeID, Labels: map[string]string{}}}
	for n := range 5000 {
		v.Evidence = append(v.Evidence, correlate.Evidence{Signal: "error_ratio", Baseline: 0.012345, Observed: 0.54321, N: 123456})
		c.Commits = append(c.Commits, correlate.Commit{SHA: strings.Repeat("a", 40)})
		c.Instances = append(c.Instances, "instance")
		c.Incidents = append(c.Incidents, "PD-1")
		c.Labels[strconv.Itoa(n)] = "value"
	}
	messages, err := open(t, config("http://127.0.0.1", nil)).
		Messages(sinktest.NewBatch(nil, correlate.Effect{Verdict: &v}, correlate.Effect{Change: &c}))
	require.NoError(t, err)
	require.Less(t, len(messages[0].Payload), 20_000)
	require.Len(t, v.Evidence, 5000)
}

// verified is the verification of the Standard Webhooks document, version 1.0.0, in its words: the content that is
// signed is id, timestamp and body with full stops between them; the key is the part of the secret after whsec_,
// decoded from base64; the header is a list, separated by spaces, of a version, a comma and a signature in base64.
func verified(h http.Header, body []byte, secret string, now time.Time) bool {
	id, timestamp := h.Get("webhook-id"), h.Get("webhook-timestamp")
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	if err != nil || now.Sub(time.Unix(seconds, 0)).Abs() > 5*time.Minute {
		return false
	}
	rawKey, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(secret, "whsec_"))
	if err != nil {
		return false
	}
	digest := hmac.New(sha256.New, rawKey)
	fmt.Fprintf(digest, "%s.%s.%s", id, timestamp, body)
	for _, versioned := range strings.Fields(h.Get("webhook-signature")) {
		version, signature, _ := strings.Cut(versioned, ",")
		given, err := base64.StdEncoding.DecodeString(signature)
		if version == "v1" && err == nil && hmac.Equal(given, digest.Sum(nil)) {
			return true
		}
	}
	return false
}

func TestTheSignatureIsTheOneThatOthersCompute(t *testing.T) {
	// printf 'msg_1.1700000000.{}' | openssl dgst -sha256 -hmac 01234567890123456789012345678901 -binary | base64
	keys, err := secrets{fixed: [][]byte{[]byte("01234567890123456789012345678901")}}.keys()
	require.NoError(t, err)
	require.Equal(t, "v1,f/Y+daDmym1RFEncjwfCErhuxrwhXfMCa22UPngBea0=", sign(keys, "msg_1", "1700000000", []byte("{}")))
}

// received is what came to a receiver.
type received struct {
	header http.Header
	body   []byte
	method string
}

// receive answers each request by the handler and keeps it.
func receive(t *testing.T, answer http.HandlerFunc) (url string, got *[]received) {
	got = new([]received)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err == nil {
			*got = append(*got, received{r.Header, body, r.Method})
		}
		if answer != nil {
			answer(w, r)
		}
	}))
	t.Cleanup(s.Close)
	return s.URL, got
}

var message = sinks.Message{Queue: "ci", Key: "msg_1", Payload: []byte(`{"type":"verdict.regressed"}`)}

// deliver sends the message; a webhook has nothing to remember of it.
func deliver(t *testing.T, s sinks.Outgoing) error {
	t.Helper()
	receipt, err := s.Deliver(t.Context(), message)
	require.Nil(t, receipt)
	return err
}

func TestEverySecretSigns(t *testing.T) {
	url, got := receive(t, nil)
	file := filepath.Join(t.TempDir(), "secrets")
	require.NoError(t, os.WriteFile(file, []byte(secretOne+"\n"), 0o600))
	s := open(t, m{"allow": []any{"loopback"}, "endpoints": m{
		"ci": m{"url": url, "secret_file": file, "headers": m{"authorization": "Bearer x"}},
	}})
	third := "whsec_" + base64.StdEncoding.EncodeToString(make([]byte, 64))
	require.NoError(t, deliver(t, s))
	require.NoError(t, os.WriteFile(file, []byte("\n"+secretTwo+"\n "+third), 0o600))
	require.NoError(t, deliver(t, s))
	for i, c := range []struct{ valid, invalid []string }{
		{[]string{secretOne}, []string{secretTwo, third}}, {[]string{secretTwo, third}, []string{secretOne}},
	} {
		r := (*got)[i]
		for _, secret := range c.valid {
			require.True(t, verified(r.header, r.body, secret, time.Now()))
			require.False(t, verified(r.header, append(r.body, ' '), secret, time.Now()))
		}
		for _, secret := range c.invalid {
			require.False(t, verified(r.header, r.body, secret, time.Now()))
		}
		require.Equal(t, http.MethodPost, r.method)
		require.Equal(t, string(message.Payload), string(r.body))
		require.Equal(t, "application/json", r.header.Get("Content-Type"))
		require.Equal(t, "Bearer x", r.header.Get("Authorization"))
		require.Equal(t, message.Key, r.header.Get("webhook-id"))
	}

	require.NoError(t, os.WriteFile(file, []byte("hush"), 0o600))
	err := deliver(t, s)
	require.ErrorContains(t, err, "secret_file: line 1 of "+file)
	require.NotContains(t, err.Error(), "hush")
	require.Len(t, *got, 2)
}

func TestAnswers(t *testing.T) {
	in90 := func(h http.Header) { h.Set("Retry-After", "90") }
	for name, c := range map[string]struct {
		code  int
		edit  func(http.Header)
		cause sinks.Cause
		after time.Duration
	}{
		"bad request":            {400, nil, sinks.Refused, 0},
		"a wrong secret":         {401, nil, sinks.Refused, 0},
		"gone":                   {410, nil, sinks.Refused, 0},
		"timed out":              {408, nil, sinks.Unreachable, 0},
		"too early":              {425, nil, sinks.Unreachable, 0},
		"too many":               {429, in90, sinks.Unreachable, 90 * time.Second},
		"an error":               {500, nil, sinks.Failed, 0},
		"a gateway's error":      {502, nil, sinks.Unreachable, 0},
		"down for maintenance":   {503, in90, sinks.Unreachable, 90 * time.Second},
		"a gateway's time-out":   {504, nil, sinks.Unreachable, 0},
		"moved to the metadata":  {308, func(h http.Header) { h.Set("Location", "http://169.254.169.254/latest/") }, sinks.Refused, 0},
		"not modified":           {304, nil, sinks.Refused, 0},
		"a nonsense Retry-After": {503, func(h http.Header) { h.Set("Retry-After", "-5 apples") }, sinks.Unreachable, 0},
		"a huge Retry-After":     {503, func(h http.Header) { h.Set("Retry-After", "99999999999999999999") }, sinks.Unreachable, 0},
	} {
		t.Run(name, func(t *testing.T) {
			url, got := receive(t, func(w http.ResponseWriter, _ *http.Request) {
				if c.edit != nil {
					c.edit(w.Header())
				}
				w.WriteHeader(c.code)
			})
			var u *sinks.Undelivered
			require.ErrorAs(t, deliver(t, open(t, config(url, nil))), &u)
			require.Equal(t, [2]any{c.cause, c.after}, [2]any{u.Cause, u.After}, u)
			require.Contains(t, u.Error(), strconv.Itoa(c.code))
			require.Len(t, *got, 1, "a redirect is not followed")
		})
	}
	for _, code := range []int{200, 201, 202, 204, 299} {
		url, _ := receive(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(code) })
		require.NoError(t, deliver(t, open(t, config(url, nil))))
	}
}

func TestAReceiverThatHangsIsGivenUp(t *testing.T) {
	release := make(chan struct{})
	url, _ := receive(t, func(http.ResponseWriter, *http.Request) { <-release })
	defer close(release)
	err := deliver(t, open(t, config(url, m{"timeout": "1s"})))
	require.EqualError(t, err, "no answer within 1s")
}

func TestAnAddressInsideIsRefused(t *testing.T) {
	url, got := receive(t, nil)
	c := config(strings.Replace(url, "127.0.0.1", "user:hush@localhost", 1)+"/hush", nil)
	delete(c, "allow")
	err := deliver(t, open(t, c))
	require.ErrorContains(t, err, `of localhost is refused (loopback): to allow it, list "loopback" or `)
	require.ErrorContains(t, err, "under sinks::webhook::allow")
	require.NotContains(t, err.Error(), "hush")
	require.Empty(t, *got)
}
