package source

import (
	"crypto"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"strconv"
)

// Sign adds to a message the proof that its sender would add at its ReceivedAt; an id that is signed and that the header
// doesn't hold is made of the body. The secret of PublicKey is the private key: PKCS #8 in Base64.
func (s Scheme) Sign(req *Request, secret string) error {
	switch s.Kind {
	case Field:
		return s.addField(req, secret)
	case Token:
		req.Header.Set(s.Header, secret)
	case Bearer:
		req.Header.Set("Authorization", "Bearer "+secret)
	case Basic:
		req.Header.Set("Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(secret)))
	default:
		return s.addSignature(req, secret)
	}
	return nil
}

func (s Scheme) addSignature(req *Request, secret string) error {
	timestamp := strconv.FormatInt(req.ReceivedAt.Unix(), 10)
	if s.Timestamp != "" {
		req.Header.Set(s.Timestamp, timestamp)
	}
	if s.ID != "" && req.Header.Get(s.ID) == "" {
		req.Header.Set(s.ID, BodyID(req.Body))
	}
	value := ""
	if s.TimestampPrefix != "" {
		value = s.TimestampPrefix + timestamp + s.Separator
	}
	content, err := s.signed(value, *req)
	if err != nil {
		return err
	}
	signature, err := s.sign(content, secret)
	if err != nil {
		return err
	}
	req.Header.Set(s.Header, value+s.Prefix+s.encode(signature))
	return nil
}

func (s Scheme) encode(signature []byte) string {
	if s.Encoding == "base64" {
		return base64.StdEncoding.EncodeToString(signature)
	}
	return hex.EncodeToString(signature)
}

func (s Scheme) sign(content []byte, secret string) ([]byte, error) {
	if s.Kind == HMAC {
		return s.mac(content, secret), nil
	}
	signer, err := privateKey(secret)
	if err != nil {
		return nil, err
	}
	if key, ok := signer.(ed25519.PrivateKey); ok {
		return ed25519.Sign(key, content), nil
	}
	return signer.Sign(rand.Reader, s.sum(content), s.hash())
}

func privateKey(text string) (crypto.Signer, error) {
	errKey := errors.New("must be a private key: PKCS #8 in Base64")
	der, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, errKey
	}
	key, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, errKey
	}
	signer, ok := key.(crypto.Signer)
	if !ok {
		return nil, errKey
	}
	return signer, nil
}
