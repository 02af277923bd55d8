package api

import (
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/correlate/dora"
	"github.com/shipwake/shipwake/correlate/dora/quality"
	corgate "github.com/shipwake/shipwake/correlate/gate"
	"github.com/shipwake/shipwake/sinks/gate"
)

// document is the part of openapi.yaml that is held against the code.
type document struct {
	OpenAPI    string
	Paths      map[string]map[string]described
	Components struct {
		Parameters map[string]parameter
		Responses  map[string]response
		Schemas    map[string]*schema
	}
}

type described struct {
	OperationID string `yaml:"operationId"`
	Deprecated  bool
	Parameters  []parameter
	Responses   map[string]response
}

type parameter struct {
	Ref, Name, In, Description string
	Deprecated                 bool
	Schema                     *schema
}

type response struct {
	Ref     string
	Content map[string]struct{ Schema *schema }
}

type schema struct {
	Ref                  string
	Type                 any
	Format, Pattern      string
	Enum                 []string
	Required             []string
	Properties           map[string]*schema
	Items                *schema
	AdditionalProperties *schema `yaml:"additionalProperties"`
	MinItems             int     `yaml:"minItems"`
}

func load(t *testing.T) *document {
	t.Helper()
	var d document
	// A field Ref reads the key "ref".
	text := strings.ReplaceAll(string(openAPI), "$ref:", "ref:")
	require.NoError(t, yaml.Unmarshal([]byte(text), &d))
	require.Equal(t, "3.1.0", d.OpenAPI)
	return &d
}

// resolve follows a reference into a part of the components.
func resolve[T any](t *testing.T, ref, part string, from map[string]T) T {
	t.Helper()
	name, ok := strings.CutPrefix(ref, "#/components/"+part+"/")
	require.True(t, ok, "%q refers to %s", ref, part)
	found, ok := from[name]
	require.True(t, ok, "%q exists", ref)
	return found
}

// answers are the types of the 200s.
var answers = map[string]any{
	"/api/v1/changes":             Changes{},
	"/api/v1/names":               Names{},
	"/api/v1/changes/{id}":        Change{},
	"/api/v1/changes/{id}/series": ChangeSeries{},
	"/api/v1/incidents":           Incidents{},
	"/api/v1/regressions":         Regressions{},
	"/api/v1/dora":                DORA{},
	"/api/v1/dora/restatements":   Restatements{},
	"/api/v1/rollbacks":           Rollbacks{},
	"/api/v1/status":              Status{},
	"/api/v1/quality":             Quality{},
	"/api/v1/quarantine":          Quarantine{},
	"/api/v1/limits":              Limits{},
	"/api/v1/accuracy":            Accuracy{},
	"/api/v1/gate":                gate.Answer{},
}

// elsewhere are the paths that another sink, or the host, serves.
var elsewhere = []string{"/api/v1/gate", "/api/v1/rollbacks/kill-switch"}

// written are the paths where something is changed.
var written = []string{"/api/v1/rollbacks/kill-switch", notesPath}

func TestOpenAPIListsEveryOperation(t *testing.T) {
	d := load(t)
	var documented, served []string
	for path, methods := range d.Paths {
		documented = append(documented, path)
		if slices.Contains(written, path) {
			require.Contains(t, methods, "post")
			continue
		}
		require.Len(t, methods, 1, "%s has GET alone", path)
		require.Contains(t, methods, "get")
	}
	for _, o := range (&sink{}).operations() {
		served = append(served, strings.ReplaceAll(o.path, "...", ""))
	}
	require.ElementsMatch(t, documented, append(append(served, notesPath), elsewhere...))
}

func TestOpenAPIListsEveryParameter(t *testing.T) {
	d := load(t)
	for _, o := range (&sink{}).operations() {
		path := strings.ReplaceAll(o.path, "...", "")
		var inQuery, inPath []string
		for _, p := range d.Paths[path]["get"].Parameters {
			if p.Ref != "" {
				p = resolve(t, p.Ref, "parameters", d.Components.Parameters)
			}
			require.NotEmpty(t, p.Description, "%s %s", path, p.Name)
			require.NotNil(t, p.Schema, "%s %s", path, p.Name)
			if p.In == "path" {
				inPath = append(inPath, p.Name)
			} else {
				require.Equal(t, "query", p.In)
				inQuery = append(inQuery, p.Name)
			}
		}
		require.Equal(t, o.parameters, inQuery, path)
		var wildcards []string
		for _, m := range regexp.MustCompile(`\{(\w+)\}`).FindAllStringSubmatch(path, -1) {
			wildcards = append(wildcards, m[1])
		}
		require.Equal(t, wildcards, inPath, path)
	}
}

