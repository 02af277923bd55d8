package signin

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"strings"
)

// seal makes texts that only this daemon, since its start, can have made. Each purpose has marks of its own, so that what was
// made for one is worth nothing for another.
type seal struct{ key []byte }

func newSeal() seal { return seal{randomBytes()} }

func randomBytes() []byte {
	b := make([]byte, 32)
	_, _ = rand.Read(b) // never fails: crypto/rand ends the program instead
	return b
}

func randomText() string { return base64.RawURLEncoding.EncodeToString(randomBytes()) }

// mark is what belongs to a text.
func (s seal) mark(purpose, text string) string {
	mac := hmac.New(sha256.New, s.key)
	mac.Write([]byte(purpose + "\x00" + text))
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// close makes a text of a value, with its mark.
func (s seal) close(purpose string, value any) string {
	body, err := json.Marshal(value)
	if err != nil {
		return ""
	}
	text := base64.RawURLEncoding.EncodeToString(body)
	return text + "." + s.mark(purpose, text)
}

// open reads such a text back; false for any other.
func (s seal) open(purpose, sealed string, into any) bool {
	text, mark, _ := strings.Cut(sealed, ".")
	if !hmac.Equal([]byte(mark), []byte(s.mark(purpose, text))) {
		return false
	}
	body, err := base64.RawURLEncoding.DecodeString(text)
	return err == nil && json.Unmarshal(body, into) == nil
}
