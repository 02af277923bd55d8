package source

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// scheme is a way in which a sender proves that a message is its own.
type scheme struct {
	// Header says that the sender uses this scheme, and carries the proof.
	Header string
	// verify checks the value of the header against each secret.
	verify func(s scheme, value string, secrets []string, req Request) error
}

// SchemesOf is the table: how the senders of each source prove themselves. The first scheme whose header a message
// carries decides, so that none can be downgraded to a weaker one; the last is what is asked of one that carries none.
//
// What a scheme doesn't cover, nobody vouches for. The HMAC covers the body alone, so a source that uses it takes the
// delivery's id and everything that it counts from the body; then a message that is recorded and sent again, under whatever
// headers, is the same delivery. A bearer token covers nothing: whoever has read it can say anything.
func SchemesOf(name string) []scheme {
	var (
		hubSignature     = scheme{"X-Hub-Signature-256", verifyHMAC}
		standardWebhooks = scheme{headerStandardSignature, verifyStandard}
		bearer           = scheme{"Authorization", verifyBearer}
	)
	return map[string][]scheme{
		"alertmanager": {bearer},
		"cdevents":     {hubSignature, bearer},
		"generic":      {standardWebhooks, bearer},
		"github":       {hubSignature},
	}[name]
}

// Authenticate checks a message to a source of the table against each secret. Without secrets everything is authentic; a
// source without a row in the table takes nothing.
func Authenticate(name string, secrets []string, req Request) error {
	if len(secrets) == 0 {
		return nil
	}
	schemes := SchemesOf(name)
	for i, s := range schemes {
		value := req.Header.Get(s.Header)
		if value == "" && i < len(schemes)-1 {
			continue
		}
		if value == "" {
			return fmt.Errorf("%w: the header %s is missing", ErrUnauthorized, headers(schemes))
		}
		return s.verify(s, value, secrets, req)
	}
	return fmt.Errorf("%w: there is no scheme for this source", ErrUnauthorized)
}

func headers(schemes []scheme) string {
	names := make([]string, len(schemes))
	for i, s := range schemes {
		names[i] = s.Header
		if s.Header == "Authorization" {
			names[i] += ": Bearer …"
		}
	}
	return strings.Join(names, " or ")
}

// CheckSecrets refuses an empty secret, which anybody could guess; it comes from an unset environment variable.
func CheckSecrets(secrets []string) error {
	for i, s := range secrets {
		if s == "" {
			return fmt.Errorf("secrets[%d] is empty: set it, or remove it to accept unsigned deliveries", i)
		}
	}
	return nil
}

// verifyHMAC checks the hex HMAC-SHA256 of the body, after "sha256=".
func verifyHMAC(s scheme, value string, secrets []string, req Request) error {
	digest, ok := strings.CutPrefix(value, "sha256=")
	if !ok {
		return fmt.Errorf("%w: the header %s must start with sha256=", ErrUnauthorized, s.Header)
	}
	given, err := hex.DecodeString(digest)
	if err != nil {
		return fmt.Errorf("%w: the header %s must be sha256= and 64 hex digits", ErrUnauthorized, s.Header)
	}
	for _, secret := range secrets {
		if hmac.Equal(given, digestOf([]byte(secret), req.Body)) {
			return nil
		}
	}
	return fmt.Errorf("%w: the signature in %s fits none of the configured secrets", ErrUnauthorized, s.Header)
}

// Sign is the value of X-Hub-Signature-256.
func Sign(secret string, body []byte) string {
	return "sha256=" + hex.EncodeToString(digestOf([]byte(secret), body))
}

// verifyBearer checks "Bearer <secret>".
func verifyBearer(_ scheme, value string, secrets []string, _ Request) error {
	scheme, token, _ := strings.Cut(value, " ")
	if !strings.EqualFold(scheme, "Bearer") {
		return fmt.Errorf("%w: the header Authorization must be of the scheme Bearer", ErrUnauthorized)
	}
	given := sha256.Sum256([]byte(strings.TrimSpace(token)))
	for _, secret := range secrets {
		want := sha256.Sum256([]byte(secret))
		if hmac.Equal(given[:], want[:]) {
			return nil
		}
	}
	return fmt.Errorf("%w: the bearer token is none of the configured secrets", ErrUnauthorized)
}

// The headers of Standard Webhooks. The signature covers the other two and the body.
const (
	headerStandardID        = "Webhook-Id"
	headerStandardTime      = "Webhook-Timestamp"
	headerStandardSignature = "Webhook-Signature"
)

// tolerance is how far the clock of a sender that signs the time may be from ours.
const tolerance = 5 * time.Minute

// verifyStandard checks Standard Webhooks: one of the space-separated values "v1,<Base64>" is the HMAC-SHA256 of
// "<id>.<timestamp>.<body>", and the timestamp, in Unix seconds, is of now.
func verifyStandard(s scheme, value string, secrets []string, req Request) error {
	id, timestamp := req.Header.Get(headerStandardID), req.Header.Get(headerStandardTime)
	if id == "" || timestamp == "" {
		return fmt.Errorf("%w: the header %s comes with %s and %s", ErrUnauthorized, s.Header, headerStandardID, headerStandardTime)
	}
	if strings.Contains(id, ".") {
		return fmt.Errorf("%w: the header %s must not hold a dot", ErrUnauthorized, headerStandardID)
	}
	seconds, err := strconv.ParseInt(timestamp, 10, 64)
	if err != nil || strconv.FormatInt(seconds, 10) != timestamp {
		return fmt.Errorf("%w: the header %s must be Unix seconds", ErrUnauthorized, headerStandardTime)
	}
	if late := req.ReceivedAt.Sub(time.Unix(seconds, 0)); late > tolerance || late < -tolerance {
		return fmt.Errorf("%w: the header %s must be within %s of now (are the clocks right?)", ErrUnauthorized, headerStandardTime, tolerance)
	}
	for _, secret := range secrets {
		want := "v1," + base64.StdEncoding.EncodeToString(digestOf(keyOf(secret), standardContent(id, timestamp, req.Body)))
		for given := range strings.FieldsSeq(value) {
			if hmac.Equal([]byte(given), []byte(want)) {
				return nil
			}
		}
	}
	return fmt.Errorf("%w: no v1 signature in %s fits one of the configured secrets", ErrUnauthorized, s.Header)
}

// SignStandard sets the headers of Standard Webhooks.
func SignStandard(header http.Header, secret, id string, at time.Time, body []byte) {
	timestamp := strconv.FormatInt(at.Unix(), 10)
	header.Set(headerStandardID, id)
	header.Set(headerStandardTime, timestamp)
	header.Set(headerStandardSignature,
		"v1,"+base64.StdEncoding.EncodeToString(digestOf(keyOf(secret), standardContent(id, timestamp, body))))
}

func standardContent(id, timestamp string, body []byte) []byte {
	return append([]byte(id+"."+timestamp+"."), body...)
}

// keyOf is the key that a secret stands for: "whsec_" says that Base64 follows.
func keyOf(secret string) []byte {
	encoded, ok := strings.CutPrefix(secret, "whsec_")
	if !ok {
		return []byte(secret)
	}
	key, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return []byte(secret)
	}
	return key
}

func digestOf(key, body []byte) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write(body)
	return mac.Sum(nil)
}