func TestOpenAPIDescribesEveryAnswer(t *testing.T) {
	d := load(t)
	for path, methods := range d.Paths {
		described := methods["get"]
		if path == notesPath {
			described = methods["post"]
		}
		for status, r := range described.Responses {
			if r.Ref != "" {
				r = resolve(t, r.Ref, "responses", d.Components.Responses)
			}
			body := any(Error{})
			if status == "200" {
				body = answers[path]
			}
			if status == "201" {
				body = Noted{}
			}
			require.Contains(t, r.Content, "application/json", "%s %s", path, status)
			c := comparison{t: t, document: d, done: map[string]reflect.Type{}}
			c.compare(path+" "+status, r.Content["application/json"].Schema, reflect.TypeOf(body))
		}
	}
}

func TestOpenAPIDescribesWhatIsSaid(t *testing.T) {
	d := load(t)
	described := d.Components.Schemas["Said"]
	var properties []string
	for name := range described.Properties {
		properties = append(properties, name)
	}
	require.ElementsMatch(t, noteKeys, properties)
	require.Equal(t, []string{"kind"}, described.Required)
	for _, f := range reflect.VisibleFields(reflect.TypeFor[Said]()) {
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		require.Contains(t, noteKeys, name)
	}
}

func TestOpenAPIHasNoSchemaThatNobodyUses(t *testing.T) {
	d := load(t)
	for name := range d.Components.Schemas {
		require.Contains(t, string(openAPI), `"#/components/schemas/`+name+`"`)
	}
}

func TestOpenAPIKnowsEveryWayToSplitAReport(t *testing.T) {
	ways := regexp.MustCompile(load(t).Components.Schemas["GroupBy"].Pattern)
	for _, by := range append(dora.GroupBys(), dora.ByLabel("region")) {
		require.True(t, ways.MatchString(string(by)), by)
	}
	require.False(t, ways.MatchString("continent"))
}

// comparison holds schemas against Go types.
type comparison struct {
	t        *testing.T
	document *document
	done     map[string]reflect.Type // schemas that were compared, with the type
}

func (c comparison) compare(at string, s *schema, typ reflect.Type) {
	require.NotNil(c.t, s, at)
	nullable := typ.Kind() == reflect.Pointer
	if nullable {
		typ = typ.Elem()
	}
	if s.Ref != "" {
		target := resolve(c.t, s.Ref, "schemas", c.document.Components.Schemas)
		if before, ok := c.done[s.Ref]; ok {
			require.Equal(c.t, before, typ, "%s: %s is one type", at, s.Ref)
			return
		}
		c.done[s.Ref] = typ
		s = target
	}
	types := typesOf(s)
	require.NotEmpty(c.t, types, "%s has a type", at)
	if slices.Contains(types, "null") && typ != reflect.TypeFor[dora.Numbers]() { // which are null as those of a period alone
		require.True(c.t, nullable, "%s can be null, so it must be a pointer", at)
	}
	require.Contains(c.t, types, jsonType(typ), at)
	if enum, ok := enums[typ]; ok {
		require.Equal(c.t, enum, s.Enum, at)
	}
	switch {
	case typ == reflect.TypeFor[correlate.Values]():
		require.Equal(c.t, []string{"number", "null"}, typesOf(s.Items), at)
	case typ == reflect.TypeFor[time.Time]():
		require.Equal(c.t, "date-time", s.Format, at)
	case typ.Kind() == reflect.Slice:
		c.compare(at+"[]", s.Items, typ.Elem())
	case typ.Kind() == reflect.Array:
		require.Equal(c.t, typ.Len(), s.MinItems, at)
		c.compare(at+"[]", s.Items, typ.Elem())
	case typ.Kind() == reflect.Map:
		c.compare(at+"{}", s.AdditionalProperties, typ.Elem())
	case typ.Kind() == reflect.Struct:
		c.fields(at, s, typ)
	}
}

