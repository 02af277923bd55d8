package webhook

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/collector/source"
)

// changed is a change in our own format with one field set to something.
func changed(field string, value any) []byte {
	c := map[string]any{"id": "c-1", "service": "checkout", "started_at": "2026-03-01T10:00:00Z", field: value}
	body, _ := json.Marshal(map[string]any{"change": c})
	return body
}

// event is a CDEvent in its CloudEvents envelope.
func event(id, timestamp string) string {
	return fmt.Sprintf(`{"specversion":"1.0","id":%q,"source":"/ci","type":"dev.cdevents.service.deployed.0.2.0","data":{
		"context":{"id":%[1]q,"source":"/ci","type":"dev.cdevents.service.deployed.0.2.0","timestamp":%[2]q},
		"subject":{"id":"checkout","content":{"environment":{"id":"production"},"artifactId":"pkg:oci/checkout@sha256%%3Aab?tag=v2"}}}}`, id, timestamp)
}

func alerts(n int) []byte {
	var all []string
	for i := range n {
		all = append(all, fmt.Sprintf(`{"status":"firing","labels":{"service":"checkout","severity":"page"},"startsAt":"2026-03-01T10:00:00Z","fingerprint":"f%d"}`, i))
	}
	return []byte(`{"version":"4","status":"firing","alerts":[` + strings.Join(all, ",") + `]}`)
}

func deploymentStatus(state, at string) []byte {
	return fmt.Appendf(nil, `{"action":"created","deployment_status":{"state":%q,"created_at":%q},"repository":{"name":"checkout","full_name":"acme/checkout"},
		"deployment":{"id":1,"sha":"9fceb02","ref":"main","environment":"production","created_at":"2026-03-01T10:00:00Z"}}`, state, at)
}

