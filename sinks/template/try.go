package template

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/shipwake/shipwake/sinks/call"
	"github.com/shipwake/shipwake/sinks/route"
)

// try runs every step on an example of every kind of message, so that a mistake is found before there is something to say.
func (t *target) try(caller *call.Caller, publicURL string) error {
	values, err := t.settings.values()
	if err != nil {
		return err
	}
	hush := t.settings.hush(values)
	problem, err := t.run("problem", view{Setting: values, Receipt: t.names()})
	if err == nil && strings.TrimSpace(problem) != "" {
		err = errors.New("settings::" + strings.TrimSpace(problem))
	}
	for _, e := range Examples() {
		if err != nil {
			break
		}
		for _, note := range e.notes(publicURL) {
			if err = t.tryOn(view{Note: note, Key: "msg_example", Setting: values}, caller); err != nil {
				err = fmt.Errorf("with the example %q: %w", e.Name, err)
				break
			}
		}
	}
	if err != nil {
		return errors.New(hush(err.Error()))
	}
	return nil
}

func (t *target) tryOn(v view, caller *call.Caller) error {
	for _, kept := range []string{"", "7"} {
		v.Receipt = t.names()
		for name := range v.Receipt {
			v.Receipt[name] = kept
		}
		for _, s := range t.steps() {
			if kept == "" && s.name != "find" && s.name != "create" {
				continue
			}
			if err := t.tryStep(s, v, caller); err != nil {
				return err
			}
		}
		v.Before = route.Regressed
	}
	return nil
}

func (t *target) tryStep(s namedStep, v view, caller *call.Caller) error {
	if taken, err := t.applies(s, v); err != nil || !taken {
		return err
	}
	r, err := t.request(s, v)
	if err != nil {
		return err
	}
	if r.url == "" {
		return fmt.Errorf("%s.url: it comes to nothing", s.name)
	}
	u, err := call.ParseURL(r.url)
	if err != nil {
		return fmt.Errorf("%s.url: %w", s.name, err)
	}
	if err := caller.Check(u); err != nil {
		return fmt.Errorf("%s.url: %w", s.name, err)
	}
	if err := r.json(); err != nil {
		return fmt.Errorf("%s.body: it comes to no JSON: %w%s", s.name, err, excerpt(r.body, err))
	}
	_, err = t.kept(s, v, &answer{})
	return err
}

// excerpt is where a body stops to be JSON.
func excerpt(body string, err error) string {
	var syntax *json.SyntaxError
	if !errors.As(err, &syntax) {
		return ""
	}
	at := int(syntax.Offset)
	return fmt.Sprintf(", after %q", body[max(0, min(at, len(body))-40):min(at, len(body))])
}
