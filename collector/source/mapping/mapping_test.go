package mapping_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/collector/source"
	"github.com/shipwake/shipwake/collector/source/mapping"
	"github.com/shipwake/shipwake/collector/source/sourcetest"
	"github.com/shipwake/shipwake/correlate"
)

// head begins every file of the tests.
const head = `
name: example
title: Example
headers: [X-Event]
authentication:
  - {kind: token, header: X-Token}
`

const deploy = head + `
let:
  app: body.deploy
  service: slug(app.name)
rules:
  - when: body.?type.orValue('') == 'ping'
    ignored: a ping
  - when: body.?type.orValue('') == 'deploy'
    change:
      id: app.id
      kind: "{'app': deployment, 'flag': feature_flag}[app.?kind.orValue('app')]"
      status: "app.state == 'ok' ? succeeded : failed"
      service: service
      version: image(app.image).?tag
      digest: image(app.image).?digest
      commit: commit(app.?link.orValue(''))
      finished_at: app.ended
      labels: "{'zone': app.?zone, 'event': header[?'X-Event']}"
  - unmapped: an event of a type that the mapping doesn't know
`

func load(t testing.TB, text string) source.Configured {
	t.Helper()
	s, err := mapping.Load([]byte(text))
	require.NoError(t, err)
	return sourcetest.New(t, s, nil)
}

func request(body string, header ...string) source.Request {
	req := source.Request{Header: http.Header{}, Body: []byte(body), ReceivedAt: sourcetest.ReceivedAt}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	return req
}

const deployed = `{"type":"deploy","deploy":{"id":4711,"name":"Check Out","state":"ok","image":"registry.example.com:5000/shop/checkout:v2@sha256:abc",` +
	`"link":"https://git.example.com/shop/commit/9fceb02d0ae598e95dc970b74767f19372d61af8?w=1","ended":1772359200000,"zone":null}}`

func TestARuleReadsFields(t *testing.T) {
	items, err := load(t, deploy).Read(request(deployed, "X-Event", "done"))
	require.NoError(t, err)
	require.Len(t, items[0].Facts, 1)
	change := items[0].Facts[0].Change
	require.Equal(t, "4711", change.ID, "an id may be a number")
	require.Equal(t, "check-out", change.Service)
	require.Equal(t, "v2", change.Version)
	require.Equal(t, "sha256:abc", change.Digest)
	require.Equal(t, "9fceb02d0ae598e95dc970b74767f19372d61af8", change.Commit)
	require.Equal(t, time.Date(2026, 3, 1, 10, 0, 0, 0, time.UTC), change.FinishedAt)
	require.Equal(t, map[string]string{"event": "done"}, change.Labels, "what is null is missing")
}

func TestTheFirstRuleThatHoldsCounts(t *testing.T) {
	s := load(t, deploy)
	for body, want := range map[string][2]string{
		`{"type":"ping"}`:  {"a ping", ""},
		`{"type":"other"}`: {"", "unmapped: an event of a type that the mapping doesn't know"},
		`{}`:               {"", "unmapped: an event of a type that the mapping doesn't know"},
	} {
		items, err := s.Read(request(body))
		require.NoError(t, err, body)
		require.Equal(t, want[0], items[0].Ignored, body)
		require.Equal(t, want[1], items[0].Problem, body)
	}
}

