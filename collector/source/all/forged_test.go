package all

import (
	"bytes"
	"cmp"
	"crypto/ed25519"
	"crypto/x509"
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
	"github.com/shipwake/shipwake/collector/source/generic"
)

var forgeries = flag.Int("forgeries", 10_000, "how many forged, altered and replayed messages are tried")

// The secrets that are valid, and one that was.
const (
	older   = "canary-older-0123456789abcdef"
	newer   = "whsec_Y2FuYXJ5LW5ld2VyLTAxMjM0NTY3ODlhYmNkZWY="
	revoked = "canary-revoked-0123456789abcde"
)

var sentAt = time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC)

// sender is a source and a way its senders prove themselves.
type sender struct {
	source source.Configured
	scheme source.Scheme
	body   func(n int) string // a message that differs from every other one
	header map[string]string  // beside the proof
	live   []string           // the secrets that are configured
	keys   []string           // what they are signed with, and one that isn't valid any more
	// covers says that the proof depends on the body. Otherwise it is a password, and whoever has it may say anything.
	covers bool
}

type message struct {
	header http.Header
	body   []byte
}

func (m message) clone() message { return message{m.header.Clone(), bytes.Clone(m.body)} }

// senders are those of every source by each of its schemes, and of our own format by every scheme that a vendor may use.
func senders(t *testing.T) []sender {
	body := bodies()
	headers := map[string]map[string]string{
		"cdevents": {"Content-Type": "application/json", "Ce-Id": "h-1", "Ce-Source": "/h", "Ce-Type": "dev.cdevents.service.deployed.0.2.0"},
		"github":   {"X-Github-Event": "deployment_status", "X-Github-Delivery": "d-1"},
	}
	all := Sources()
	for i, scheme := range vendorSchemes() {
		other := generic.Source()
		other.Name, other.Schemes = fmt.Sprintf("vendor-%d", i), []source.Scheme{scheme}
		body[other.Name] = change
		all = append(all, other)
	}
	var found []sender
	for _, s := range all {
		if body[s.Name] == nil {
			body[s.Name] = unread
		}
		configured, err := s.Configure(s.Name, nil)
		require.NoError(t, err)
		for _, scheme := range s.Schemes {
			if scheme.Kind == source.Field {
				continue // these attacks bend headers; what is in a body, source tries
			}
			one := sender{
				source: configured, scheme: scheme, body: body[s.Name], header: headers[s.Name],
				live: []string{newer, older}, keys: []string{newer, older, revoked},
				covers: scheme.Kind == source.HMAC || scheme.Kind == source.PublicKey,
			}
			if scheme.Kind == source.PublicKey {
				one.live, one.keys = keyPairs(t)
			}
			found = append(found, one)
		}
	}
	return found
}

// vendorSchemes are forms of each kind of scheme that no source here uses.
func vendorSchemes() []source.Scheme {
	return []source.Scheme{
		{Kind: source.HMAC, Header: "X-Signature"},
		{Kind: source.HMAC, Header: "X-Tfe-Notification-Signature", Hash: "sha512"},
		{Kind: source.HMAC, Header: "X-Hub-Signature", Hash: "sha1", Encoding: "base64"},
		{Kind: source.HMAC, Header: "X-Pagerduty-Signature", Prefix: "v1=", Separator: ","},
		{Kind: source.HMAC, Header: "X-Slack-Signature", Prefix: "v0=", Content: "v0:{timestamp}:{body}", Timestamp: "X-Slack-Request-Timestamp"},
		{Kind: source.HMAC, Header: "X-Rootly-Signature", Prefix: "v1=", Separator: ",", Content: "{timestamp}{body}", TimestampPrefix: "t="},
		{Kind: source.PublicKey, Header: "X-Signature-Ed25519", Content: "{timestamp}{body}", Timestamp: "X-Signature-Timestamp"},
		{Kind: source.Token, Header: "X-Gitlab-Token"},
		{Kind: source.Basic},
	}
}

// bodies are what the senders of each source say.
func bodies() map[string]func(n int) string {
	return map[string]func(n int) string{"alertmanager": alert, "cdevents": event, "generic": change, "github": status}
}

