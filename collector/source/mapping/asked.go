package mapping

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/url"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/ext"
)

// asked is a Pull that was compiled.
type asked struct {
	*Pull
	request, items, at, next expression
	let                      []named
	lookups                  []named
	deliveries               []pulled
}

// pulled is a Pulled that was compiled.
type pulled struct {
	Pulled
	each, when *expression
	id, body   expression
}

// pullEnvironment is what the expressions of a Pull have.
func pullEnvironment() (*cel.Env, error) {
	env, err := environment(false)
	if err != nil {
		return nil, err
	}
	return env.Extend(ext.TwoVarComprehensions(),
		cel.Variable("of", cel.StringType), cel.Variable("api", cel.StringType), cel.Variable("page", cel.StringType),
		cel.Variable("link", cel.StringType), cel.Variable("since", cel.TimestampType), cel.Variable("until", cel.TimestampType),
		unary("uri", cel.StringType, cel.StringType, uriOf), unary("digest", cel.DynType, cel.StringType, digestOf))
}

// uriOf escapes a text for a path and for a query alike.
func uriOf(v ref.Val) ref.Val {
	return types.String(strings.ReplaceAll(url.QueryEscape(string(v.(types.String))), "+", "%20"))
}

// digestOf is the SHA-256 of a value as JSON.
func digestOf(v ref.Val) ref.Val {
	text, err := encode(v)
	if err != nil {
		return types.WrapErr(err)
	}
	sum := sha256.Sum256(text)
	return types.String(hex.EncodeToString(sum[:]))
}

// compile checks every expression.
func (p *Pull) compile() (*asked, error) {
	env, err := pullEnvironment()
	if err != nil {
		return nil, err
	}
	a := &asked{Pull: p}
	for _, one := range []struct {
		name, text string
		into       *expression
	}{{"request", p.Request, &a.request}, {"items", p.Items, &a.items}, {"next", p.Next, &a.next}} {
		if one.text == "" {
			continue
		}
		if *one.into, err = compile(env, one.text); err != nil {
			return nil, fmt.Errorf("%s: %w", one.name, err)
		}
	}
	if a.let, env, err = compileBindings(env, p.Let); err != nil {
		return nil, err
	}
	if a.at, err = compile(env, p.At); err != nil {
		return nil, fmt.Errorf("at: %w", err)
	}
	if a.lookups, _, err = compileBindings(env, p.Lookups); err != nil {
		return nil, fmt.Errorf("lookups: %w", err)
	}
	return a, a.compileDeliveries(env)
}

// compileDeliveries: only bodies have what is looked up, since that is asked for when there is a delivery.
func (a *asked) compileDeliveries(env *cel.Env) (err error) {
	if env, err = env.Extend(cel.Variable("entry", cel.DynType)); err != nil {
		return err
	}
	bodies := env
	for _, lookup := range a.Lookups {
		if bodies, err = bodies.Extend(cel.Variable(lookup.Name, cel.OptionalType(cel.DynType))); err != nil {
			return fmt.Errorf("lookups.%s: %w", lookup.Name, err)
		}
	}
	for i, d := range a.Deliveries {
		one, err := d.compile(env, bodies)
		if err != nil {
			return fmt.Errorf("deliveries[%d].%w", i, err)
		}
		a.deliveries = append(a.deliveries, one)
	}
	return nil
}

func (d Pulled) compile(env, bodies *cel.Env) (one pulled, err error) {
	one.Pulled = d
	if d.Each != "" {
		each, err := compile(env, d.Each)
		if err != nil {
			return one, fmt.Errorf("each: %w", err)
		}
		one.each = &each
	}
	if d.When != "" {
		when, err := condition(env, d.When)
		if err != nil {
			return one, fmt.Errorf("when: %w", err)
		}
		one.when = &when
	}
	if one.id, err = compile(env, d.ID); err != nil {
		return one, fmt.Errorf("id: %w", err)
	}
	if one.body, err = compile(bodies, d.Body); err != nil {
		return one, fmt.Errorf("body: %w", err)
	}
	return one, nil
}