func TestAnErrorNamesThePlaceAndWhatWouldBeRight(t *testing.T) {
	s := load(t, deploy)
	for name, c := range map[string]struct{ from, to, want string }{
		"a missing field":                  {`"id":4711,`, ``, "$.deploy.id: required"},
		"a field that is null":             {`"id":4711`, `"id":null`, "$.deploy.id: required"},
		"a truth value for a text":         {`"id":4711`, `"id":true`, "$.deploy.id: must be a string or an integer"},
		"an object for a text":             {`"id":4711`, `"id":{}`, "$.deploy.id: must be a string or an integer"},
		"a fraction for a text":            {`"id":4711`, `"id":0.5`, "$.deploy.id: must be a string or an integer"},
		"a text that is too long":          {`"id":4711`, `"id":"` + strings.Repeat("x", 5000) + `"`, "$.deploy.id: must not be longer than 4096 bytes"},
		"a text for a time":                {`1772359200000`, `"yesterday"`, "$.deploy.ended: must be an RFC 3339 time such as 2026-03-01T10:00:00Z, or Unix time in seconds, ms, µs or ns"},
		"no time where one is needed":      {`1772359200000`, `0`, "$ (rules[1].change.started_at): one of started_at and finished_at is required, as an RFC 3339 time"},
		"an object that is a text":         {`"deploy":{`, `"deploy":"canary","other":{`, "$.deploy: must have what rules[1].change.digest of the mapping reads, or be one of the values that it knows"},
		"a value that the table lacks":     {`"zone":null`, `"kind":"canary"`, "$.deploy.kind: must have what rules[1].change.kind of the mapping reads, or be one of the values that it knows"},
		"a number that should be a text":   {`"Check Out"`, `7`, "$.deploy.name: must be of the type that let.service of the mapping reads"},
		"an empty text where one is asked": {`"Check Out"`, `""`, "$.deploy.name: required: the service.name that the change reaches"},
	} {
		t.Run(name, func(t *testing.T) {
			bent := strings.Replace(deployed, c.from, c.to, 1)
			require.NotEqual(t, deployed, bent)
			items, err := s.Read(request(bent))
			require.NoError(t, err)
			require.NotNil(t, items[0].Wrong, "%v", items[0])
			require.Equal(t, c.want, items[0].Wrong.Error())
		})
	}
}

func TestAFileThatIsWrongSaysWhere(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"an empty file":           {"", "the file is empty"},
		"a key that isn't known":  {head + "rulez: []", "field rulez not found"},
		"no rules":                {head, "rules: required"},
		"no authentication":       {"name: x\nrules: [{ignored: x}]", "authentication: required"},
		"a name with a slash":     {strings.Replace(head, "name: example", "name: a/b", 1), "name: required: lower case letters"},
		"a rule that says two":    {head + "rules: [{ignored: x, unmapped: y}]", "rules[0]: must have exactly one of change, incident, ignored and unmapped"},
		"a field that isn't one":  {head + "rules: [{change: {servce: body.x}}]", "rules[0].change.servce: there is no such field; the known ones are actor, commit"},
		"an expression that ends": {head + "rules: [{when: 'body.x ==', ignored: x}]", "rules[0].when: ERROR: <input>:1:10: Syntax error"},
		"a name that isn't known": {head + "rules: [{change: {id: bdy.x}}]", "rules[0].change.id: ERROR: <input>:1:1: undeclared reference to 'bdy'"},
		"a condition of a text":   {head + "rules: [{when: \"'x'\", ignored: x}]", "rules[0].when: must be a condition"},
		"each without a fact":     {head + "rules: [{each: body.x, ignored: x}]", "rules[0].each: only a change or an incident has items"},
		"left beside a fact":      {head + "rules: [{left: body.x, ignored: x}]", "rules[0].left: goes with unmapped"},
		"a name that is taken":    {head + "let: {failed: body.x}\nrules: [{ignored: x}]", "let.failed: the name is taken"},
		"let that is a list":      {head + "let: [x]\nrules: [{ignored: x}]", "let must be a mapping of names to expressions"},
		"an id from a header that isn't signed": {
			strings.Replace(head, "{kind: token, header: X-Token}", "{kind: hmac, header: X-Signature}", 1) + "id: header['X-Event']\nrules: [{ignored: x}]",
			"id: ERROR: <input>:1:1: undeclared reference to 'header'",
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := mapping.Load([]byte(c.text))
			require.ErrorContains(t, err, c.want)
		})
	}
}

func TestEachItemIsAFact(t *testing.T) {
	s := load(t, head+`
let:
  service: item.app
rules:
  - each: body.items.filter(i, i.?kind.orValue('') != 'test')
    change: {id: item.id, service: service, finished_at: received}
`)
	items, err := s.Read(request(`{"items":[{"id":"a","app":"one"},{"id":"b","kind":"test"},{"id":"c","app":"two"}]}`))
	require.NoError(t, err)
	require.Len(t, items[0].Facts, 2)
	require.Equal(t, "one", items[0].Facts[0].Change.Service)
	require.Equal(t, "two", items[0].Facts[1].Change.Service)
	require.Equal(t, sourcetest.ReceivedAt, items[0].Facts[1].Change.FinishedAt)

	items, err = s.Read(request(`{"items":[{"id":"a","app":"one"},{"id":"b"}]}`))
	require.NoError(t, err)
	require.Equal(t, "$.items[1].app: required", items[0].Wrong.Error())
	items, err = s.Read(request(`{"items":[]}`))
	require.NoError(t, err)
	require.Equal(t, "an event without items", items[0].Ignored)
}