// What a hostile or an unlucky sender may send, with the documented limits.
func TestHostileAndUnluckySenders(t *testing.T) {
	const ts = "2026-03-01T10:05:00Z"
	tomorrow := time.Now().Add(24 * time.Hour).UTC().Format(time.RFC3339)
	status := deploymentStatus("success", ts)
	for name, c := range map[string]struct {
		source string
		header map[string]string
		body   []byte
		status int
		answer string
		facts  int
	}{
		"the year 9999":                        {body: changed("started_at", "9999-12-31T23:59:59Z"), status: 400, answer: `"path":"$.change.started_at"`},
		"before 1970":                          {body: changed("started_at", "1969-12-31T23:59:59Z"), status: 400, answer: `"path":"$.change.started_at"`},
		"a day that isn't":                     {body: changed("started_at", "2026-02-30T00:00:00Z"), status: 400, answer: `"path":"$.change.started_at"`},
		"Unix seconds":                         {body: changed("started_at", 1772359200), status: 202, facts: 1},
		"a time without an offset":             {body: changed("started_at", "2026-03-01 10:00:00"), status: 400, answer: "must say its offset from UTC"},
		"UTF-16":                               {body: []byte("\xff\xfe{\x00}\x00"), status: 400, answer: "must be UTF-8; the body is UTF-16"},
		"a byte order mark":                    {body: append([]byte("\xef\xbb\xbf"), change...), status: 400, answer: "byte order mark"},
		"tomorrow is kept and not applied":     {body: changed("started_at", tomorrow), status: 202, answer: `"problem":"future: fact 1 of 1`},
		"a finish before the start":            {body: changed("finished_at", "2026-03-01T09:00:00Z"), status: 400, answer: `"path":"$.change.finished_at"`},
		"an empty service":                     {body: changed("service", ""), status: 400, answer: `"path":"$.change.service"`},
		"a blank service":                      {body: changed("service", " \t"), status: 400, answer: `"path":"$.change.service"`},
		"no service":                           {body: changed("service", nil), status: 400, answer: `"path":"$.change.service"`},
		"a service of ten kilobytes":           {body: changed("service", strings.Repeat("x", 10_000)), status: 400, answer: `"path":"$.change.service"`},
		"an id of ten kilobytes":               {body: changed("id", strings.Repeat("x", 10_000)), status: 400, answer: `"path":"$.change.id"`},
		"a service in every script":            {body: changed("service", "zahlung-💥-\u202e漢\u0000\n\"'<script>"), status: 202, facts: 1},
		"half a character":                     {body: []byte(`{"id":"c","service":"\ud800x","started_at":"2026-03-01T10:00:00Z"}`), status: 202, facts: 1},
		"bytes that aren't text":               {body: []byte("{\"id\":\"c\",\"service\":\"\xff\xfe\",\"started_at\":\"2026-03-01T10:00:00Z\"}"), status: 202, facts: 1},
		"a million brackets":                   {body: bytes.Repeat([]byte("["), 1_000_000), status: 400, answer: "nested deeper than 64 levels"},
		"a long nested object":                 {body: []byte(strings.Repeat(`{"a":`, 300_000) + "1" + strings.Repeat("}", 300_000)), status: 400, answer: "nested deeper than 64 levels"},
		"a million numbers":                    {body: []byte("[" + strings.Repeat("1,", 1_000_000) + "1]"), status: 400, answer: `"path":"$[0]"`},
		"cut short":                            {body: changed("actor", "me")[:40], status: 400, answer: "the body ends early"},
		"a bomb":                               {header: map[string]string{"Content-Encoding": "gzip"}, body: zipped(strings.Repeat(" ", 50<<20)), status: 413, answer: "must not be larger"},
		"a body six times too large":           {body: bytes.Repeat([]byte(" "), 30<<20), status: 413, answer: "must not be larger"},
		"a batch with one bad element":         {source: "cdevents", body: []byte("[" + event("1", ts) + "," + event("2", "soon") + "," + event("3", ts) + "]"), status: 202, answer: `"quarantined":[{"id":"/ci 2","problem":"unreadable: $.data.context.timestamp: must be`, facts: 2},
		"a batch with one that is no event":    {source: "cdevents", body: []byte("[" + event("1", ts) + ",7]"), status: 202, answer: `must be a CloudEvent or a CDEvent`, facts: 1},
		"a batch with one of tomorrow":         {source: "cdevents", body: []byte("[" + event("1", ts) + "," + event("2", tomorrow) + "]"), status: 202, answer: `"problem":"future`, facts: 1},
		"a thousand alerts":                    {source: "alertmanager", body: alerts(1000), status: 202, answer: `"facts":1000`, facts: 1000},
		"more alerts than a message may hold":  {source: "alertmanager", body: alerts(10_001), status: 400, answer: `"path":"$.alerts"`},
		"no alerts":                            {source: "alertmanager", body: alerts(0), status: 202, answer: "ignored"},
		"a signed ping":                        {source: "github", header: signed("ping", []byte(`{"zen":"x"}`)), body: []byte(`{"zen":"x"}`), status: 202, answer: "ignored"},
		"a signed deployment":                  {source: "github", header: signed("deployment_status", status), body: status, status: 202, facts: 1},
		"a signature for another body":         {source: "github", header: signed("deployment_status", status), body: deploymentStatus("failure", ts), status: 401, answer: "fits none"},
		"a signed body that was cut short":     {source: "github", header: signed("deployment_status", status), body: status[:100], status: 401, answer: "fits none"},
		"half a body, signed":                  {source: "github", header: signed("deployment_status", status[:100]), body: status[:100], status: 400, answer: `"path":"$"`},
		"a signature that GitHub gave up":      {source: "github", header: map[string]string{"X-GitHub-Event": "ping", "X-Hub-Signature": "sha1=00"}, body: []byte("{}"), status: 401, answer: "X-Hub-Signature-256 is missing"},
		"a signed deployment of the year 9999": {source: "github", header: signed("deployment_status", deploymentStatus("success", "9999-01-01T00:00:00Z")), body: deploymentStatus("success", "9999-01-01T00:00:00Z"), status: 400, answer: `"path":"$.deployment_status.created_at"`},
		"a form of nothing but separators":     {source: "github", header: form(bytes.Repeat([]byte("a&"), 1<<20)), body: bytes.Repeat([]byte("a&"), 1<<20), status: 400, answer: "must be a form with the field payload"},
	} {
		t.Run(name, func(t *testing.T) {
			r := start(t, func(cfg *Config) {
				cfg.Sources = map[string]SourceConfig{"generic": {}, "cdevents": {}, "alertmanager": {}, "github": {Secret: githubSecret}}
			})
			if c.source == "" {
				c.source = "generic"
			}
			status, _, answer := r.send(t, "POST", "/hooks/"+c.source, c.header, c.body)
			require.Equal(t, c.status, status, answer)
			require.Contains(t, answer, c.answer)
			require.Less(t, len(answer), 1000)
			require.Equal(t, status == 202, len(r.intake.Entries()) > 0, "kept if and only if the sender was told")
			facts, quarantined := 0, int64(0)
			for _, d := range r.intake.Entries() {
				facts += len(d.Facts)
				require.NotEmpty(t, d.Body)
				if d.Problem != "" {
					quarantined++
				}
			}
			require.Equal(t, c.facts, facts)
			require.Equal(t, quarantined, r.counted(c.source)["quarantined"])
			require.Zero(t, r.handler.budget.Used(), "every byte of the budget is given back")
		})
	}
}

func signed(event string, body []byte) map[string]string {
	return map[string]string{"X-GitHub-Event": event, "X-GitHub-Delivery": "d-1", "X-Hub-Signature-256": signature(githubSecret, body)}
}

