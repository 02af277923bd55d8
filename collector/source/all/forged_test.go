package all

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/collector/source"
)

var forgeries = flag.Int("forgeries", 10_000, "how many forged, altered and replayed messages are tried")

func TestEverySourceHasARowInTheTableOfSchemes(t *testing.T) {
	for _, f := range Factories() {
		require.NotEmpty(t, source.SchemesOf(f.Name), "%s: how do its senders prove themselves?", f.Name)
	}
}

// The secrets that are valid, and one that was.
const (
	older   = "canary-older-0123456789abcdef"
	newer   = "whsec_Y2FuYXJ5LW5ld2VyLTAxMjM0NTY3ODlhYmNkZWY="
	revoked = "canary-revoked-0123456789abcde"
)

var sentAt = time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)

// sender is a source and a way its senders prove themselves.
type sender struct {
	source string
	proof  string                          // the header with the proof
	body   func(n int) string              // a message that differs from every other one
	header map[string]string               // beside the proof
	sign   func(r *message, secret string) // adds the proof
	// covers says that the proof depends on the body. Otherwise it is a password, and whoever has it may say anything.
	covers bool
}

type message struct {
	header http.Header
	body   []byte
}

func (m message) clone() message { return message{m.header.Clone(), bytes.Clone(m.body)} }

func senders() []sender {
	hmac := func(m *message, secret string) { m.header.Set("X-Hub-Signature-256", source.Sign(secret, m.body)) }
	bearer := func(m *message, secret string) { m.header.Set("Authorization", "Bearer "+secret) }
	standard := func(m *message, secret string) { source.SignStandard(m.header, secret, "msg-1", sentAt, m.body) }
	alert := func(n int) string {
		return fmt.Sprintf(`{"version":"4","alerts":[{"status":"firing","fingerprint":"f%d","startsAt":"2026-03-01T09:00:00Z","labels":{"service":"s"}}]}`, n)
	}
	change := func(n int) string {
		return fmt.Sprintf(`{"change":{"id":"c-%d","service":"s","version":"v%[1]d","started_at":"2026-03-01T09:00:00Z"}}`, n)
	}
	event := func(n int) string {
		return fmt.Sprintf(`{"context":{"version":"0.4.1","id":"e-%d","source":"/ci","type":"dev.cdevents.service.deployed.0.2.0","timestamp":"2026-03-01T09:00:00Z"},
			"subject":{"id":"s","source":"/ci","type":"service","content":{"environment":{"id":"production"},"artifactId":"pkg:oci/s@v%[1]d"}}}`, n)
	}
	status := func(n int) string {
		return fmt.Sprintf(`{"action":"created","deployment_status":{"id":%d,"state":"success","created_at":"2026-03-01T09:05:00Z"},"repository":{"name":"s","full_name":"a/s"},
			"deployment":{"id":%[1]d,"sha":"9fceb02","ref":"main","environment":"production","created_at":"2026-03-01T09:00:00Z"}}`, n)
	}
	const hub = "X-Hub-Signature-256"
	binary := map[string]string{"Content-Type": "application/json", "Ce-Id": "h-1", "Ce-Source": "/h", "Ce-Type": "dev.cdevents.service.deployed.0.2.0"}
	return []sender{
		{"github", hub, status, map[string]string{"X-Github-Event": "deployment_status", "X-Github-Delivery": "d-1"}, hmac, true},
		{"cdevents", hub, event, binary, hmac, true},
		{"cdevents", "Authorization", event, binary, bearer, false},
		{"generic", "Webhook-Signature", change, nil, standard, true},
		{"generic", "Authorization", change, nil, bearer, false},
		{"alertmanager", "Authorization", alert, nil, bearer, false},
	}
}

func (s sender) genuine(n int, secret string) message {
	m := message{http.Header{}, []byte(s.body(n))}
	for k, v := range s.header {
		m.header.Set(k, v)
	}
	s.sign(&m, secret)
	return m
}

// attack makes of a recorded message one that nobody sent; false when this one can't be made of it.
type attack func(r *rand.Rand, s sender, m *message) bool

