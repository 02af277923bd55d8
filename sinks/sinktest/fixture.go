package sinktest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"text/template"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

// Fixture plays the receiver of a sink that is told by a template: what its API takes, keeps and answers, as a file says.
type Fixture struct {
	// Settings are those of a target that sends to it; {url} stands for its address.
	Settings map[string]string `yaml:"settings"`
	// Says is a template of what a request says, made of the same parts in every step that brings a message.
	Says string `yaml:"says"`
	// Plain are the keys of a body that the receiver shows as they are, whatever is in them.
	Plain  []string `yaml:"plain"`
	Routes []Route  `yaml:"routes"`

	mu      sync.Mutex
	objects []*Object
	seen    []Seen
}

// Route is one call of the API. Its texts are templates, which have .Body, .Query, .Path (of the URL's elements), .Header,
// .Objects and .Object.
type Route struct {
	// Call is a method and a path, in which a * stands for one element.
	Call string `yaml:"call"`
	// When is a condition: it is another route where that comes to nothing.
	When string `yaml:"when"`
	// Header are headers that must be there; else the answer is 401. Needs are keys of the body that must hold something; else
	// it is 400.
	Header map[string]string `yaml:"header"`
	Needs  []string          `yaml:"needs"`
	// Stores is the key of what is kept of it: the same key is the same thing. "new" is a thing of its own each time.
	Stores string `yaml:"stores"`
	// Changes is the id of the thing that it changes; one that isn't there is answered by Missing.
	Changes string `yaml:"changes"`
	Missing Reply  `yaml:"missing"`
	Reply   Reply  `yaml:"reply"`
}

// Reply is what the receiver answers.
type Reply struct {
	Status int               `yaml:"status"` // 0: 200
	Header map[string]string `yaml:"header"`
	Body   string            `yaml:"body"`
}

// Object is a thing that the receiver keeps.
type Object struct {
	ID, Key string
	Body    any
}

// Seen is a request as it came.
type Seen struct {
	Method, URL string
	Header      http.Header
	Body        string
}

// LoadFixture reads the file of a receiver.
func LoadFixture(t testing.TB, path string) *Fixture {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	var f Fixture
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true)
	require.NoError(t, decoder.Decode(&f))
	return &f
}

// Receiver is the fixture as the suite wants it.
func (f *Fixture) Receiver(config func(url string) map[string]any) *Receiver {
	return &Receiver{Config: config, Read: f.read, Answer: f.ServeHTTP, Objects: f.Objects, Begin: f.forget}
}

// forget makes it a receiver that nobody has called yet.
func (f *Fixture) forget() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.objects, f.seen = nil, nil
}

// SettingsFor are the settings for a fixture at an address.
func (f *Fixture) SettingsFor(address string) map[string]any {
	settings := map[string]any{}
	for name, value := range f.Settings {
		settings[name] = strings.ReplaceAll(value, "{url}", address)
	}
	return settings
}

// Objects are the keys of the things that are kept, in the order in which they came.
func (f *Fixture) Objects() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	var keys []string
	for _, o := range f.objects {
		keys = append(keys, o.Key)
	}
	return keys
}

// Take returns the requests that came since it was called last.
func (f *Fixture) Take() []Seen {
	f.mu.Lock()
	defer f.mu.Unlock()
	seen := f.seen
	f.seen = nil
	return seen
}

// asked is one request, as templates see it.
type asked struct {
	Body    any
	Query   url.Values
	Path    []string
	Header  http.Header
	Objects []*Object
	Object  *Object
}

func newAsked(r *http.Request, body []byte) asked {
	a := asked{Query: r.URL.Query(), Header: r.Header}
	for _, element := range strings.Split(strings.Trim(r.URL.EscapedPath(), "/"), "/") {
		if plain, err := url.PathUnescape(element); err == nil {
			element = plain
		}
		a.Path = append(a.Path, element)
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	if decoder.Decode(&a.Body) != nil {
		form, err := url.ParseQuery(string(body))
		if err == nil && strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded") {
			flat := map[string]any{}
			for key := range form {
				flat[key] = form.Get(key)
			}
			a.Body = flat
		}
	}
	return a
}

