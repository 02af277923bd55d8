package mapping

import (
	"fmt"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/ext"

	"github.com/shipwake/shipwake/correlate"
)

// costLimit bounds the work of one expression, in CEL's units of about a step each. The expressions of the shipped mappings
// need fewer than a thousand on the payloads that vendors document.
const costLimit = 1_000_000

// environment is what every expression has.
func environment(withHeaders bool) (*cel.Env, error) {
	options := []cel.EnvOption{
		cel.OptionalTypes(), ext.Strings(), ext.Lists(), ext.Regex(), ext.Bindings(), cel.CrossTypeNumericComparisons(true),
		cel.Variable("body", cel.DynType), cel.Variable("item", cel.DynType), cel.Variable("received", cel.TimestampType),
		cel.Variable("param", cel.MapType(cel.StringType, cel.StringType)),
	}
	if withHeaders {
		options = append(options, cel.Variable("header", cel.DynType))
	}
	for _, word := range words() {
		options = append(options, cel.Constant(word, cel.StringType, types.String(word)))
	}
	return cel.NewEnv(append(options, functions()...)...)
}

// words are the constants that expressions have by name.
func words() []string {
	var all []string
	for _, kind := range correlate.Kinds() {
		all = append(all, string(kind))
	}
	for _, status := range correlate.Statuses() {
		all = append(all, string(status))
	}
	return all
}

// expression is one that was compiled.
type expression struct {
	text    string
	program cel.Program
	kind    *cel.Type
}

// compile checks an expression. The error says where it is wrong and what would be right, as CEL does.
func compile(env *cel.Env, text string) (expression, error) {
	ast, issues := env.Compile(text)
	if err := issues.Err(); err != nil {
		return expression{}, fmt.Errorf("%w", err)
	}
	program, err := env.Program(ast, cel.CostLimit(costLimit), cel.EvalOptions(cel.OptOptimize))
	return expression{text, program, ast.OutputType()}, err
}

// condition is an expression that is true or false.
func condition(env *cel.Env, text string) (expression, error) {
	e, err := compile(env, text)
	if err == nil && !e.kind.IsExactType(cel.BoolType) && !e.kind.IsExactType(cel.DynType) {
		return e, fmt.Errorf("must be a condition, which is true or false; it is a %s", e.kind)
	}
	return e, err
}
