package mapping

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"sync"

	"cel.dev/cel-go/cel"

	"github.com/shipwake/shipwake/collector/source"
	"github.com/shipwake/shipwake/correlate"
)

// Load makes a source of a file. The error names the key that is wrong and what would be right.
func Load(text []byte) (source.Source, error) {
	f, err := Parse(text)
	if err != nil {
		return source.Source{}, err
	}
	p, err := f.compile()
	if err != nil {
		return source.Source{}, err
	}
	return f.source(text, func() (*program, error) { return p, nil }), nil
}

// Shipped makes a source of a file that is known to be right. Its expressions are compiled with the first delivery, since
// hardly anybody has all the systems there are.
func Shipped(text []byte) (source.Source, error) {
	f, err := Parse(text)
	if err != nil {
		return source.Source{}, err
	}
	return f.source(text, sync.OnceValues(f.compile)), nil
}

// compiled is the program of a file, made when it is asked for.
type compiled func() (*program, error)

func (f File) source(text []byte, program compiled) source.Source {
	sum := sha256.Sum256(text)
	s := source.Source{Name: f.Name, Version: hex.EncodeToString(sum[:8]), Headers: f.Headers, Schemes: f.schemes()}
	program.into(&s, nil)
	s.Config = func() source.Config { return &config{known: f.Parameters, program: program} }
	s.Pull = f.pulling(program)
	return s
}

// into makes a source read by the program, with the values of parameters that users set.
func (c compiled) into(s *source.Source, parameters map[string]string) {
	s.Open = func(req source.Request) ([]correlate.Raw, error) {
		p, err := c.with(parameters)
		if err != nil {
			return nil, err
		}
		return p.open(req)
	}
	s.Parse = func(raw correlate.Raw) (source.Reading, error) {
		p, err := c.with(parameters)
		if err != nil {
			return source.Reading{}, err
		}
		return p.parse(raw)
	}
}

// with is the program with values of parameters. The error is a *source.ParseError.
func (c compiled) with(parameters map[string]string) (*program, error) {
	p, err := c()
	if err != nil {
		return nil, &source.ParseError{Path: "$", Want: "can't be read: the mapping is wrong: " + err.Error()}
	}
	if len(parameters) == 0 {
		return p, nil
	}
	other := *p
	other.parameters = maps.Clone(p.parameters)
	maps.Copy(other.parameters, parameters)
	return &other, nil
}

// program is a file that was compiled. It is not changed, and safe for concurrent use.
type program struct {
	file       File
	id         *expression
	let        []named
	rules      []rule
	parameters map[string]string
	pull       *asked // nil unless the system can be asked
}

// named is a value under let.
type named struct {
	name string
	expression
}

// rule is a Rule that was compiled.
type rule struct {
	Rule
	when, each, left *expression
	change           []assignment[correlate.Change]
	incident         []assignment[correlate.Incident]
}

// compile checks every expression of the file.
func (f File) compile() (*program, error) {
	env, err := environment(true)
	if err != nil {
		return nil, err
	}
	p := &program{file: f, parameters: map[string]string{}}
	for name, parameter := range f.Parameters {
		p.parameters[name] = parameter.Default
	}
	if f.ID != "" {
		if p.id, err = f.compileID(); err != nil {
			return nil, fmt.Errorf("id: %w", err)
		}
	}
	if p.let, env, err = compileBindings(env, f.Let); err != nil {
		return nil, err
	}
	if f.Pull != nil {
		if p.pull, err = f.Pull.compile(); err != nil {
			return nil, fmt.Errorf("pull.%w", err)
		}
	}
	for i, r := range f.Rules {
		compiled, err := r.compile(env)
		if err != nil {
			return nil, fmt.Errorf("rules[%d].%w", i, err)
		}
		p.rules = append(p.rules, compiled)
	}
	return p, nil
}

// compileID leaves the headers out where a signature covers the body alone: who records a message and sends it again under
// another header must not get another delivery.
func (f File) compileID() (*expression, error) {
	env, err := environment(!f.signed())
	if err != nil {
		return nil, err
	}
	e, err := compile(env, f.ID)
	return &e, err
}

// compileBindings compiles values by name, and makes an environment in which each is known to those after it.
func compileBindings(env *cel.Env, bindings Bindings) (all []named, extended *cel.Env, err error) {
	for _, binding := range bindings {
		e, err := compile(env, binding.Value)
		if err != nil {
			return nil, nil, fmt.Errorf("let.%s: %w", binding.Name, err)
		}
		all = append(all, named{binding.Name, e})
		if env, err = env.Extend(cel.Variable(binding.Name, e.kind)); err != nil {
			return nil, nil, fmt.Errorf("let.%s: %w", binding.Name, err)
		}
	}
	return all, env, nil
}

func (r Rule) compile(env *cel.Env) (rule, error) {
	compiled := rule{Rule: r}
	if r.When != "" {
		e, err := condition(env, r.When)
		if err != nil {
			return rule{}, fmt.Errorf("when: %w", err)
		}
		compiled.when = &e
	}
	for name, optional := range map[string]struct {
		text string
		into **expression
	}{"each": {r.Each, &compiled.each}, "left": {r.Left, &compiled.left}} {
		if optional.text == "" {
			continue
		}
		e, err := compile(env, optional.text)
		if err != nil {
			return rule{}, fmt.Errorf("%s: %w", name, err)
		}
		*optional.into = &e
	}
	var err error
	if compiled.change, err = assignments(env, "change", r.Change, changeFields()); err != nil {
		return rule{}, err
	}
	compiled.incident, err = assignments(env, "incident", r.Incident, incidentFields())
	return compiled, err
}