// keyPairs are two public keys, and the private ones of these and of another.
func keyPairs(t *testing.T) (public, private []string) {
	for range 3 {
		pub, key, err := ed25519.GenerateKey(nil)
		require.NoError(t, err)
		der, err := x509.MarshalPKCS8PrivateKey(key)
		require.NoError(t, err)
		public, private = append(public, hex.EncodeToString(pub)), append(private, base64.StdEncoding.EncodeToString(der))
	}
	return public[:2], private
}

// unread is a message that says nothing, to a source for which there is no other here.
func unread(n int) string { return fmt.Sprintf(`{"n":%d}`, n) }

func alert(n int) string {
	return fmt.Sprintf(`{"version":"4","alerts":[{"status":"firing","fingerprint":"f%d","startsAt":"2026-03-01T09:00:00Z","labels":{"service":"s","severity":"page"}}]}`, n)
}

func change(n int) string {
	return fmt.Sprintf(`{"change":{"id":"c-%d","service":"s","version":"v%[1]d","started_at":"2026-03-01T09:00:00Z"}}`, n)
}

func event(n int) string {
	return fmt.Sprintf(`{"context":{"version":"0.4.1","id":"e-%d","source":"/ci","type":"dev.cdevents.service.deployed.0.2.0","timestamp":"2026-03-01T09:00:00Z"},
		"subject":{"id":"s","source":"/ci","type":"service","content":{"environment":{"id":"production"},"artifactId":"pkg:oci/s@v%[1]d"}}}`, n)
}

func status(n int) string {
	return fmt.Sprintf(`{"action":"created","deployment_status":{"id":%d,"state":"success","created_at":"2026-03-01T09:05:00Z"},"repository":{"name":"s","full_name":"a/s"},
		"deployment":{"id":%[1]d,"sha":"9fceb02","ref":"main","environment":"production","created_at":"2026-03-01T09:00:00Z"}}`, n)
}

// proof is the header with the proof.
func (s sender) proof() string { return cmp.Or(s.scheme.Header, "Authorization") }

// signedHeader tells whether the proof covers a header that a scheme may name.
func (s sender) signedHeader(name string) bool { return name != "" && s.covers }

func (s sender) sign(m *message, key string) {
	req := source.Request{Header: m.header, Body: m.body, ReceivedAt: sentAt}
	if err := s.scheme.Sign(&req, key); err != nil {
		m.header.Del(s.proof()) // an empty private key: there is no such signature
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
			before := m.header.Get(s.proof())
			m.header.Set(s.proof(), f(r, before))
			return !s.same(before, m.header.Get(s.proof()))
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
		"no proof": func(_ *rand.Rand, s sender, m *message) bool { m.header.Del(s.proof()); return true },
		"a weaker scheme": func(r *rand.Rand, s sender, m *message) bool {
			weak := []string{"sha1=da39a3ee5e6b4b0d3255bfef95601890afd80709", "md5=d41d8cd98f00b204e9800998ecf8427e", "none", "v0,AA==", "v1,", "sha256=", "Basic Og==", "Bearer", "Bearer null"}
			m.header.Set(s.proof(), weak[r.IntN(len(weak))])
			return true
		},
		"a secret that isn't valid any more": func(_ *rand.Rand, s sender, m *message) bool { s.sign(m, s.keys[2]); return true },
		"an empty secret":                    func(_ *rand.Rand, s sender, m *message) bool { s.sign(m, ""); return true },
		"random bytes for a proof": func(r *rand.Rand, s sender, m *message) bool {
			raw := make([]byte, r.IntN(40))
			for i := range raw {
				raw[i] = byte(r.Uint32())
			}
			m.header.Set(s.proof(), []string{"sha256=" + hex.EncodeToString(raw), "v1," + base64.StdEncoding.EncodeToString(raw), "Bearer " + hex.EncodeToString(raw)}[r.IntN(3)])
			return true
		},
		"the proof of another message": func(r *rand.Rand, s sender, m *message) bool {
			other := s.genuine(-2000-r.IntN(1000), s.keys[0])
			m.header.Set(s.proof(), other.header.Get(s.proof()))
			return s.covers
		},
		"the proof under another header": func(r *rand.Rand, s sender, m *message) bool {
			value := m.header.Get(s.proof())
			m.header.Del(s.proof())
			m.header.Set([]string{"X-Hub-Signature-1", "X-Sig", "Cookie", "Proxy-Authorization", "Webhook-Signature-2"}[r.IntN(5)], value)
			return true
		},
		"another id that is signed": func(r *rand.Rand, s sender, m *message) bool {
			m.header.Set(s.scheme.ID, "msg-"+strconv.Itoa(2+r.IntN(1000)))
			return s.signedHeader(s.scheme.ID)
		},
		"another time that is signed": func(r *rand.Rand, s sender, m *message) bool {
			m.header.Set(s.scheme.Timestamp, strconv.FormatInt(sentAt.Unix()+1+int64(r.IntN(1e6)), 10))
			return s.signedHeader(s.scheme.Timestamp)
		},
	}
}

