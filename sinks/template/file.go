package template

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/shipwake/shipwake/internal/strictyaml"
	"github.com/shipwake/shipwake/sinks/route"
)

// File says how a receiver is told.
type File struct {
	// Name is that of the sink in the configuration.
	Name string `yaml:"name"`
	// Title is the receiver as its vendor writes it. About says in a sentence what it is told. Docs is the address of the
	// vendor's description of the API, and Read which state of it was read.
	Title string `yaml:"title"`
	About string `yaml:"about"`
	Docs  string `yaml:"docs"`
	Read  string `yaml:"read"`
	// Setup says, in Markdown, how the receiver is made to take messages.
	Setup string `yaml:"setup"`
	// Doubles says when a message may come twice; "" where the receiver tells by a key that it came before, or can be asked.
	Doubles string `yaml:"doubles"`
	// Harmless are texts of Harm that must not arrive as they are, since they would mean something there; for tests.
	Harmless []string `yaml:"harmless"`
	// Settings are what users set, by name. Each has a twin whose name ends with _file: the path of a file that holds it.
	Settings map[string]Setting `yaml:"settings"`
	// Problem is a template that says what is wrong with the settings; "" when nothing is.
	Problem string `yaml:"problem"`
	// On are the kinds of messages that are told unless users say otherwise; none: regressed and recovered.
	On []route.Kind `yaml:"on"`
	// Revisions: every revision of a verdict is a message of its own, for receivers that keep a log.
	Revisions bool `yaml:"revisions"`
	// Acknowledges: what it answers to a request for a rollback says that it will be carried out. A receiver that only shows the
	// request to people doesn't.
	Acknowledges bool `yaml:"acknowledges"`
	// Pace is the time between two requests that the receiver asks for.
	Pace time.Duration `yaml:"pace"`
	// Parts are templates by name, for the function part.
	Parts map[string]string `yaml:"parts"`

	Find     *Step  `yaml:"find"`
	Create   *Step  `yaml:"create"`
	Update   *Step  `yaml:"update"`
	FollowUp []Step `yaml:"follow_up"`

	// Answers say what an answer means, where its status doesn't; the first rule that fits counts.
	Answers []Rule `yaml:"answers"`
	// Error are paths of the receiver's own words for what is wrong; the first that leads to something counts.
	Error []string `yaml:"error"`
	// Waits are the places, besides the header Retry-After, that say how long the receiver asks to be left alone.
	Waits []Wait `yaml:"waits"`
}

// Setting is a text that users set.
type Setting struct {
	Help     string `yaml:"help"`
	Default  string `yaml:"default"`
	Example  string `yaml:"example"` // what the page shows, and templates are tried with
	Secret   bool   `yaml:"secret"`
	Required bool   `yaml:"required"`
}

// Step is one request. Its texts are templates.
type Step struct {
	// When is a condition: there is no such step where it comes to nothing, or to false.
	When   string `yaml:"when"`
	Method string `yaml:"method"` // "": GET to find, else POST
	URL    string `yaml:"url"`
	// Headers are sent along; one that comes to nothing is not. Content-Type is application/json where there is a body.
	Headers map[string]string `yaml:"headers"`
	Body    string            `yaml:"body"`
	// Keep are the paths of what is remembered of the answer, by the name in .Receipt. What is missing, or empty, leaves what
	// was there, unless it was asked for by GET. A path is body, header or status with names, indexes and conditions: body.items.0.id,
	// body.transitions.[to.name=Done].id, header.Location.
	Keep map[string]string `yaml:"keep"`
	// Answers are those of this step, before those of the file.
	Answers []Rule `yaml:"answers"`
}

// Rule says what an answer means.
type Rule struct {
	// Status are the statuses that it is about; none: any.
	Status []int `yaml:"status"`
	// At is a path that must lead to something, one of In if there are any.
	At string   `yaml:"at"`
	In []string `yaml:"in"`
	// Then is delivered, refused, failed, later, or gone: there is nothing to find, or to update any more.
	Then string `yaml:"then"`
	// Why says it to people; "": the receiver's own words.
	Why string `yaml:"why"`
}

