package template

import (
	"cmp"
	"encoding/base64"
	"net/url"
	"slices"
	"strings"
)

// hush takes the values that are secret out of a text, in every form in which they may show.
func (s settings) hush(values map[string]string) func(string) string {
	var all []string
	for name, known := range s.known {
		if known.Secret {
			all = append(all, forms(values[name])...)
		}
	}
	slices.SortFunc(all, func(a, b string) int { return cmp.Or(len(b)-len(a), strings.Compare(a, b)) }) // the whole before its parts
	var pairs []string
	for _, form := range slices.Compact(all) {
		pairs = append(pairs, form, "[REDACTED]")
	}
	return strings.NewReplacer(pairs...).Replace
}

// shortestForm is how long a part of a secret must be to be taken out: a shorter one says nothing, and is in every text.
const shortestForm = 4

// forms are those in which a secret may show: as it is, escaped for a URL or for JSON, and what is secret of a URL.
func forms(secret string) []string {
	all := []string{secret, url.QueryEscape(secret), url.PathEscape(secret), base64.StdEncoding.EncodeToString([]byte(secret))}
	if quoted, err := asJSON(secret); err == nil {
		all = append(all, strings.Trim(quoted, `"`))
	}
	if u, err := url.Parse(secret); err == nil && u.Host != "" {
		all = append(all, u.RequestURI(), u.Path, u.RawQuery)
		if password, ok := u.User.Password(); ok {
			all = append(all, password)
		}
	}
	return slices.DeleteFunc(all, func(form string) bool { return len(form) < shortestForm })
}
