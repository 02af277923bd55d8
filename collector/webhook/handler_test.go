package webhook

import (
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/config/configopaque"

	"github.com/shipwake/shipwake/collector/source"
	"github.com/shipwake/shipwake/correlate"
)

const githubSecret = "It's a Secret to Everybody"

func TestAnswers(t *testing.T) {
	ping := []byte(`{"zen":"Approachable is better than simple."}`)
	signed := map[string]string{"X-GitHub-Event": "ping", "X-GitHub-Delivery": "d-1", "X-Hub-Signature-256": signature(githubSecret, ping)}
	for name, c := range map[string]struct {
		method, path string
		header       map[string]string
		body         []byte
		fail         error
		status       int
		answer       string
		counted      map[string]int64
	}{
		"a change is kept": {
			path: "/hooks/generic", body: []byte(change), status: 202,
			answer:  `{"status":"accepted","id":"` + source.BodyID([]byte(change)) + `","facts":1}`,
			counted: map[string]int64{"accepted": 1},
		},
		"a batch has several ids": {
			path: "/hooks/cdevents", body: []byte(`[{"id":"1","source":"/a","type":"x"},{"id":"2","source":"/a","type":"x"}]`), status: 202,
			answer:  `{"status":"accepted","ids":["/a 1","/a 2"],"deliveries":2,"facts":0,"ignored":"only CDEvents of services, pipeline runs and incidents are read"}`,
			counted: map[string]int64{"ignored": 2},
		},
		"a batch with one that can't be read": {
			path: "/hooks/cdevents", body: []byte(`[{"id":"1","source":"/a","type":"x"},{"id":"2","source":"/a"}]`), status: 202,
			answer: `{"status":"accepted","ids":["/a 1","/a 2"],"deliveries":2,"facts":0,"ignored":"only CDEvents of services, pipeline runs and incidents are read",` +
				`"problem":"unreadable: $.type: required: the type of the CloudEvent","quarantined":[{"id":"/a 2","problem":"unreadable: $.type: required: the type of the CloudEvent"}]}`,
			counted: map[string]int64{"ignored": 1, "quarantined": 1},
		},
		"a batch of which nothing can be read": {
			path: "/hooks/cdevents", body: []byte(`[7,{"id":"2","source":"/a"}]`), status: 400,
			answer:  `{"error":"must be a CloudEvent or a CDEvent, an object","path":"$"}`,
			counted: map[string]int64{"malformed": 1},
		},
		"the same event twice in a batch": {
			path: "/hooks/cdevents", body: []byte(`[{"id":"1","source":"/a","type":"x"},{"id":"1","source":"/a","type":"x"}]`), status: 202,
			answer: `"duplicates":1`, counted: map[string]int64{"ignored": 2},
		},
		"a signed event that says nothing of a change is kept": {
			path: "/hooks/github", header: signed, body: ping, status: 202,
			answer:  `{"status":"accepted","id":"` + source.BodyID(ping) + `","facts":0,"ignored":"an event that says nothing of a deployment"}`,
			counted: map[string]int64{"ignored": 1},
		},
		"a slash at the end of the path": {
			path: "/hooks/github/", header: signed, body: ping, status: 202, answer: `"id":"` + source.BodyID(ping) + `"`,
			counted: map[string]int64{"ignored": 1},
		},
		"a wrong signature": {
			path: "/hooks/github", header: signed, body: append([]byte(" "), ping...), status: 401,
			answer:  `{"error":"unauthorized: the signature in X-Hub-Signature-256 fits none of the configured secrets"}`,
			counted: map[string]int64{"unauthorized": 1},
		},
		"the signature in GitHub's documentation is right, and its body says nothing": {
			path: "/hooks/github", body: []byte("Hello, World!"), status: 400,
			header: map[string]string{"X-GitHub-Event": "push",
				"X-Hub-Signature-256": "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"},
			answer:  `{"error":"must be a JSON document; byte 1 can't follow what is before it","path":"$"}`,
			counted: map[string]int64{"malformed": 1},
		},
		"no signature": {
			path: "/hooks/github", body: ping, status: 401, answer: "the header X-Hub-Signature-256 is missing",
			counted: map[string]int64{"unauthorized": 1},
		},
		"a body that can't be read": {
			path: "/hooks/generic", body: []byte(`[{"change":{"id":"c","service":"s","started_at":"1969-01-01T00:00:00Z"}}]`), status: 400,
			answer:  `{"error":"must lie between the years 1970 and 2261","path":"$[0].change.started_at"}`,
			counted: map[string]int64{"malformed": 1},
		},
		"a body over the limit": {
			path: "/hooks/generic", body: bytes.Repeat([]byte(" "), 2001), status: 413,
			answer:  `{"error":"the body must not be larger than 2000 bytes; max_body_size sets the limit"}`,
			counted: map[string]int64{"too_large": 1},
		},
		"a body at the limit": {
			path: "/hooks/generic", body: append([]byte(change), bytes.Repeat([]byte(" "), 2000-len(change))...), status: 202,
			answer: `"facts":1`, counted: map[string]int64{"accepted": 1},
		},
		"an unknown encoding": {
			path: "/hooks/generic", header: map[string]string{"Content-Encoding": "br"}, body: []byte(change), status: 415,
			answer:  `{"error":"the content encoding must be one of gzip, deflate, or none"}`,
			counted: map[string]int64{"malformed": 1},
		},
		"a broken encoding": {
			path: "/hooks/generic", header: map[string]string{"Content-Encoding": "gzip"}, body: []byte(change), status: 400,
			answer: "the body can't be read to its end", counted: map[string]int64{"malformed": 1},
		},
		"an encoding that was cut short": {
			path: "/hooks/generic", header: map[string]string{"Content-Encoding": "gzip"}, body: zipped(change)[:40], status: 400,
			answer: "the body can't be read to its end", counted: map[string]int64{"malformed": 1},
		},
		"gzip": {
			path: "/hooks/generic", header: map[string]string{"Content-Encoding": "gzip"}, body: zipped(change), status: 202,
			answer: `"facts":1`, counted: map[string]int64{"accepted": 1},
		},
		"deflate": {
			path: "/hooks/generic", header: map[string]string{"Content-Encoding": "deflate"}, body: deflated(change), status: 202,
			answer: `"facts":1`, counted: map[string]int64{"accepted": 1},
		},
		"a bomb": {
			path: "/hooks/generic", header: map[string]string{"Content-Encoding": "gzip"}, body: zipped(strings.Repeat(" ", 100_000)), status: 413,
			answer: "must not be larger than 2000 bytes", counted: map[string]int64{"too_large": 1},
		},
		"gzip by the sender, who signed what was sent": {
			path: "/hooks/github", body: zipped(string(ping)), status: 202, answer: `"facts":0`,
			header: map[string]string{"Content-Encoding": "gzip", "X-GitHub-Event": "ping",
				"X-Hub-Signature-256": signature(githubSecret, zipped(string(ping)))},
			counted: map[string]int64{"ignored": 1},
		},
		"gzip by a proxy, which left the sender's signature": {
			path: "/hooks/github", body: zipped(string(ping)), status: 202, answer: `"facts":0`,
			header: map[string]string{"Content-Encoding": "gzip", "X-GitHub-Event": "ping",
				"X-Hub-Signature-256": signature(githubSecret, ping)},
			counted: map[string]int64{"ignored": 1},
		},
		"gzip with a forged signature": {
			path: "/hooks/github", body: zipped(string(ping)), status: 401, answer: "fits none",
			header: map[string]string{"Content-Encoding": "gzip", "X-GitHub-Event": "ping",
				"X-Hub-Signature-256": signature("another", ping)},
			counted: map[string]int64{"unauthorized": 1},
		},
		"the ledger can't take it now": {
			path: "/hooks/generic", body: []byte(change), fail: fmt.Errorf("disk full: %w", correlate.ErrUnavailable), status: 503,
			answer:  `{"error":"the delivery can't be kept now; send it again"}`,
			counted: map[string]int64{"unavailable": 1},
		},
		"refused for good": {
			path: "/hooks/generic", body: []byte(change), fail: errors.New("schema"), status: 500,
			answer:  `{"error":"the delivery was refused; see the log","id":"` + source.BodyID([]byte(change)) + `"}`,
			counted: map[string]int64{"error": 1},
		},
		"an unknown source": {
			path: "/hooks/nosuch", body: []byte(change), status: 404,
			answer: `{"error":"there is no source at this path; send to /hooks/{source}","sources":["cdevents","generic","github"]}`,
		},
		"no source":        {path: "/", body: []byte(change), status: 404, answer: `"sources":["cdevents"`},
		"a deeper path":    {path: "/hooks/generic/x", body: []byte(change), status: 404, answer: `"sources":["cdevents"`},
		"the list":         {method: "GET", path: "/hooks/", status: 200, answer: `"path":"/hooks/cdevents","authentication":["hmac in X-Hub-Signature-256","bearer"],"authenticated":false,"page":"https://`},
		"a GET":            {method: "GET", path: "/hooks/generic", status: 405, answer: `{"error":"send a POST"}`},
		"a bare OPTIONS":   {method: "OPTIONS", path: "/hooks/generic", status: 405, answer: `{"error":"send a POST"}`},
		"a HEAD has none":  {method: "HEAD", path: "/hooks/generic", status: 405},
		"a PUT is no POST": {method: "PUT", path: "/hooks/generic", body: []byte(change), status: 405, answer: `{"error":"send a POST"}`},
	} {
		t.Run(name, func(t *testing.T) {
			r := start(t, func(cfg *Config) {
				cfg.MaxBodySize = 2000
				cfg.Sources = map[string]SourceConfig{"generic": {}, "cdevents": {}, "github": {Secret: githubSecret}}
			})
			r.fail(c.fail)
			method := c.method
			if method == "" {
				method = "POST"
			}
			status, header, answer := r.send(t, method, c.path, c.header, c.body)
			require.Equal(t, c.status, status, answer)
			require.Contains(t, strings.TrimSpace(answer), c.answer)
			require.Equal(t, "application/json", header.Get("Content-Type"))
			counted := c.counted
			if counted == nil {
				counted = map[string]int64{}
			}
			require.Equal(t, counted, r.counted(strings.Trim(strings.TrimPrefix(c.path, "/hooks/"), "/")))
			require.Equal(t, status == 202, len(r.intake.Entries()) > 0, "202 if and only if it was kept")
			require.Equal(t, status == 503, header.Get("Retry-After") != "")
			require.Equal(t, status == 405, header.Get("Allow") != "")
			for _, entry := range r.logs.All() {
				require.NotContains(t, fmt.Sprint(entry.Message, entry.ContextMap()), githubSecret)
			}
		})
	}
}