func TestAnExpressionThatWorksTooMuchEnds(t *testing.T) {
	s := load(t, head+`
rules:
  - when: body.x.exists(a, body.x.exists(b, body.x.exists(c, a + b + c < 0)))
    ignored: x
`)
	body := `{"x":[` + strings.TrimSuffix(strings.Repeat("1,", 1000), ",") + `]}`
	items, err := s.Read(request(body))
	require.NoError(t, err)
	require.Contains(t, items[0].Wrong.Error(), "is too large: rules[0].when of the mapping has a limit of work")
}

func TestTheDeliveryHasTheIDThatTheFileSays(t *testing.T) {
	s := load(t, head+"id: header['X-Event'] + '/' + body.id\nrules: [{ignored: x}]\n")
	items, err := s.Read(request(`{"id":"7"}`, "X-Event", "done"))
	require.NoError(t, err)
	require.Equal(t, "done/7", items[0].ID)
	items, err = s.Read(request(`{"id":"7"}`))
	require.NoError(t, err)
	require.Equal(t, source.BodyID([]byte(`{"id":"7"}`)), items[0].ID, "the same bytes are the same delivery")
}

const withParameter = head + `
parameters:
  team: {help: whose changes these are, default: nobody}
rules:
  - change: {id: body.id, service: "'shop'", team: param.team, finished_at: received}
`

func TestAFileOfTheUsersOwnIsASource(t *testing.T) {
	path := filepath.Join(t.TempDir(), "own.yaml")
	require.NoError(t, os.WriteFile(path, []byte(withParameter), 0o600))
	team := func(keys map[string]any) string {
		c, err := mapping.Source().Configure("own", keys)
		require.NoError(t, err)
		items, err := c.Read(request(`{"id":"1"}`))
		require.NoError(t, err)
		return items[0].Facts[0].Change.Team
	}
	require.Equal(t, "nobody", team(map[string]any{"file": path}))
	require.Equal(t, "web", team(map[string]any{"file": path, "parameters": map[string]any{"team": "web"}}))

	digest := func(keys map[string]any) string {
		c, err := mapping.Source().Configure("own", keys)
		require.NoError(t, err)
		require.Len(t, c.Schemes(), 1)
		return c.Projector().Digest
	}
	before := digest(map[string]any{"file": path})
	require.NotEqual(t, before, digest(map[string]any{"file": path, "parameters": map[string]any{"team": "web"}}))
	require.NoError(t, os.WriteFile(path, []byte(withParameter+"# another\n"), 0o600))
	require.NotEqual(t, before, digest(map[string]any{"file": path}), "another text reads again what is kept")

	for name, c := range map[string]struct {
		keys map[string]any
		want string
	}{
		"no file":             {nil, "file: required"},
		"a file that isn't":   {map[string]any{"file": path + "x"}, "no such file"},
		"another parameter":   {map[string]any{"file": path, "parameters": map[string]any{"tem": "x"}}, "parameters::tem: the mapping has no such parameter; the known ones are team"},
		"a key that isn't":    {map[string]any{"fiel": path}, "fiel: there is no such key; the known ones are file, parameters"},
		"a directory of none": {map[string]any{"file": t.TempDir()}, "file: "},
	} {
		_, err := mapping.Source().Configure("own", c.keys)
		require.ErrorContains(t, err, c.want, name)
	}
}

// BenchmarkRead is what a delivery costs, from its bytes to its fact: of a short body, and of one with much that isn't read.
func BenchmarkRead(b *testing.B) {
	s := load(b, deploy)
	for _, padding := range []int{0, 13_000} {
		body := strings.Replace(deployed, `"zone":null`, fmt.Sprintf(`"zone":null,"padding":[%q]`, strings.Repeat("x", padding)), 1)
		req := request(body, "X-Event", "done")
		b.Run(fmt.Sprintf("bytes=%d", len(body)), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				items, err := s.Read(req)
				if err != nil || len(items[0].Facts) != 1 {
					b.Fatal(err)
				}
			}
		})
	}
}

