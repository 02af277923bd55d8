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

// ChangeLink is where everything that Shipwake knows of a change is read; "" without the address at which people reach it.
func ChangeLink(publicURL, id string) string {
	if publicURL == "" {
		return ""
	}
	return strings.TrimRight(publicURL, "/") + "/api/v1/changes/" + url.PathEscape(id)
}
