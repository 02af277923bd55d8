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
	for _, lookup := range p.Lookups {
		if env, err = env.Extend(cel.Variable(lookup.Name, cel.OptionalType(cel.DynType))); err != nil {
			return nil, fmt.Errorf("lookups.%s: %w", lookup.Name, err)
		}
	}
	return a, a.compileDeliveries(env)
}

func (a *asked) compileDeliveries(env *cel.Env) (err error) {
	if env, err = env.Extend(cel.Variable("entry", cel.DynType)); err != nil {
		return err
	}
	for i, d := range a.Deliveries {
		one := pulled{Pulled: d}
		if d.Each != "" {
			each, err := compile(env, d.Each)
			if err != nil {
				return fmt.Errorf("deliveries[%d].each: %w", i, err)
			}
			one.each = &each
		}
		if d.When != "" {
			when, err := condition(env, d.When)
			if err != nil {
				return fmt.Errorf("deliveries[%d].when: %w", i, err)
			}
			one.when = &when
		}
		if one.id, err = compile(env, d.ID); err != nil {
			return fmt.Errorf("deliveries[%d].id: %w", i, err)
		}
		if one.body, err = compile(env, d.Body); err != nil {
			return fmt.Errorf("deliveries[%d].body: %w", i, err)
		}
		a.deliveries = append(a.deliveries, one)
	}
	return nil
}
