package source

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

var now = time.Unix(1614265330, 0)

func TestTheDocumentedVectorsVerify(t *testing.T) {
	req := Request{Header: http.Header{}, Body: []byte("Hello, World!")}
	req.Header.Set("X-Hub-Signature-256", "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17")
	require.NoError(t, Authenticate("github", []string{"It's a Secret to Everybody"}, req))

	req = Request{Header: http.Header{}, Body: []byte(`{"test": 2432232314}`), ReceivedAt: now}
	req.Header.Set("webhook-id", "msg_p5jXN8AQM9LWM0D4loKWxJek")
	req.Header.Set("webhook-timestamp", "1614265330")
	req.Header.Set("webhook-signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")
	require.NoError(t, Authenticate("generic", []string{"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"}, req))
}

func TestSignatures(t *testing.T) {
	body := []byte(`{"a":1}`)
	for name, c := range map[string]struct {
		header  string
		secrets []string
		want    string
	}{
		"no secrets, no signature":            {"", nil, ""},
		"the only secret":                     {Sign("one", body), []string{"one"}, ""},
		"the older of two secrets":            {Sign("one", body), []string{"two", "one"}, ""},
		"no signature":                        {"", []string{"one"}, "the header X-Hub-Signature-256 is missing"},
		"another secret":                      {Sign("three", body), []string{"two", "one"}, "fits none of the configured secrets"},
		"another body":                        {Sign("one", []byte("{}")), []string{"one"}, "fits none of the configured secrets"},
		"a weaker algorithm":                  {"sha1=00", []string{"one"}, "must start with sha256="},
		"not hex":                             {"sha256=zz", []string{"one"}, "64 hex digits"},
		"a prefix of the right signature":     {Sign("one", body)[:20], []string{"one"}, "64 hex digits"},
		"an even prefix of it":                {Sign("one", body)[:27], []string{"one"}, "fits none of the configured secrets"},
		"the right signature with more after": {Sign("one", body) + "00", []string{"one"}, "fits none of the configured secrets"},
	} {
		t.Run(name, func(t *testing.T) {
			req := Request{Header: http.Header{}, Body: body}
			if c.header != "" {
				req.Header.Set("X-Hub-Signature-256", c.header)
			}
			requireAuth(t, Authenticate("github", c.secrets, req), c.want)
		})
	}
}

func TestBearerTokens(t *testing.T) {
	for name, c := range map[string]struct {
		header  string
		secrets []string
		want    string
	}{
		"no secrets, no token":     {"", nil, ""},
		"the only secret":          {"Bearer one", []string{"one"}, ""},
		"the older of two":         {"Bearer one", []string{"two", "one"}, ""},
		"the scheme in lower case": {"bearer one", []string{"one"}, ""},
		"no token":                 {"", []string{"one"}, "the header Authorization: Bearer … is missing"},
		"another scheme":           {"Basic b25l", []string{"one"}, "of the scheme Bearer"},
		"another token":            {"Bearer three", []string{"one", "two"}, "none of the configured secrets"},
		"an empty token":           {"Bearer", []string{"one"}, "none of the configured secrets"},
	} {
		t.Run(name, func(t *testing.T) {
			req := Request{Header: http.Header{}}
			if c.header != "" {
				req.Header.Set("Authorization", c.header)
			}
			requireAuth(t, Authenticate("alertmanager", c.secrets, req), c.want)
		})
	}
}