func TestATraceShowsTheRuleAndTheFields(t *testing.T) {
	raw := correlate.Raw{Body: []byte(deployed), ReceivedAt: sourcetest.ReceivedAt}
	trace, err := mapping.Explain([]byte(deploy), nil, raw)
	require.NoError(t, err)
	require.Equal(t, "rules[1]", trace.Rule)
	require.Contains(t, trace.Fields, mapping.Field{Name: "id", Value: "4711", Path: "$.deploy.id"})
	require.Contains(t, trace.Fields, mapping.Field{Name: "finished_at", Value: "1772359200000", Path: "$.deploy.ended"})

	trace, err = mapping.Explain([]byte(deploy), nil, correlate.Raw{Body: []byte("{")})
	require.NoError(t, err)
	require.Empty(t, trace.Rule)
	_, err = mapping.Explain([]byte(deploy), map[string]string{"x": "y"}, raw)
	require.ErrorContains(t, err, "parameters::x: the mapping has no parameters")
}

func TestAMessageMayBeSeveralDeliveries(t *testing.T) {
	s := load(t, head+`
split: {list: items, keep: [sender], left: dropped}
rules:
  - when: body.items.size() == 0 && has(body.dropped)
    unmapped: the sender left some out
    left: body.dropped
  - each: body.items
    change: {id: item.id, service: body.sender, finished_at: received}
`)
	items, err := s.Read(request(`{"sender":"shop","more":{},"items":[{"id":"a"},{},{"id":"c"}],"dropped":2}`))
	require.NoError(t, err)
	require.Len(t, items, 4)
	require.Equal(t, "shop", items[0].Facts[0].Change.Service)
	require.Equal(t, "$.items[0].id: required", items[1].Wrong.Error(), "the others aren't held back")
	require.Equal(t, "c", items[2].Facts[0].Change.ID)
	require.Equal(t, 2, items[3].Left)
	require.Equal(t, `{"sender":"shop","dropped":2,"items":[]}`, string(items[3].Body))

	for body, want := range map[string]int{`{"sender":"shop","items":[{"id":"a"}]}`: 1, `{"sender":"shop","items":[]}`: 1, `{"items":7}`: 1} {
		items, err := s.Read(request(body))
		require.NoError(t, err)
		require.Len(t, items, want)
		require.Equal(t, body, string(items[0].Body), "one delivery is kept as it came")
	}
}

func TestTheTypeOfAValueCanBeAsked(t *testing.T) {
	s := load(t, head+`
rules:
  - change:
      id: body.id
      service: "type(body.app) == string ? body.app : body.app.name"
      finished_at: received
`)
	for body, want := range map[string]string{`{"id":"1","app":"shop"}`: "shop", `{"id":"1","app":{"name":"till"}}`: "till"} {
		items, err := s.Read(request(body))
		require.NoError(t, err)
		require.Equal(t, want, items[0].Facts[0].Change.Service)
	}
}

func TestADocumentWithinATextIsRead(t *testing.T) {
	s := load(t, head+`
let: {message: "json(body.Message).orValue({})"}
rules:
  - when: "!has(message.deploy)"
    ignored: no document
  - change: {id: message.deploy.id, service: message.deploy.service, version: "message.deploy.?version", finished_at: message.deploy.ended}
`)
	for name, c := range map[string]struct{ message, want string }{
		"a document":        {`{\"deploy\": {\"id\": 7, \"service\": \"shop\", \"ended\": \"2026-03-01T10:00:00Z\"}}`, ""},
		"words":             {`hello`, "ignored: no document"},
		"null":              {`null`, "ignored: no document"},
		"nothing":           {``, "ignored: no document"},
		"a list":            {`[1]`, "unreadable: $.Message: can't be read by rules[0].when of the mapping"},
		"half a document":   {`{\"deploy\": {`, "ignored: no document"},
		"a missing member":  {`{\"deploy\": {\"id\": 7}}`, "unreadable: json.deploy.ended: required"},
		"nested too deeply": {strings.Repeat("[", 100) + strings.Repeat("]", 100), "ignored: no document"},
	} {
		t.Run(name, func(t *testing.T) {
			items, err := s.Read(request(`{"Message": "` + c.message + `"}`))
			require.NoError(t, err)
			said := items[0].Problem
			if items[0].Ignored != "" {
				said = "ignored: " + items[0].Ignored
			}
			require.Equal(t, c.want, said)
			require.Equal(t, c.want == "", len(items[0].Facts) == 1)
		})
	}
}
