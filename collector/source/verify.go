package source

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Authenticate checks that a message proves to be its sender's, with one of the secrets. Without secrets everything is
// authentic; a source without schemes takes nothing then. Every refusal wraps ErrUnauthorized, and says what would be right.
func (c Configured) Authenticate(secrets []string, req Request) error {
	if len(secrets) == 0 {
		return nil
	}
	schemes := c.source.Schemes
	if len(schemes) == 0 {
		return unauthorized("the source %s has no way to prove who sent a message", c.source.Name)
	}
	if i := slices.IndexFunc(schemes, func(s Scheme) bool { return s.usedBy(req) }); i >= 0 {
		return schemes[i].verify(req, secrets)
	}
	last := schemes[len(schemes)-1]
	if req.Header.Get(last.header()) != "" {
		return last.verify(req, secrets)
	}
	return unauthorized("the header %s is missing", wanted(schemes))
}

// CheckSecrets refuses a secret that can't be used, with its place in the list.
func (c Configured) CheckSecrets(secrets []string) error {
	for i, secret := range secrets {
		if secret == "" {
			return fmt.Errorf("secrets[%d] is empty: set it, or remove it to accept unsigned deliveries", i)
		}
		if err := c.usable(secret); err != nil {
			return fmt.Errorf("secrets[%d] %w", i, err)
		}
	}
	return nil
}

// usable refuses a secret that none of the schemes can use.
func (c Configured) usable(secret string) error {
	var refusal error
	for _, s := range c.source.Schemes {
		err := s.checkSecret(secret)
		if err == nil {
			return nil
		}
		refusal = err
	}
	return refusal
}

func unauthorized(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrUnauthorized}, args...)...)
}

// wanted names the headers of schemes, with what belongs into them where the name doesn't say it.
func wanted(schemes []Scheme) string {
	names := make([]string, len(schemes))
	for i, s := range schemes {
		switch s.Kind {
		case Bearer:
			names[i] = "Authorization: Bearer …"
		case Basic:
			names[i] = "Authorization: Basic …"
		default:
			names[i] = s.Header
		}
	}
	return strings.Join(names, " or ")
}

// usedBy tells whether a message carries the proof of a scheme, right or wrong.
func (s Scheme) usedBy(req Request) bool {
	value := req.Header.Get(s.header())
	switch s.Kind {
	case Bearer, Basic:
		word, _, _ := strings.Cut(value, " ")
		return strings.EqualFold(word, string(s.Kind))
	}
	return value != ""
}

func (s Scheme) verify(req Request, secrets []string) error {
	value := req.Header.Get(s.header())
	switch s.Kind {
	case Token:
		return s.verifyPassword(value, secrets)
	case Bearer, Basic:
		return s.verifyAuthorization(value, secrets)
	}
	return s.verifySignature(value, req, secrets)
}

// verifyPassword compares in a time that depends neither on what was given nor on which secret it is.
func (s Scheme) verifyPassword(given string, secrets []string) error {
	digest := sha256.Sum256([]byte(given))
	fits := false
	for _, secret := range secrets {
		want := sha256.Sum256([]byte(secret))
		fits = hmac.Equal(digest[:], want[:]) || fits
	}
	if !fits {
		return unauthorized("what the header %s holds is none of the configured secrets", wanted([]Scheme{s}))
	}
	return nil
}

func (s Scheme) verifyAuthorization(value string, secrets []string) error {
	word, given, _ := strings.Cut(value, " ")
	if !strings.EqualFold(word, string(s.Kind)) {
		return unauthorized("the header must be %s", wanted([]Scheme{s}))
	}
	given = strings.TrimSpace(given)
	if s.Kind == Basic {
		user, err := base64.StdEncoding.Strict().DecodeString(given)
		if err != nil {
			return unauthorized("the header Authorization must be Basic and user:password in Base64")
		}
		given = string(user)
	}
	return s.verifyPassword(given, secrets)
}

// verifySignature checks that one of the signatures in the header was made with one of the secrets.
func (s Scheme) verifySignature(value string, req Request, secrets []string) error {
	content, err := s.signed(value, req)
	if err != nil {
		return err
	}
	signatures, err := s.signatures(value)
	if err != nil {
		return err
	}
	for _, secret := range secrets {
		for _, signature := range signatures {
			if s.fits(signature, content, secret) {
				return nil
			}
		}
	}
	return unauthorized("the signature in %s fits none of the configured secrets", s.Header)
}

// signatures are those in a header, decoded. Those in another form are passed over when there may be several.
func (s Scheme) signatures(value string) ([][]byte, error) {
	var found [][]byte
	for _, part := range s.split(value) {
		text, ok := strings.CutPrefix(part, s.Prefix)
		if !ok {
			continue
		}
		if signature, err := s.decode(text); err == nil {
			found = append(found, signature)
		}
	}
	if len(found) == 0 {
		return nil, unauthorized("the header %s must be %sand a signature in %s", s.Header, before(s.Prefix), s.encodingName())
	}
	return found, nil
}