func (f *Fixture) route(r *http.Request, a asked) *Route {
	for i := range f.Routes {
		rt := &f.Routes[i]
		method, path, _ := strings.Cut(rt.Call, " ")
		if r.Method != method || !alike(strings.Split(path, "/"), strings.Split(r.URL.EscapedPath(), "/")) {
			continue
		}
		if said, err := render(rt.When, a); rt.When == "" || err == nil && said != "" {
			return rt
		}
	}
	return nil
}

func alike(pattern, path []string) bool {
	return slices.EqualFunc(pattern, path, func(p, e string) bool { return p == e || p == "*" })
}

func (rt *Route) brings() bool { return rt.Stores != "" || rt.Changes != "" }

// read implements Receiver.Read.
func (f *Fixture) read(r *http.Request, body []byte) (subject, says string, ok bool) {
	a := newAsked(r, body)
	rt := f.route(r, a)
	if rt == nil || !rt.brings() {
		return "", "", false
	}
	whole := r.URL.String() + " " + string(body)
	for _, id := range subjects {
		if strings.Contains(whole, id) {
			said, err := render(f.Says, a)
			return id, said, err == nil
		}
	}
	return "", "", false
}

// ServeHTTP plays the receiver.
func (f *Fixture) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.seen = append(f.seen, Seen{r.Method, r.URL.RequestURI(), r.Header.Clone(), string(body)})
	status, text, err := f.answer(w.Header(), r, newAsked(r, body))
	if err != nil {
		status, text = http.StatusNotImplemented, err.Error()
	}
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text)
}

func (f *Fixture) answer(h http.Header, r *http.Request, a asked) (int, string, error) {
	rt := f.route(r, a)
	if rt == nil {
		return http.StatusNotFound, "there is no " + r.Method + " " + r.URL.Path, nil
	}
	for _, name := range slices.Sorted(maps.Keys(rt.Header)) {
		if r.Header.Get(name) != rt.Header[name] {
			return http.StatusUnauthorized, name + " isn't right", nil
		}
	}
	fields, _ := a.Body.(map[string]any)
	for _, key := range rt.Needs {
		if v, ok := fields[key]; !ok || v == "" || v == nil {
			return http.StatusBadRequest, key + " is missing", nil
		}
	}
	reply := rt.Reply
	if err := f.keep(rt, &a); err != nil {
		if !errors.Is(err, errMissing) {
			return 0, "", err
		}
		reply = rt.Missing
	}
	a.Objects = f.objects
	for name, value := range reply.Header {
		said, err := render(value, a)
		if err != nil {
			return 0, "", err
		}
		h.Set(name, said)
	}
	if reply.Status == 0 {
		reply.Status = http.StatusOK
	}
	text, err := render(reply.Body, a)
	return reply.Status, text, err
}

var errMissing = errors.New("there is no such thing")

// keep stores or changes what a request is about.
func (f *Fixture) keep(rt *Route, a *asked) error {
	switch {
	case rt.Stores != "":
		key, err := render(rt.Stores, *a)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(f.objects, func(o *Object) bool { return o.Key == key })
		if key == "new" || i < 0 {
			i = len(f.objects)
			f.objects = append(f.objects, &Object{ID: strconv.Itoa(i + 101), Key: key})
		}
		a.Object = f.objects[i]
		a.Object.Body = a.Body
	case rt.Changes != "":
		id, err := render(rt.Changes, *a)
		if err != nil {
			return err
		}
		i := slices.IndexFunc(f.objects, func(o *Object) bool { return o.ID == id })
		if i < 0 {
			return errMissing
		}
		a.Object = f.objects[i]
	}
	return nil
}

func render(text string, a asked) (string, error) {
	t, err := template.New("").Funcs(template.FuncMap{
		"json": func(v any) (string, error) { b, err := json.Marshal(v); return string(b), err },
		"has": func(list any, all ...any) bool {
			for _, x := range all {
				if !slices.ContainsFunc(listOf(list), func(has any) bool { return fmt.Sprint(has) == fmt.Sprint(x) }) {
					return false
				}
			}
			return true
		},
		"hasAll": func(list any, all []string) bool {
			return !slices.ContainsFunc(all, func(x string) bool {
				return !slices.ContainsFunc(listOf(list), func(has any) bool { return fmt.Sprint(has) == x })
			})
		},
		"first": func(words string) string { first, _, _ := strings.Cut(words, "\n"); return first },
	}).Parse(text)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	err = t.Execute(&b, a)
	return strings.TrimSpace(b.String()), err
}

func listOf(v any) []any {
	list, _ := v.([]any)
	return list
}