func form(body []byte) map[string]string {
	header := signed("ping", body)
	header["Content-Type"] = "application/x-www-form-urlencoded"
	return header
}

// Who asks before sending is told before sending; who announces more than will be read isn't read.
func TestABodyThatIsTooLargeIsRefusedBeforeItComes(t *testing.T) {
	r := start(t, nil)
	for name, head := range map[string]string{
		"asked first":  fmt.Sprintf("Expect: 100-continue\r\nContent-Length: %d", defaultMaxBodySize+1),
		"far too much": fmt.Sprintf("Content-Length: %d", defaultMaxBodySize+maxSurplus+1),
	} {
		t.Run(name, func(t *testing.T) {
			conn := r.dial(t)
			_, err := io.WriteString(conn, "POST /hooks/generic HTTP/1.1\r\nHost: localhost\r\n"+head+"\r\n\r\n")
			require.NoError(t, err)
			require.Equal(t, http.StatusRequestEntityTooLarge, readStatus(t, conn))
		})
	}
	t.Run("without an end", func(t *testing.T) {
		conn := r.dial(t)
		go func() {
			_, _ = io.WriteString(conn, "POST /hooks/generic HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n")
			chunk := "10000\r\n" + strings.Repeat(" ", 1<<16) + "\r\n"
			for range (defaultMaxBodySize + maxSurplus + 1<<20) >> 16 {
				if _, err := io.WriteString(conn, chunk); err != nil {
					return
				}
			}
		}()
		require.Equal(t, http.StatusRequestEntityTooLarge, readStatus(t, conn))
	})
	require.Empty(t, r.intake.Entries())
}

// GitHub's signature covers the body and nothing else, so the body is what makes a delivery: recorded and sent again under
// another id, as another event or compressed, it is the delivery that the ledger has already.
func TestARecordedDeliveryUnderAnotherIDIsTheSame(t *testing.T) {
	r := start(t, func(cfg *Config) { cfg.Sources = map[string]SourceConfig{"github": {Secret: githubSecret}} })
	body := deploymentStatus("success", "2026-03-01T10:05:00Z")
	first := signed("deployment_status", body)
	otherID := signed("deployment_status", body)
	otherID["X-GitHub-Delivery"] = "d-2"
	compressed := signed("deployment_status", body)
	compressed["Content-Encoding"] = "gzip"
	for i, c := range []struct {
		header map[string]string
		body   []byte
	}{{first, body}, {otherID, body}, {signed("ping", body), body}, {compressed, zipped(string(body))}} {
		status, _, answer := r.send(t, "POST", "/hooks/github", c.header, c.body)
		require.Equal(t, http.StatusAccepted, status, answer)
		require.Equal(t, i > 0, strings.Contains(answer, `"duplicates":1`), answer)
	}
	kept := r.intake.Entries()
	require.Len(t, kept, 1)
	require.Equal(t, source.BodyID(body), kept[0].ID)
}

// A page that somebody opens on the machine of the daemon can make the browser post, without asking for some content
// types, or by a name of its own that points here.
func TestAPageCannotPost(t *testing.T) {
	r := start(t, func(cfg *Config) {
		cfg.Sources = map[string]SourceConfig{"generic": {}, "github": {Secret: githubSecret}}
	})
	post := func(path, host string, header map[string]string, body []byte) int {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), "POST", "http://"+r.addr.String()+path, bytes.NewReader(body))
		require.NoError(t, err)
		req.Host = host
		for k, v := range header {
			req.Header.Set(k, v)
		}
		res, err := http.DefaultClient.Do(req)
		require.NoError(t, err)
		require.NoError(t, res.Body.Close())
		require.Empty(t, res.Header.Get("Access-Control-Allow-Origin"))
		return res.StatusCode
	}
	page := map[string]string{"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site", "Content-Type": "text/plain"}
	require.Equal(t, 403, post("/hooks/generic", "127.0.0.1:8787", page, []byte(change)))
	require.Equal(t, 403, post("/hooks/generic", "127.0.0.1:8787", map[string]string{"Origin": "null"}, []byte(change)))
	require.Equal(t, 403, post("/hooks/generic", "rebound.evil.example:8787", map[string]string{"Sec-Fetch-Site": "same-origin"}, []byte(change)))
	require.Equal(t, int64(3), r.counted("generic")["unauthorized"])
	require.Empty(t, r.intake.Entries())
	require.Equal(t, 202, post("/hooks/generic", "localhost:8787", nil, []byte(change)), "a program on this machine")
	ping := []byte("{}")
	require.Equal(t, 202, post("/hooks/github", "tunnel.example", signed("ping", ping), ping), "with a secret, whatever the tunnel calls us")
}