func before(prefix string) string {
	if prefix == "" {
		return ""
	}
	return prefix + " "
}

func (s Scheme) split(value string) []string {
	if s.Separator == "" {
		return []string{value}
	}
	parts := strings.Split(value, s.Separator)
	for i := range parts {
		parts[i] = strings.TrimSpace(parts[i])
	}
	return parts
}

// decode is strict, so that a signature has one spelling but for the case of hex digits.
func (s Scheme) decode(text string) ([]byte, error) {
	if s.Encoding != "base64" {
		return hex.DecodeString(text)
	}
	if strings.ContainsAny(text, "\r\n") {
		return nil, base64.CorruptInputError(0)
	}
	return base64.StdEncoding.Strict().DecodeString(text)
}

func (s Scheme) encodingName() string {
	if s.Encoding == "base64" {
		return "Base64"
	}
	return "hex digits"
}

// signed is what the signature is over.
func (s Scheme) signed(value string, req Request) ([]byte, error) {
	timestamp, err := s.timestamp(value, req)
	if err != nil {
		return nil, err
	}
	id, err := s.id(req)
	if err != nil {
		return nil, err
	}
	head, tail, _ := strings.Cut(s.content(), "{body}")
	fill := strings.NewReplacer("{timestamp}", timestamp, "{id}", id)
	return slices.Concat([]byte(fill.Replace(head)), req.Body, []byte(fill.Replace(tail))), nil
}

// timestamp is the signed time as it was written; "" when the scheme has none.
func (s Scheme) timestamp(value string, req Request) (string, error) {
	var text string
	switch {
	case s.Timestamp != "":
		text = req.Header.Get(s.Timestamp)
	case s.TimestampPrefix != "":
		text = s.timestampIn(value)
	default:
		return "", nil
	}
	if text == "" {
		return "", unauthorized("the header %s comes with a timestamp in %s", s.Header, s.timestampPlace())
	}
	seconds, err := strconv.ParseInt(text, 10, 64)
	if err != nil || strconv.FormatInt(seconds, 10) != text {
		return "", unauthorized("the timestamp in %s must be Unix seconds", s.timestampPlace())
	}
	if late := req.ReceivedAt.Sub(time.Unix(seconds, 0)); late > s.tolerance() || late < -s.tolerance() {
		return "", unauthorized("the timestamp in %s must be within %s of the time of receipt (are the clocks right?)",
			s.timestampPlace(), s.tolerance())
	}
	return text, nil
}

func (s Scheme) timestampIn(value string) string {
	for _, part := range s.split(value) {
		if text, ok := strings.CutPrefix(part, s.TimestampPrefix); ok {
			return text
		}
	}
	return ""
}

func (s Scheme) timestampPlace() string {
	if s.Timestamp != "" {
		return s.Timestamp
	}
	return s.Header + " (" + s.TimestampPrefix + "…)"
}

// id is the signed id; "" when the scheme has none. It must not hold the character that ends it in the content, or part of
// what follows could pass for a part of it.
func (s Scheme) id(req Request) (string, error) {
	if s.ID == "" {
		return "", nil
	}
	id := req.Header.Get(s.ID)
	_, after, _ := strings.Cut(s.content(), "{id}")
	switch {
	case id == "":
		return "", unauthorized("the header %s comes with an id in %s", s.Header, s.ID)
	case after != "" && strings.Contains(id, after[:1]):
		return "", unauthorized("the header %s must not hold %q", s.ID, after[:1])
	}
	return id, nil
}

// fits tells whether a signature of the content was made with a secret.
func (s Scheme) fits(signature, content []byte, secret string) bool {
	if s.Kind == PublicKey {
		key, err := publicKey(secret)
		return err == nil && s.signedBy(key, signature, content)
	}
	return hmac.Equal(signature, s.mac(content, secret))
}

func (s Scheme) mac(content []byte, secret string) []byte {
	mac := hmac.New(s.hash().New, s.key(secret))
	mac.Write(content)
	return mac.Sum(nil)
}

// key is what a secret stands for.
func (s Scheme) key(secret string) []byte {
	encoded, ok := strings.CutPrefix(secret, s.KeyPrefix)
	if s.KeyPrefix == "" || !ok {
		return []byte(secret)
	}
	if key, err := base64.StdEncoding.DecodeString(encoded); err == nil {
		return key
	}
	return []byte(secret)
}

// checkSecret refuses what can't be a secret of the scheme, without repeating it.
func (s Scheme) checkSecret(secret string) error {
	switch s.Kind {
	case PublicKey:
		_, err := publicKey(secret)
		return err
	case Basic:
		if !strings.Contains(secret, ":") {
			return errNoPassword
		}
	}
	return nil
}
