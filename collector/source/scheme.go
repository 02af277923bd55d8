package source

import (
	"crypto"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Scheme is a way in which a sender proves that a message is its own. It is plain values, so that a vendor's scheme stands
// in the vendor's folder, or in a file.
//
// What a scheme doesn't cover, nobody vouches for. A signature covers its Content, so a source that uses one takes the
// delivery's id and everything that it counts from there; then a message that is recorded and sent again, under whatever
// headers, is the same delivery. A password (token, bearer, basic) covers nothing: whoever has read it can say anything.
type Scheme struct {
	Kind Kind `mapstructure:"kind"`
	// Header carries the proof. It is Authorization for Bearer and Basic, whatever it says.
	Header string `mapstructure:"header"`
	// Field is the member of the JSON body that carries the proof, for Field; it is taken out before the message is kept.
	Field string `mapstructure:"field"`

	// What follows is of signatures, HMAC and PublicKey.

	// Hash is sha1, sha256 or sha512; "" is sha256. Ed25519 has a hash of its own and ignores it.
	Hash string `mapstructure:"hash"`
	// Encoding of a signature is hex or base64; "" is hex.
	Encoding string `mapstructure:"encoding"`
	// Prefix stands before each signature, such as "sha256=" or "v1,".
	Prefix string `mapstructure:"prefix"`
	// Separator stands between several signatures in the header, one of which must be right; "" is one signature.
	Separator string `mapstructure:"separator"`
	// Content is what is signed, with {body}, {timestamp} and {id} in it; "" is "{body}".
	Content string `mapstructure:"content"`
	// Timestamp is the header with {timestamp}, in Unix seconds.
	Timestamp string `mapstructure:"timestamp"`
	// TimestampPrefix stands before {timestamp} when that is among the signatures in Header, such as "t=".
	TimestampPrefix string `mapstructure:"timestamp_prefix"`
	// Tolerance is how far {timestamp} may be from the time of receipt; 0 is 5 minutes.
	Tolerance time.Duration `mapstructure:"tolerance"`
	// ID is the header with {id}.
	ID string `mapstructure:"id"`
	// KeyPrefix says that the rest of a secret that begins with it is the key in Base64, such as "whsec_".
	KeyPrefix string `mapstructure:"key_prefix"`
}

// Kind is what sort of proof a scheme asks for.
type Kind string

// The kinds of scheme.
const (
	HMAC      Kind = "hmac"       // a signature with a shared secret
	PublicKey Kind = "public_key" // a signature that is checked with a public key: Ed25519, RSA (PKCS #1 v1.5) or ECDSA
	Token     Kind = "token"      // the secret itself, in a header
	Bearer    Kind = "bearer"     // Authorization: Bearer <secret>
	Basic     Kind = "basic"      // Authorization: Basic; the secret is user:password
	Field     Kind = "field"      // the secret itself, in a member of the body
)

// Kinds lists every Kind.
func Kinds() []Kind { return []Kind{HMAC, PublicKey, Token, Bearer, Basic, Field} }

// HubSignature is the scheme of WebSub, GitHub and many others: the hex HMAC-SHA256 of the body.
func HubSignature() Scheme {
	return Scheme{Kind: HMAC, Header: "X-Hub-Signature-256", Prefix: "sha256="}
}

// StandardWebhooks is the scheme of https://www.standardwebhooks.com with a shared secret.
func StandardWebhooks() Scheme {
	return Scheme{
		Kind: HMAC, Header: "Webhook-Signature", Prefix: "v1,", Separator: " ", Encoding: "base64",
		Content: "{id}.{timestamp}.{body}", ID: "Webhook-Id", Timestamp: "Webhook-Timestamp", KeyPrefix: "whsec_",
	}
}

// String is the scheme in a few words, such as "hmac in X-Hub-Signature-256".
func (s Scheme) String() string {
	switch {
	case s.Kind == Field:
		return "field " + s.Field + " of the body"
	case s.header() == "Authorization":
		return string(s.Kind)
	}
	return string(s.Kind) + " in " + s.Header
}

// Validate names the field that is wrong and what would be right.
func (s Scheme) Validate() error {
	switch {
	case !slices.Contains(Kinds(), s.Kind):
		return fmt.Errorf("kind: %q is unknown; use one of %v", Clip(string(s.Kind), 64), Kinds())
	case (s.Kind == Field) != (s.Field != ""):
		return errors.New("field: goes with the kind field, the name of the member with the proof")
	case s.Header == "" && s.Kind != Bearer && s.Kind != Basic && s.Kind != Field:
		return errors.New("header: required, the name of the header with the proof")
	case !slices.Contains([]string{"", "hex", "base64"}, s.Encoding):
		return fmt.Errorf("encoding: %q is unknown; use hex or base64", Clip(s.Encoding, 64))
	case s.hash() == 0:
		return fmt.Errorf("hash: %q is unknown; use sha1, sha256 or sha512", Clip(s.Hash, 64))
	case s.Tolerance < 0:
		return errors.New("tolerance: must not be negative")
	}
	return s.validateContent()
}

func (s Scheme) validateContent() error {
	content := s.content()
	timed := s.Timestamp != "" || s.TimestampPrefix != ""
	switch {
	case !strings.Contains(content, "{body}"):
		return errors.New("content: must hold {body}, or another body would have the same signature")
	case strings.Contains(content, "{timestamp}") != timed:
		return errors.New("timestamp: where the timestamp is must be said if and only if content holds {timestamp}")
	case strings.Contains(content, "{id}") != (s.ID != ""):
		return errors.New("id: the header of the id must be said if and only if content holds {id}")
	case strings.Contains(content, "}{id}"), strings.Contains(content, "{id}{"):
		return errors.New("content: {id} must be set apart from what stands beside it, such as {id}.{body}")
	}
	return nil
}

func (s Scheme) hash() crypto.Hash {
	switch s.Hash {
	case "", "sha256":
		return crypto.SHA256
	case "sha512":
		return crypto.SHA512
	case "sha1":
		return crypto.SHA1
	}
	return 0
}

func (s Scheme) content() string {
	if s.Content == "" {
		return "{body}"
	}
	return s.Content
}

// header is the canonical place of the proof.
func (s Scheme) header() string {
	if s.Kind == Bearer || s.Kind == Basic {
		return "Authorization"
	}
	return s.Header
}

func (s Scheme) tolerance() time.Duration {
	if s.Tolerance == 0 {
		return 5 * time.Minute
	}
	return s.Tolerance
}
