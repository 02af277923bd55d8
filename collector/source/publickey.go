package source

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"strings"
)

var (
	errNoPassword = errors.New("must be user:password")
	errNoKey      = errors.New("must be a public key: in PEM, its DER in Base64 on one line, or 32 bytes of Ed25519 in hex")
)

// publicKey reads a public key of Ed25519, RSA or ECDSA.
func publicKey(text string) (crypto.PublicKey, error) {
	text = strings.TrimSpace(text)
	if raw, err := hex.DecodeString(text); err == nil && len(raw) == ed25519.PublicKeySize {
		return ed25519.PublicKey(raw), nil
	}
	der, err := derOf(text)
	if err != nil {
		return nil, errNoKey
	}
	key, err := x509.ParsePKIXPublicKey(der)
	if err != nil {
		return nil, errNoKey
	}
	return key, nil
}

func derOf(text string) ([]byte, error) {
	if block, _ := pem.Decode([]byte(text)); block != nil {
		return block.Bytes, nil
	}
	return base64.StdEncoding.DecodeString(text)
}

// signedBy checks a signature of the content with a public key.
func (s Scheme) signedBy(key crypto.PublicKey, signature, content []byte) bool {
	switch key := key.(type) {
	case ed25519.PublicKey:
		return ed25519.Verify(key, content, signature)
	case *rsa.PublicKey:
		return rsa.VerifyPKCS1v15(key, s.hash(), s.sum(content), signature) == nil
	case *ecdsa.PublicKey:
		return ecdsa.VerifyASN1(key, s.sum(content), signature)
	}
	return false
}

func (s Scheme) sum(content []byte) []byte {
	hash := s.hash().New()
	hash.Write(content)
	return hash.Sum(nil)
}
