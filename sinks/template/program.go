package template

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	text "text/template"

	"github.com/shipwake/shipwake/sinks/call"
	"github.com/shipwake/shipwake/sinks/route"
)

// mostText bounds what a template may come to, in bytes.
const mostText = 256 << 10

// view is what a template sees.
type view struct {
	Note
	Key     string
	Setting map[string]string
	Receipt map[string]string
	Before  route.Kind
}

// program is a file, ready to run.
type program struct {
	File
	templates map[string]*text.Template // by where they stand, such as create.headers.Authorization
}

// compile reads every template of a file.
func compile(f File) (*program, error) {
	p := &program{File: f, templates: map[string]*text.Template{}}
	base := text.New("").Option("missingkey=error").Funcs(functions())
	base.Funcs(text.FuncMap{"part": func(name string, v any) (string, error) {
		if base.Lookup(name) == nil {
			return "", fmt.Errorf("there is no part %q; the parts are %s", name, strings.Join(slices.Sorted(maps.Keys(f.Parts)), ", "))
		}
		var b bytes.Buffer
		err := base.ExecuteTemplate(&bounded{&b}, name, v)
		return strings.TrimRight(b.String(), "\n"), err
	}})
	for _, name := range slices.Sorted(maps.Keys(f.Parts)) {
		if _, err := base.New(name).Parse(f.Parts[name]); err != nil {
			return nil, fmt.Errorf("parts.%s: %w", name, own(err))
		}
	}
	texts := f.texts()
	for _, where := range slices.Sorted(maps.Keys(texts)) {
		t, err := text.Must(base.Clone()).New("").Parse(texts[where])
		if err != nil {
			return nil, fmt.Errorf("%s: %w", where, own(err))
		}
		p.templates[where] = t
	}
	return p, nil
}

// texts are the templates of a file by where they stand.
func (f File) texts() map[string]string {
	all := map[string]string{"problem": f.Problem}
	for _, s := range f.steps() {
		all[s.name+".when"], all[s.name+".url"], all[s.name+".body"] = s.When, s.URL, s.Body
		for name, value := range s.Headers {
			all[s.name+".headers."+name] = value
		}
		for name, at := range s.Keep {
			all[s.name+".keep."+name] = at
		}
	}
	return all
}

// own takes the words out of an error that text/template puts before it for templates with names.
func own(err error) error {
	message := strings.TrimPrefix(err.Error(), "template: ")
	return errors.New(strings.TrimLeft(message, ":"))
}

// bounded is a writer that ends a template that writes too much.
type bounded struct{ *bytes.Buffer }

func (b *bounded) Write(p []byte) (int, error) {
	if b.Len()+len(p) > mostText {
		return 0, fmt.Errorf("it comes to more than %d bytes", mostText)
	}
	return b.Buffer.Write(p)
}

// run is what a template comes to.
func (p *program) run(where string, v view) (string, error) {
	var b bytes.Buffer
	if err := p.templates[where].Execute(&bounded{&b}, v); err != nil {
		return "", fmt.Errorf("%s: %w", where, own(err))
	}
	return b.String(), nil
}

// applies tells whether there is a step, for this message.
func (p *program) applies(s namedStep, v view) (bool, error) {
	if s.Step == nil {
		return false, nil
	}
	if s.When == "" {
		return true, nil
	}
	said, err := p.run(s.name+".when", v)
	said = strings.TrimSpace(said)
	return said != "" && said != "false", err
}

// request is what is sent.
type request struct {
	method, url string
	header      http.Header
	body        string
}

func (p *program) request(s namedStep, v view) (request, error) {
	r := request{method: s.Method, header: http.Header{"User-Agent": {"shipwake"}}}
	if r.method == "" && s.name == "find" {
		r.method = http.MethodGet
	} else if r.method == "" {
		r.method = http.MethodPost
	}
	var err error
	if r.url, err = p.run(s.name+".url", v); err != nil {
		return r, err
	}
	if r.url = strings.TrimSpace(r.url); r.url != "" {
		if _, err := call.ParseURL(r.url); err != nil {
			return r, fmt.Errorf("%s.url: %w", s.name, err)
		}
	}
	if r.body, err = p.run(s.name+".body", v); err != nil {
		return r, err
	}
	if r.body != "" {
		r.header.Set("Content-Type", "application/json")
	}
	return r, p.addHeaders(s, v, r.header)
}

func (p *program) addHeaders(s namedStep, v view, h http.Header) error {
	for _, name := range slices.Sorted(maps.Keys(s.Headers)) {
		value, err := p.run(s.name+".headers."+name, v)
		if err != nil {
			return err
		}
		if value = strings.TrimSpace(value); value == "" {
			continue
		}
		if err := call.CheckHeader(s.name+".headers", name, value); err != nil {
			return err
		}
		h.Set(name, value)
	}
	return nil
}

// json tells whether the body is meant as one JSON value, and what is wrong with it as such.
func (r request) json() error {
	media, _, _ := strings.Cut(r.header.Get("Content-Type"), ";")
	if r.body == "" || media != "application/json" {
		return nil
	}
	var v any
	return json.Unmarshal([]byte(r.body), &v)
}

// kept is what is remembered after an answer. What was asked for and isn't there is forgotten; what isn't in the answer to
// anything else stays.
func (p *program) kept(s namedStep, v view, a *answer) (map[string]string, error) {
	kept := maps.Clone(v.Receipt)
	for _, name := range slices.Sorted(maps.Keys(s.Keep)) {
		at, err := p.run(s.name+".keep."+name, v)
		if err != nil {
			return nil, err
		}
		value, _ := a.at(at)
		if asks := s.Method == http.MethodGet || s.name == "find"; value != "" || asks {
			kept[name] = value
		}
	}
	return kept, nil
}

// names are those that steps keep something under.
func (f File) names() map[string]string {
	all := map[string]string{}
	for _, s := range f.steps() {
		for name := range s.Keep {
			all[name] = ""
		}
	}
	return all
}