func TestStandardWebhooks(t *testing.T) {
	body := []byte(`{"a":1}`)
	for name, c := range map[string]struct {
		edit func(http.Header)
		at   time.Time
		want string
	}{
		"as it was sent":                     {nil, now, ""},
		"five minutes late":                  {nil, now.Add(5 * time.Minute), ""},
		"later":                              {nil, now.Add(5*time.Minute + time.Second), "Webhook-Timestamp must be within 5m0s of now"},
		"earlier than ever":                  {nil, now.Add(-6 * time.Minute), "Webhook-Timestamp must be within 5m0s of now"},
		"one of several signatures":          {func(h http.Header) { h.Set("Webhook-Signature", "v1a,xx v1,AA== "+h.Get("Webhook-Signature")) }, now, ""},
		"another id":                         {func(h http.Header) { h.Set("Webhook-Id", "msg_2") }, now, "fits one of the configured secrets"},
		"another time":                       {func(h http.Header) { h.Set("Webhook-Timestamp", "1614265331") }, now, "fits one of the configured secrets"},
		"a dot moved":                        {func(h http.Header) { h.Set("Webhook-Id", "msg_1.1614265330") }, now, "must not hold a dot"},
		"no id":                              {func(h http.Header) { h.Del("Webhook-Id") }, now, "comes with Webhook-Id and Webhook-Timestamp"},
		"no time":                            {func(h http.Header) { h.Del("Webhook-Timestamp") }, now, "comes with Webhook-Id and Webhook-Timestamp"},
		"a time with a sign":                 {func(h http.Header) { h.Set("Webhook-Timestamp", "+1614265330") }, now, "must be Unix seconds"},
		"a time that isn't":                  {func(h http.Header) { h.Set("Webhook-Timestamp", "soon") }, now, "must be Unix seconds"},
		"a time beyond all time":             {func(h http.Header) { h.Set("Webhook-Timestamp", "9223372036854775807") }, now, "within 5m0s"},
		"another version":                    {func(h http.Header) { h.Set("Webhook-Signature", "v2"+h.Get("Webhook-Signature")[2:]) }, now, "fits one of the configured secrets"},
		"no signature, and no token instead": {func(h http.Header) { h.Del("Webhook-Signature") }, now, "Webhook-Signature or Authorization: Bearer … is missing"},
		"a wrong one isn't saved by a token": {func(h http.Header) { h.Set("Webhook-Signature", "v1,AA=="); h.Set("Authorization", "Bearer two") }, now, "fits one of the configured secrets"},
	} {
		t.Run(name, func(t *testing.T) {
			req := Request{Header: http.Header{}, Body: body, ReceivedAt: c.at}
			SignStandard(req.Header, "one", "msg_1", now, body)
			if c.edit != nil {
				c.edit(req.Header)
			}
			requireAuth(t, Authenticate("generic", []string{"two", "one"}, req), c.want)
		})
	}
}

func TestASourceWithoutARowTakesNothing(t *testing.T) {
	require.ErrorIs(t, Authenticate("unheard", []string{"one"}, Request{Header: http.Header{"Authorization": {"Bearer one"}}}), ErrUnauthorized)
}

func TestAnEmptySecretIsRefused(t *testing.T) {
	require.NoError(t, CheckSecrets(nil))
	require.NoError(t, CheckSecrets([]string{"a"}))
	require.ErrorContains(t, CheckSecrets([]string{"a", ""}), "secrets[1] is empty")
}

func requireAuth(t *testing.T, err error, want string) {
	t.Helper()
	if want == "" {
		require.NoError(t, err)
		return
	}
	require.ErrorIs(t, err, ErrUnauthorized)
	require.ErrorContains(t, err, want)
}

func TestAConfigPrintsNoSecret(t *testing.T) {
	c := ReaderConfig{Secrets: []string{"canary"}, ServiceLabels: []string{"app"}}
	require.NotContains(t, fmt.Sprintf("%v %+v %#v %s %v", c, c, c, c, []any{c, &c}), "canary")
}

// FuzzAuthenticate: whatever the headers are, nothing is accepted that wasn't signed.
func FuzzAuthenticate(f *testing.F) {
	f.Add("github", "sha256=00", "", "", "", "", []byte("{}"))
	f.Add("generic", "", "v1,AA== v1a,x", "msg_1", "1614265330", "Bearer x", []byte("{}"))
	f.Add("cdevents", "sha256=", "", "", "-1", "bearer", []byte{})
	f.Fuzz(func(t *testing.T, name, hub, standard, id, at, authorization string, body []byte) {
		header := http.Header{}
		for key, value := range map[string]string{"X-Hub-Signature-256": hub, "Webhook-Signature": standard, "Webhook-Id": id, "Webhook-Timestamp": at, "Authorization": authorization} {
			header.Set(key, value)
		}
		err := Authenticate(name, []string{"a secret that no fuzzer finds", "whsec_bm9yIHRoaXM="}, Request{Header: header, Body: body, ReceivedAt: now})
		require.ErrorIs(t, err, ErrUnauthorized)
	})
}