func attacks() map[string]attack {
	edit := func(f func(r *rand.Rand, value string) string) attack {
		return func(r *rand.Rand, s sender, m *message) bool {
			before := m.header.Get(s.proof)
			m.header.Set(s.proof, f(r, before))
			return !same(before, m.header.Get(s.proof))
		}
	}
	return map[string]attack{
		"a bit of the body": func(r *rand.Rand, s sender, m *message) bool {
			m.body[r.IntN(len(m.body))] ^= 1 << r.IntN(8)
			return s.covers
		},
		"the body cut short": func(r *rand.Rand, s sender, m *message) bool {
			m.body = m.body[:r.IntN(len(m.body))]
			return s.covers
		},
		"something after the body": func(r *rand.Rand, s sender, m *message) bool {
			m.body = append(m.body, " \n\x00}"[r.IntN(4)])
			return s.covers
		},
		"another body": func(r *rand.Rand, s sender, m *message) bool {
			m.body = []byte(s.body(-1 - r.IntN(1000)))
			return s.covers
		},
		"a bit of the proof": edit(func(r *rand.Rand, v string) string {
			b := []byte(v)
			b[r.IntN(len(b))] ^= 1 << r.IntN(7)
			return string(b)
		}),
		"the proof cut short": edit(func(r *rand.Rand, v string) string { return v[:r.IntN(len(v))] }),
		"more after the proof": edit(func(r *rand.Rand, v string) string {
			return v + string("0aA=,."[r.IntN(6)])
		}),
		"no proof": func(_ *rand.Rand, s sender, m *message) bool { m.header.Del(s.proof); return true },
		"a weaker scheme": func(r *rand.Rand, s sender, m *message) bool {
			weak := []string{"sha1=da39a3ee5e6b4b0d3255bfef95601890afd80709", "md5=d41d8cd98f00b204e9800998ecf8427e", "none", "v0,AA==", "v1,", "sha256=", "Basic Og==", "Bearer", "Bearer null"}
			m.header.Set(s.proof, weak[r.IntN(len(weak))])
			return true
		},
		"a secret that isn't valid any more": func(_ *rand.Rand, s sender, m *message) bool { s.sign(m, revoked); return true },
		"an empty secret":                    func(_ *rand.Rand, s sender, m *message) bool { s.sign(m, ""); return true },
		"random bytes for a proof": func(r *rand.Rand, s sender, m *message) bool {
			raw := make([]byte, r.IntN(40))
			for i := range raw {
				raw[i] = byte(r.Uint32())
			}
			m.header.Set(s.proof, []string{"sha256=" + hex.EncodeToString(raw), "v1," + base64.StdEncoding.EncodeToString(raw), "Bearer " + hex.EncodeToString(raw)}[r.IntN(3)])
			return true
		},
		"the proof of another message": func(r *rand.Rand, s sender, m *message) bool {
			other := s.genuine(-2000-r.IntN(1000), newer)
			m.header.Set(s.proof, other.header.Get(s.proof))
			return s.covers
		},
		"the proof under another header": func(r *rand.Rand, s sender, m *message) bool {
			value := m.header.Get(s.proof)
			m.header.Del(s.proof)
			m.header.Set([]string{"X-Hub-Signature", "X-Signature", "Cookie", "Proxy-Authorization", "Webhook-Signature-2"}[r.IntN(5)], value)
			return true
		},
		"another id that is signed": func(r *rand.Rand, s sender, m *message) bool {
			m.header.Set("Webhook-Id", "msg-"+strconv.Itoa(2+r.IntN(1000)))
			return s.proof == "Webhook-Signature"
		},
		"another time that is signed": func(r *rand.Rand, s sender, m *message) bool {
			m.header.Set("Webhook-Timestamp", strconv.FormatInt(sentAt.Unix()+1+int64(r.IntN(1e6)), 10))
			return s.proof == "Webhook-Signature"
		},
	}
}

// same: hex digits and names of schemes mean the same in capitals.
func same(a, b string) bool {
	if strings.HasPrefix(a, "sha256=") {
		return len(b) > 7 && a[:7] == b[:7] && strings.EqualFold(a, b)
	}
	schemeA, restA, _ := strings.Cut(a, " ")
	schemeB, restB, _ := strings.Cut(b, " ")
	return strings.EqualFold(schemeA, schemeB) && restA == strings.TrimSpace(restB) && (schemeA == schemeB || strings.EqualFold(schemeA, "bearer"))
}