func TestWhatIsKeptIsStampedAndRaw(t *testing.T) {
	r := start(t, nil)
	status, _, _ := r.send(t, "POST", "/hooks/generic", map[string]string{"Content-Encoding": "gzip", "Content-Type": "application/json"}, zipped(change))
	require.Equal(t, http.StatusAccepted, status)
	kept := r.intake.Entries()[0]
	require.Equal(t, "generic", kept.Source)
	require.Equal(t, "generic", kept.Facts[0].Change.Source)
	require.Equal(t, change, string(kept.Body))
	require.Equal(t, map[string]string{"Content-Type": "application/json"}, kept.Header)
	require.WithinDuration(t, time.Now(), kept.ReceivedAt, time.Minute)
	projector, ok := r.intake.Projector("generic")
	require.True(t, ok, "the intake is told how to read it again")
	require.Equal(t, kept.Projection, projector.Project(kept.Raw))
}

func TestTheSenderIsAskedToComeBackAndTheIDIsLogged(t *testing.T) {
	r := start(t, nil)
	r.fail(correlate.ErrUnavailable)
	_, header, _ := r.send(t, "POST", "/hooks/generic", nil, []byte(change))
	require.Equal(t, "5", header.Get("Retry-After"))
	entries := r.logs.FilterMessage("A delivery can't be kept now").All()
	require.Len(t, entries, 1)
	require.Equal(t, source.BodyID([]byte(change)), entries[0].ContextMap()["delivery_id"])
}