// Wait is where an answer says how long it wants to be left alone.
type Wait struct {
	At   string `yaml:"at"`
	Unit string `yaml:"unit"` // seconds, milliseconds, or epoch: a time in seconds since 1970
}

// What an answer may mean.
const (
	delivered = "delivered"
	refused   = "refused"
	failed    = "failed"
	later     = "later"
	gone      = "gone"
)

var (
	thens = []string{delivered, refused, failed, later, gone}
	units = []string{"seconds", "milliseconds", "epoch"}
)

// steps are those of the file by name, in the order in which they are taken.
func (f File) steps() []namedStep {
	var all []namedStep
	for _, s := range []namedStep{{"find", f.Find}, {"create", f.Create}, {"update", f.Update}} {
		if s.Step != nil {
			all = append(all, s)
		}
	}
	return append(all, f.followUps()...)
}

func (f File) followUps() []namedStep {
	var all []namedStep
	for i := range f.FollowUp {
		all = append(all, namedStep{fmt.Sprintf("follow_up[%d]", i), &f.FollowUp[i]})
	}
	return all
}

type namedStep struct {
	name string
	*Step
}

// Parse reads a file. The error names the line or the key that is wrong and what would be right.
func Parse(text []byte) (File, error) {
	var f File
	if err := strictyaml.Decode(text, &f, "name and create"); err != nil {
		return File{}, err
	}
	return f, f.validate()
}

func (f File) validate() error {
	if err := strictyaml.CheckName(f.Name); err != nil {
		return err
	}
	switch {
	case f.Create == nil && (f.Find == nil || f.Update == nil):
		return errors.New("create: required, or find and update: how is a message sent?")
	case f.Pace < 0:
		return fmt.Errorf("pace: %s: must be the time between two requests, such as 1s", f.Pace)
	}
	for name := range f.Settings {
		if strings.HasSuffix(name, "_file") {
			return fmt.Errorf("settings.%s: a name that ends with _file is that of a file with the setting", name)
		}
	}
	if err := (route.Config{On: f.On}).Validate(); err != nil {
		return err
	}
	if err := checkRules("answers", f.Answers); err != nil {
		return err
	}
	for i, w := range f.Waits {
		if !slices.Contains(units, w.Unit) {
			return fmt.Errorf("waits[%d].unit: %q is none of %v", i, w.Unit, units)
		}
	}
	for _, s := range f.steps() {
		if err := s.validate(); err != nil {
			return fmt.Errorf("%s.%w", s.name, err)
		}
	}
	return f.checkPaths()
}

func (s Step) validate() error {
	if s.URL == "" {
		return errors.New("url: required")
	}
	return checkRules("answers", s.Answers)
}

func checkRules(key string, rules []Rule) error {
	for i, r := range rules {
		switch {
		case !slices.Contains(thens, r.Then):
			return fmt.Errorf("%s[%d].then: %q is none of %v", key, i, r.Then, thens)
		case len(r.Status) == 0 && r.At == "":
			return fmt.Errorf("%s[%d]: must say which answers it is about: status or at", key, i)
		}
	}
	return nil
}

// checkPaths reads every path that is no template.
func (f File) checkPaths() error {
	paths := map[string]string{}
	for i, at := range f.Error {
		paths[fmt.Sprintf("error[%d]", i)] = at
	}
	add := func(key string, rules []Rule) {
		for i, r := range rules {
			paths[fmt.Sprintf("%s[%d].at", key, i)] = r.At
		}
	}
	add("answers", f.Answers)
	for i, w := range f.Waits {
		paths[fmt.Sprintf("waits[%d].at", i)] = w.At
	}
	for _, s := range f.steps() {
		add(s.name+".answers", s.Answers)
		for name, at := range s.Keep {
			if !strings.Contains(at, "{{") {
				paths[s.name+".keep."+name] = at
			}
		}
	}
	for _, key := range slices.Sorted(maps.Keys(paths)) {
		if paths[key] == "" {
			continue
		}
		if _, err := parsePath(paths[key]); err != nil {
			return fmt.Errorf("%s: %w", key, err)
		}
	}
	return nil
}
