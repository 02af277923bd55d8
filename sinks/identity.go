package sinks

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/url"
	"strings"

	"github.com/shipwake/shipwake/correlate"
)

// RevisionKey is the key of a message that tells a revision of a verdict: the same for the same revision, and of characters
// that every receiver takes. Ids of changes are made by others and so aren't used as they are.
func RevisionKey(v correlate.Verdict) string { return MessageKey(fmt.Sprint(v.Revision), v.ChangeID) }

// MessageKey is a key that is the same for the same parts.
func MessageKey(parts ...string) string {
	digest := sha256.Sum256([]byte(strings.Join(parts, " ")))
	return "msg_" + hex.EncodeToString(digest[:16])
}

// ChangePage is where people see what Shipwake knows of a change; "" without the address at which they reach it.
func ChangePage(publicURL, id string) string { return below(publicURL, "/changes/", id) }

// ChangeAPI is where programs read it; "" without the address at which they reach it.
func ChangeAPI(publicURL, id string) string { return below(publicURL, "/api/v1/changes/", id) }

func below(publicURL, path, id string) string {
	if publicURL == "" {
		return ""
	}
	return strings.TrimRight(publicURL, "/") + path + url.PathEscape(id)
}
