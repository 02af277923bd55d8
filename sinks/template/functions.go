package template

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"net/url"
	"slices"
	"strings"
	text "text/template"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/shipwake/shipwake/correlate/words"
	"github.com/shipwake/shipwake/sinks/route"
)

// functions are those that templates have beyond text/template's own; part is added by whoever knows the parts.
func functions() text.FuncMap {
	return text.FuncMap{
		"json": asJSON, "mrkdwn": mrkdwn, "markdown": markdown, "card": card, "plain": plain,
		"html": func(v any) string { return html.EscapeString(visible(str(v))) },
		"path": func(v any) string { return url.PathEscape(str(v)) }, "query": func(v any) string { return url.QueryEscape(str(v)) },
		"clip": clip, "clipBytes": clipBytes, "symbol": symbol, "pick": pick,
		"rfc3339": stamp(func(t time.Time) string { return t.Format(time.RFC3339) }), "instant": stamp(words.Instant),
		"unix": number(time.Time.Unix), "unixMilli": number(time.Time.UnixMilli),
		"span": words.Span, "percent": words.Percent, "figure": words.Figure,
		"has":     func(list []string, x any) bool { return slices.Contains(list, str(x)) },
		"list":    func(all ...string) []string { return all },
		"join":    func(between string, list []string) string { return strings.Join(list, between) },
		"lower":   func(v any) string { return strings.ToLower(str(v)) },
		"replace": func(old, by string, v any) string { return strings.ReplaceAll(str(v), old, by) },
		"basic": func(user, password string) string {
			return "Basic " + base64.StdEncoding.EncodeToString([]byte(user+":"+password))
		},
		"add": func(a, b any) (int64, error) { return sum(str(a), str(b)) },
	}
}

// str is a value as text, as templates print it.
func str(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	return fmt.Sprint(v)
}

func sum(a, b string) (int64, error) {
	var x, y int64
	for _, each := range []struct {
		text string
		into *int64
	}{{a, &x}, {b, &y}} {
		if _, err := fmt.Sscan(each.text, each.into); err != nil && each.text != "" {
			return 0, fmt.Errorf("add takes whole numbers")
		}
	}
	return x + y, nil
}

// asJSON leaves < > and & as they are: nobody reads it as HTML.
func asJSON(v any) (string, error) {
	var b bytes.Buffer
	encoder := json.NewEncoder(&b)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(v)
	return strings.TrimSuffix(b.String(), "\n"), err
}

// mrkdwn is Slack's: &, < and > begin what means something, such as a mention of everybody.
// https://docs.slack.dev/messaging/formatting-message-text#escaping
func mrkdwn(v any) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(visible(str(v)))
}

// markdown breaks mentions with a space that isn't seen.
func markdown(v any) string { return escaped(visible(str(v)), "\\`*_[]<>#|~") }

// card is what Adaptive Cards read of Markdown: emphasis, lists and links.
func card(v any) string { return escaped(visible(str(v)), "\\`*_[]") }

func escaped(s, special string) string {
	var b strings.Builder
	for _, r := range s {
		if strings.ContainsRune(special, r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
		if r == '@' {
			b.WriteRune('\u200b')
		}
	}
	return b.String()
}

// plain is a text on one line.
func plain(v any) string { return strings.Join(strings.Fields(visible(str(v))), " ") }

// visible has spaces for control characters and nothing for what turns the direction of writing; lines stay apart.
func visible(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n':
			return r
		case unicode.IsControl(r):
			return ' '
		case r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069:
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "�"))
}

func clip(n int, v any) string {
	s := str(v)
	if utf8.RuneCountInString(s) <= n {
		return s
	}
	runes := []rune(s)
	return string(runes[:max(n-1, 0)]) + "…"
}

func clipBytes(n int, v any) string {
	s := str(v)
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:max(n-len("…"), 0)], "") + "…"
}

func symbol(k any) string {
	return pick(k, string(route.Regressed), "🔴", string(route.Recovered), "🟢", string(route.Healthy), "🟢",
		string(route.Corrected), "🔵", string(route.Incident), "🔥",
		string(route.RollbackRequested), "⏪", string(route.RollbackWithdrawn), "🔵", string(route.RollbackUnanswered), "🔴", "", "⚪")
}

// pick is the value after the one that is looked for, or after "".
func pick(v any, pairs ...string) string {
	other := ""
	for i := 0; i+1 < len(pairs); i += 2 {
		switch pairs[i] {
		case str(v):
			return pairs[i+1]
		case "":
			other = pairs[i+1]
		}
	}
	return other
}

func stamp(format func(time.Time) string) func(time.Time) string {
	return func(t time.Time) string {
		if t.IsZero() {
			return ""
		}
		return format(t.UTC())
	}
}

func number(of func(time.Time) int64) func(time.Time) int64 {
	return func(t time.Time) int64 {
		if t.IsZero() {
			return 0
		}
		return of(t)
	}
}