// fields compares the properties, which of them are always there, and which of those may be null.
func (c comparison) fields(at string, s *schema, typ reflect.Type) {
	var required []string
	properties := map[string]bool{}
	for _, f := range reflect.VisibleFields(typ) {
		tag := f.Tag.Get("json")
		if tag == "-" {
			continue
		}
		if tag == "" {
			require.True(c.t, f.Anonymous, "%s.%s has a name", at, f.Name)
			continue
		}
		name, options, _ := strings.Cut(tag, ",")
		properties[name] = true
		p := s.Properties[name]
		require.NotNil(c.t, p, "%s.%s is described", at, name)
		c.compare(at+"."+name, p, f.Type)
		if options != "" {
			continue
		}
		required = append(required, name)
		if f.Type.Kind() == reflect.Pointer {
			if p.Ref != "" {
				p = resolve(c.t, p.Ref, "schemas", c.document.Components.Schemas)
			}
			require.Contains(c.t, typesOf(p), "null", "%s.%s can be null", at, name)
		}
	}
	require.ElementsMatch(c.t, required, s.Required, "%s: what is always there", at)
	for name := range s.Properties {
		require.True(c.t, properties[name], "%s.%s exists", at, name)
	}
}

// enums are the closed lists.
var enums = map[reflect.Type][]string{
	reflect.TypeFor[correlate.Kind]():           strs(correlate.Kinds()),
	reflect.TypeFor[correlate.Status]():         strs(correlate.Statuses()),
	reflect.TypeFor[correlate.Reason]():         strs(correlate.Reasons()),
	reflect.TypeFor[correlate.WaitFor]():        strs(correlate.WaitFors()),
	reflect.TypeFor[correlate.Outcome]():        {"regressed", "healthy", "inconclusive"},
	reflect.TypeFor[correlate.Phase]():          {"observing", "closed", "history", "merged", "retracted"},
	reflect.TypeFor[correlate.Reopening]():      strs(correlate.Reopenings()),
	reflect.TypeFor[correlate.Grade]():          {"A", "B", "C", "D"},
	reflect.TypeFor[dora.Counted]():             strs(dora.AllCounted()),
	reflect.TypeFor[dora.Calendar]():            strs(dora.Calendars()),
	reflect.TypeFor[dora.Policy]():              strs(dora.Policies()),
	reflect.TypeFor[dora.Metric]():              strs(dora.Metrics()),
	reflect.TypeFor[quality.Name]():             strs(quality.Names()),
	reflect.TypeFor[correlate.Cause]():          strs(correlate.Causes()),
	reflect.TypeFor[correlate.RollbackMode]():   strs(correlate.RollbackModes()),
	reflect.TypeFor[correlate.RollbackResult](): strs(correlate.RollbackResults()),
	reflect.TypeFor[correlate.RollbackState]():  strs(correlate.RollbackStates()),
	reflect.TypeFor[correlate.RollbackReason](): strs(correlate.RollbackReasons()),
	reflect.TypeFor[corgate.Decision]():         {"proceed", "wait", "stop"},
	reflect.TypeFor[corgate.Why]():              strs(corgate.Whys()),
	reflect.TypeFor[corgate.Outcome]():          {"passed", "failed", "unknown"},
	reflect.TypeFor[correlate.Role]():           strs(correlate.Roles()),
	reflect.TypeFor[correlate.Basis]():          strs(correlate.Bases()),
	reflect.TypeFor[correlate.NoteKind]():       strs(correlate.NoteKinds()),
}

func strs[T ~string](all []T) []string {
	var out []string
	for _, v := range all {
		out = append(out, string(v))
	}
	return out
}

func typesOf(s *schema) []string {
	switch typ := s.Type.(type) {
	case string:
		return []string{typ}
	case []any:
		var all []string
		for _, v := range typ {
			all = append(all, v.(string))
		}
		return all
	}
	return nil
}

func jsonType(typ reflect.Type) string {
	switch typ.Kind() {
	case reflect.String:
		return "string"
	case reflect.Bool:
		return "boolean"
	case reflect.Int, reflect.Int64:
		return "integer"
	case reflect.Float64:
		return "number"
	case reflect.Slice, reflect.Array:
		return "array"
	}
	if typ == reflect.TypeFor[time.Time]() {
		return "string"
	}
	return "object"
}