// same: hex digits and the words Bearer and Basic mean the same in capitals, and a separator after the last signature means
// nothing.
func (s sender) same(a, b string) bool {
	switch s.scheme.Kind {
	case source.Bearer, source.Basic:
		wordA, restA, _ := strings.Cut(a, " ")
		wordB, restB, _ := strings.Cut(b, " ")
		return strings.EqualFold(wordA, wordB) && restA == strings.TrimSpace(restB)
	case source.Token:
		return a == b
	}
	if s.scheme.Separator != "" {
		b = strings.TrimRight(b, s.scheme.Separator)
	}
	if s.scheme.Encoding == "base64" {
		return a == b
	}
	head := strings.Index(a, s.scheme.Prefix) + len(s.scheme.Prefix)
	return len(a) == len(b) && a[:head] == b[:head] && strings.EqualFold(a, b)
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
	all := senders(t)
	kinds := attacks()
	var names []string
	for name := range kinds {
		names = append(names, name)
	}
	tried := map[string]int{}
	for n := 0; n < *forgeries; {
		s := all[r.IntN(len(all))]
		m := s.genuine(n, s.keys[r.IntN(2)])
		request := func(m message, late time.Duration) source.Request {
			return source.Request{Header: m.header, Body: m.body, ReceivedAt: sentAt.Add(late)}
		}
		if err := s.source.Authenticate(s.live, request(m, 0)); err != nil {
			require.NoError(t, err, "a genuine message to %s by %s", s.source.Name(), s.proof())
		}
		if r.IntN(4) == 0 {
			n += replayed(t, r, s, m)
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
		err := s.source.Authenticate(s.live, request(forged, 0))
		if err == nil || strings.Contains(err.Error(), "canary") {
			require.ErrorIs(t, err, source.ErrUnauthorized, "%s, to %s by %s: %v", name, s.source.Name(), s.proof(), forged)
			require.NotContains(t, err.Error(), "canary")
		}
	}
	require.Len(t, tried, len(kinds)+1, "every attack was tried")
	for _, s := range all {
		m := s.genuine(0, s.keys[0])
		items, err := s.source.Read(source.Request{Header: m.header, Body: m.body, ReceivedAt: sentAt})
		if _, known := bodies()[s.source.Type()]; known {
			require.NoError(t, err)
			require.Len(t, items[0].Facts, 1, "the messages to %s say something", s.source.Name())
		}
	}
	t.Logf("%d forged, altered or replayed messages, 0 accepted: %v", *forgeries, tried)
}

func replayed(t *testing.T, r *rand.Rand, s sender, m message) int {
	first, err := s.source.Read(source.Request{Header: m.header, Body: m.body, ReceivedAt: sentAt})
	if err != nil {
		return 1 // 400: nothing is kept
	}
	require.Len(t, first, 1)
	again := m.clone()
	replay(r, &again)
	late := time.Duration(r.IntN(3600)) * time.Second
	req := source.Request{Header: again.header, Body: again.body, ReceivedAt: sentAt.Add(late)}
	err = s.source.Authenticate(s.live, req)
	if (s.scheme.Timestamp != "" || s.scheme.TimestampPrefix != "") && late > 5*time.Minute {
		require.ErrorIs(t, err, source.ErrUnauthorized, "a signed time that is long ago")
		return 1
	}
	require.NoError(t, err)
	second, err := s.source.Read(req)
	if err != nil {
		return 1 // 400: nothing is kept
	}
	for _, d := range second {
		if d.Wrong != nil {
			continue // 400: nothing is kept
		}
		if s.covers && d.ID != first[0].ID && len(d.Facts) > 0 {
			require.Equal(t, first[0].Facts, d.Facts, "%s: what counts has its own key", s.source.Name())
		}
		if s.covers && d.ID != first[0].ID {
			require.Equal(t, source.BodyID(m.body), d.ID, "%s: %v", s.source.Name(), again.header)
		}
	}
	return 1
}