func TestTheHandshakeWelcomesASender(t *testing.T) {
	r := start(t, nil)
	status, header, _ := r.send(t, "OPTIONS", "/hooks/cdevents",
		map[string]string{"WebHook-Request-Origin": "events.example.com", "WebHook-Request-Rate": "120"}, nil)
	require.Equal(t, http.StatusOK, status)
	require.Equal(t, "events.example.com", header.Get("WebHook-Allowed-Origin"))
	require.Equal(t, "*", header.Get("WebHook-Allowed-Rate"))
	require.Equal(t, "POST, OPTIONS", header.Get("Allow"))
}

func TestCountersExistBeforeTheFirstDelivery(t *testing.T) {
	r := start(t, func(cfg *Config) { cfg.Sources = map[string]SourceConfig{"generic": {}} })
	var seen []string
	for _, v := range r.tally.Values() {
		require.Zero(t, v.Value)
		seen = append(seen, v.What+"/"+v.Source+"/"+v.Result)
	}
	require.Equal(t, []string{"deliveries/generic/accepted", "deliveries/generic/error", "deliveries/generic/ignored",
		"deliveries/generic/malformed", "deliveries/generic/quarantined", "deliveries/generic/too_large", "deliveries/generic/truncated", "deliveries/generic/unauthorized",
		"deliveries/generic/unavailable"}, seen)
}