// replay sends a recorded message again under what its proof doesn't cover.
func replay(r *rand.Rand, m *message) {
	names := []string{"X-Github-Delivery", "X-Github-Event", "Content-Type", "Ce-Id", "Ce-Source", "Ce-Type", "Idempotency-Key"}
	values := []string{"", "x-" + strconv.Itoa(r.IntN(1000)), "ping", "deployment", "application/json", "application/cloudevents+json",
		"application/cloudevents-batch+json", "application/x-www-form-urlencoded", "dev.cdevents.incident.detected.0.2.0", "com.example.other"}
	for range 1 + r.IntN(3) {
		m.header.Set(names[r.IntN(len(names))], values[r.IntN(len(values))])
	}
}

// TestNothingForgedIsAcceptedAndNothingReplayedIsNew tries -forgeries messages. A forged or altered one must be refused; a
// recorded one that is sent again must be a delivery that is known: the ledger keeps one of each (source, id).
func TestNothingForgedIsAcceptedAndNothingReplayedIsNew(t *testing.T) {
	r := rand.New(rand.NewPCG(1, uint64(*forgeries)))
	made := map[string]source.Reader{}
	for _, f := range Factories() {
		s, err := f.New(source.ReaderConfig{Secrets: []string{newer, older}})
		require.NoError(t, err)
		made[f.Name] = s
	}
	all := senders()
	kinds := attacks()
	var names []string
	for name := range kinds {
		names = append(names, name)
	}
	tried := map[string]int{}
	for n := 0; n < *forgeries; {
		s := all[r.IntN(len(all))]
		m := s.genuine(n, []string{older, newer}[r.IntN(2)])
		request := func(m message, late time.Duration) source.Request {
			return source.Request{Header: m.header, Body: m.body, ReceivedAt: sentAt.Add(late)}
		}
		live := made[s.source]
		if err := live.Authenticate(request(m, 0)); err != nil {
			require.NoError(t, err, "a genuine message to %s", s.source)
		}
		if r.IntN(4) == 0 {
			n += replayed(t, r, live, s, m)
			tried["a replay"]++
			continue
		}
		name := names[r.IntN(len(names))]
		forged := m.clone()
		if !kinds[name](r, s, &forged) {
			continue
		}
		n++
		tried[name]++
		err := live.Authenticate(request(forged, 0))
		if err == nil || strings.Contains(err.Error(), "canary") {
			require.ErrorIs(t, err, source.ErrUnauthorized, "%s, to %s by %s: %v", name, s.source, s.proof, forged)
			require.NotContains(t, err.Error(), "canary")
		}
	}
	require.Len(t, tried, len(kinds)+1, "every attack was tried")
	t.Logf("%d forged, altered or replayed messages, 0 accepted: %v", *forgeries, tried)
}

func replayed(t *testing.T, r *rand.Rand, live source.Reader, s sender, m message) int {
	first, err := live.Parse(source.Request{Header: m.header, Body: m.body, ReceivedAt: sentAt})
	require.NoError(t, err)
	require.Len(t, first, 1)
	require.Len(t, first[0].Facts, 1)
	again := m.clone()
	replay(r, &again)
	late := time.Duration(r.IntN(3600)) * time.Second
	req := source.Request{Header: again.header, Body: again.body, ReceivedAt: sentAt.Add(late)}
	err = live.Authenticate(req)
	if s.proof == "Webhook-Signature" && late > 5*time.Minute {
		require.ErrorIs(t, err, source.ErrUnauthorized, "a signed time that is long ago")
		return 1
	}
	require.NoError(t, err)
	second, err := live.Parse(req)
	if err != nil {
		return 1 // 400: nothing is kept
	}
	for _, d := range second {
		if s.covers && d.ID != first[0].ID && len(d.Facts) > 0 {
			require.Equal(t, first[0].Facts, d.Facts, "%s: what counts has its own key", s.source)
		}
		if s.covers && d.ID != first[0].ID {
			require.Equal(t, source.BodyID(m.body), d.ID, "%s: %v", s.source, again.header)
		}
	}
	return 1
}
