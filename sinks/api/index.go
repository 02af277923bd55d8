package api

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"net/http"
)

//go:embed index.html
var index []byte

// serveIndex serves a page without scripts, which may load nothing but its own style.
func serveIndex(w http.ResponseWriter, _ *http.Request) {
	header(w, "text/html; charset=utf-8")
	w.Header().Set("Content-Security-Policy",
		"default-src 'none'; style-src '"+styleHash()+"'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'")
	w.Header().Set("Referrer-Policy", "same-origin")
	_, _ = w.Write(index)
}

// styleHash names the page's own style in the policy.
func styleHash() string {
	_, rest, _ := bytes.Cut(index, []byte("<style>"))
	style, _, _ := bytes.Cut(rest, []byte("</style>"))
	sum := sha256.Sum256(style)
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}