func TestASecretFileIsReadAgain(t *testing.T) {
	file := filepath.Join(t.TempDir(), "secrets")
	require.NoError(t, os.WriteFile(file, []byte("old\n"), 0o600))
	r := start(t, func(cfg *Config) {
		cfg.Sources = map[string]SourceConfig{"generic": {SecretFile: file, Secrets: []configopaque.String{"always"}}}
	})
	status := func(secret string) int {
		code, _, _ := r.send(t, "POST", "/hooks/generic", map[string]string{"Authorization": "Bearer " + secret}, []byte(change))
		return code
	}
	require.Equal(t, []int{202, 202, 401}, []int{status("old"), status("always"), status("new")})

	require.NoError(t, os.WriteFile(file, []byte("  new \r\n\nold\n"), 0o600))
	require.Equal(t, []int{202, 202, 202}, []int{status("old"), status("always"), status("new")}, "both during a rotation")

	require.NoError(t, os.WriteFile(file, []byte("new"), 0o600))
	require.Equal(t, []int{401, 202, 202}, []int{status("old"), status("always"), status("new")})

	require.NoError(t, os.WriteFile(file, []byte("\n"), 0o600))
	require.Equal(t, []int{202, 401}, []int{status("new"), status("old")}, "an empty file doesn't open the door")
	require.NoError(t, os.Remove(file))
	require.Equal(t, []int{202, 401}, []int{status("new"), status("old")}, "nor does a missing one")
	require.Equal(t, 1, r.logs.FilterMessageSnippet("secret file can't be used").Len(), "said once")
}

func TestOneTypeUnderTwoNames(t *testing.T) {
	r := start(t, func(cfg *Config) {
		cfg.Sources = map[string]SourceConfig{"acme": {Type: "generic", Secret: "a"}, "umbrella": {Type: "generic", Secret: "u"}}
	})
	status, _, _ := r.send(t, "POST", "/hooks/acme", map[string]string{"Authorization": "Bearer a"}, []byte(change))
	require.Equal(t, 202, status)
	status, _, _ = r.send(t, "POST", "/hooks/umbrella", map[string]string{"Authorization": "Bearer a"}, []byte(change))
	require.Equal(t, 401, status)
	require.Equal(t, "acme", r.intake.Entries()[0].Source)
}

// signature is what GitHub puts into X-Hub-Signature-256.
func signature(secret string, body []byte) string {
	req := source.Request{Header: http.Header{}, Body: body}
	if err := source.HubSignature().Sign(&req, secret); err != nil {
		return err.Error()
	}
	return req.Header.Get("X-Hub-Signature-256")
}

func zipped(text string) []byte {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	_, _ = w.Write([]byte(text))
	_ = w.Close()
	return out.Bytes()
}

func deflated(text string) []byte {
	var out bytes.Buffer
	w := zlib.NewWriter(&out)
	_, _ = w.Write([]byte(text))
	_ = w.Close()
	return out.Bytes()
}

func TestWhatASenderLeftOutIsCountedAndSaid(t *testing.T) {
	r := start(t, func(cfg *Config) { cfg.Sources = map[string]SourceConfig{"alertmanager": {}} })
	body := []byte(`{"version":"4","truncatedAlerts":12,"alerts":[{"status":"firing","labels":{"severity":"page"},` +
		`"startsAt":"2026-03-01T10:00:00Z","fingerprint":"f"}]}`)
	status, _, answer := r.send(t, "POST", "/hooks/alertmanager", nil, body)
	require.Equal(t, http.StatusAccepted, status)
	require.Contains(t, string(answer), `"facts":1`)
	require.Contains(t, string(answer), "Alertmanager left 12 alerts out of the notification")
	counted := map[string]int64{}
	for _, v := range r.tally.Values() {
		counted[v.Result] = v.Value
	}
	require.EqualValues(t, 12, counted["truncated"])
	require.EqualValues(t, 1, counted["quarantined"])
	require.EqualValues(t, 1, counted["accepted"])
}
