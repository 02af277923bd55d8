package template

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	text "text/template"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/sinks/call"
)

func run(t *testing.T, source string, data any) string {
	t.Helper()
	parsed, err := text.New("").Funcs(functions()).Parse(source)
	require.NoError(t, err)
	var b strings.Builder
	require.NoError(t, parsed.Execute(&b, data))
	return b.String()
}

func TestFunctions(t *testing.T) {
	at := time.Date(2026, 3, 1, 12, 0, 0, 500e6, time.UTC)
	for source, want := range map[string]string{
		`{{json "a\"<b>"}}`:                              `"a\"<b>"`,
		`{{mrkdwn "<!channel> & >"}}`:                    "&lt;!channel&gt; &amp; &gt;",
		`{{markdown "@everyone *[a](b)*"}}`:              "@\u200beveryone \\*\\[a\\](b)\\*",
		`{{html "<a href='x'>"}}`:                        "&lt;a href=&#39;x&#39;&gt;",
		`{{card "[a](b) _c_"}}`:                          `\[a\](b) \_c\_`,
		`{{plain "a\n b\tc\x07"}}`:                       "a b c",
		`{{path "a/b c"}}`:                               "a%2Fb%20c",
		`{{query "a&b c"}}`:                              "a%26b+c",
		`{{clip 3 "äöüß"}}`:                              "äö…",
		`{{clip 4 "äöüß"}}`:                              "äöüß",
		`{{clipBytes 6 "äöüß"}}`:                         "ä…",
		`{{symbol "regressed"}}{{symbol "other"}}`:       "🔴⚪",
		`{{pick "b" "a" "1" "b" "2" "" "3"}}`:            "2",
		`{{pick "x" "a" "1" "" "3"}}`:                    "3",
		`{{rfc3339 .at}} {{instant .at}}`:                "2026-03-01T12:00:00Z 2026-03-01 12:00:00Z",
		`{{unix .at}} {{unixMilli .at}}`:                 "1772366400 1772366400500",
		`{{rfc3339 .zero}}{{unix .zero}}`:                "0",
		`{{has (list "a" "b") "b"}}`:                     "true",
		`{{join ", " (list "a" "b")}}`:                   "a, b",
		`{{lower "AB"}}{{replace "a" "b" "aa"}}`:         "abbb",
		`{{basic "ada" "pass"}}`:                         "Basic YWRhOnBhc3M=",
		`{{add "41" 1}}`:                                 "42",
		`{{span 90.0}} {{percent 0.93}} {{figure 7.75}}`: "1m 30s 93 % 7.8",
	} {
		require.Equal(t, want, run(t, source, map[string]any{"at": at, "zero": time.Time{}}), source)
	}
}

func TestWhateverATextHoldsItStaysOneTextOfJSON(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.String().Draw(t, "text")
		for name, escape := range map[string]func(any) string{"mrkdwn": mrkdwn, "markdown": markdown, "card": card, "plain": plain} {
			quoted, err := asJSON(clip(20, escape(s)))
			require.NoError(t, err)
			var back string
			require.NoError(t, json.Unmarshal([]byte(quoted), &back), name)
			require.LessOrEqual(t, len([]rune(back)), 20)
		}
		require.NotContains(t, mrkdwn(s), "<")
		require.LessOrEqual(t, len(clipBytes(20, s)), 20)
	})
}

func TestPaths(t *testing.T) {
	a := answer{Answer: call.Answer{Status: 201, Header: http.Header{"X-Id": {"h"}}, Body: []byte(
		`{"a": {"b": [{"id": 12345678901234567890, "to": {"name": "Done"}}, {"id": "x"}]}, "n": null, "f": 0.5, "t": true}`)}}
	for at, want := range map[string]string{
		"status": "201", "header.x-id": "h", "body.a.b.0.id": "12345678901234567890", "body.a.b.[id=x].id": "x",
		"body.a.b.[to.name=Done].id": "12345678901234567890", "body.f": "0.5", "body.t": "true", "body.a.b.1": `{"id":"x"}`,
	} {
		value, ok := a.at(at)
		require.True(t, ok, at)
		require.Equal(t, want, value, at)
	}
	for _, at := range []string{"header.No", "body.no", "body.n", "body.a.b.2.id", "body.a.b.-1", "body.a.b.c", "body.a.b.[id=y].id", "body.f.g", "else"} {
		_, ok := a.at(at)
		require.False(t, ok, at)
	}
	whole, ok := (&answer{Answer: call.Answer{Body: []byte(" no_service\n")}}).at("body")
	require.True(t, ok)
	require.Equal(t, "no_service", whole)
	_, ok = (&answer{Answer: call.Answer{Body: []byte("no json")}}).at("body.error")
	require.False(t, ok)
}

func TestALinkOfOthersLeadsToAWebPage(t *testing.T) {
	for given, want := range map[string]string{
		"https://a.example/b?c=d": "https://a.example/b?c=d", "javascript:alert(1)": "", "": "", "//a.example": "", "https://": "",
		"https://a.example/x|y>(z)": "https://a.example/x%7Cy%3E%28z%29",
	} {
		require.Equal(t, want, webLink(given), given)
	}
}
