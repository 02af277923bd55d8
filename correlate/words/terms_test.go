package words_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate/blame"
	"github.com/shipwake/shipwake/correlate/words"
)

// scoreTerms are the names of the terms of the score, as package blame declares them.
func scoreTerms(t *testing.T) map[string]string {
	t.Helper()
	parsed, err := parser.ParseFile(token.NewFileSet(), "../blame/rank.go", nil, 0)
	require.NoError(t, err)
	found := map[string]string{}
	ast.Inspect(parsed, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || !strings.HasPrefix(spec.Names[0].Name, "Term") {
			return true
		}
		value, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
		require.NoError(t, err)
		found[spec.Names[0].Name] = value
		return true
	})
	require.NotEmpty(t, found)
	return found
}

// TestEveryTermOfTheScoreHasWords: for the change, against it, or both, and no two terms alike.
func TestEveryTermOfTheScoreHasWords(t *testing.T) {
	said := map[string]string{}
	for constant, name := range scoreTerms(t) {
		inWords := 0
		for _, logOdds := range []float64{2, -2} {
			text := words.Term{Name: name, LogOdds: logOdds}.Text()
			if strings.HasPrefix(text, name+" (") {
				continue // it never speaks that way
			}
			inWords++
			other, known := said[text]
			require.False(t, known, "%s and %s are said alike", constant, other)
			said[text] = constant
		}
		require.Positive(t, inWords, "%s has words", constant)
	}
}

func TestATermSaysWhatItDoesToTheOdds(t *testing.T) {
	for want, term := range map[string]words.Term{
		"the service that it changed has a fault of its own (anomaly: odds ×20)":          {Name: blame.TermAnomaly, LogOdds: 3},
		"the fault began some time after it (lag: odds ÷2.7)":                             {Name: blame.TermLag, LogOdds: -1},
		"no calls are known that lead from the fault to its service (graph: odds ÷403)":   {Name: blame.TermGraph, LogOdds: -6},
		"the fault shows on another service, and a few calls lead there (graph: odds ÷3)": {Name: blame.TermGraph, LogOdds: -math.Log(3)},
		"of tomorrow (of_tomorrow: odds ×1)":                                              {Name: "of_tomorrow"},
	} {
		require.Equal(t, want, term.Text())
	}
}
