package compat_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/correlate/dora/compat"
)

func ok(id string, at int64) compat.Row {
	return compat.Row{ID: id, Scope: "shop", At: at, Succeeded: true}
}
func failed(id string, at int64) compat.Row { return compat.Row{ID: id, Scope: "shop", At: at} }

func TestWhomAnIncidentIsHeldAgainst(t *testing.T) {
	rows := []compat.Row{ok("a", 10), failed("b", 20), ok("c", 30), {ID: "d", Scope: "money", At: 25, Succeeded: true}, ok("e", 30)}
	for name, c := range map[string]struct {
		in                  compat.Incident
		devlake, middleware []string
	}{
		"before the first deployment it is nobody's":       {at(9), nil, nil},
		"at the instant of a deployment":                   {at(10), nil, []string{"a"}},
		"just after it":                                    {at(11), []string{"a"}, []string{"a"}},
		"after a failed one":                               {at(21), []string{"a"}, []string{"b"}},
		"of two at one instant it is the one that is last": {at(31), []string{"e"}, []string{"e"}},
		"a year later there is no bound":                   {at(31_536_000), []string{"e"}, []string{"e"}},
		"of another scope":                                 {compat.Incident{Scopes: []string{"money"}, Opened: 31}, []string{"d"}, []string{"d"}},
		"of several scopes":                                {compat.Incident{Scopes: []string{"money", "shop"}, Opened: 28}, []string{"d", "a"}, []string{"d", "b"}},
		"of a scope without deployments":                   {compat.Incident{Scopes: []string{"mail"}, Opened: 31}, nil, nil},
		"of no scope":                                      {compat.Incident{Opened: 31}, nil, nil},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, c.devlake, ids(rows, compat.DevLake(rows, []compat.Incident{c.in})[0]))
			require.Equal(t, c.middleware, ids(rows, compat.Middleware(rows, []compat.Incident{c.in})[0]))
		})
	}
}

func TestFourKeysHoldsAnIncidentAgainstWhatItNames(t *testing.T) {
	rows := []compat.Row{ok("a", 10), failed("b", 20), ok("c", 30)}
	incidents := []compat.Incident{{Cause: "a", Opened: 99}, {Cause: "b"}, {Cause: "d"}, {Cause: "", Opened: 31, Scopes: []string{"shop"}}, {Cause: "c", Opened: 1}}
	var got [][]string
	for _, links := range compat.FourKeys(rows, incidents) {
		got = append(got, ids(rows, links))
	}
	require.Equal(t, [][]string{{"a"}, nil, nil, nil, {"c"}}, got)
}

func at(opened int64) compat.Incident {
	return compat.Incident{Scopes: []string{"shop"}, Opened: opened}
}

func ids(rows []compat.Row, links []int) (all []string) {
	for _, n := range links {
		all = append(all, rows[n].ID)
	}
	return all
}

// The plain form: each row is looked at for each incident. The order of the rows doesn't matter.
func TestTheRulesAreWhatLookingAtEachRowGives(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var rows []compat.Row
		for i := range rapid.IntRange(0, 12).Draw(t, "rows") {
			rows = append(rows, compat.Row{
				ID: fmt.Sprint(i), Scope: rapid.SampledFrom([]string{"x", "y"}).Draw(t, "scope"),
				At: rapid.Int64Range(0, 9).Draw(t, "at"), Succeeded: rapid.Bool().Draw(t, "succeeded"),
			})
		}
		rows = rapid.Permutation(rows).Draw(t, "in some order")
		in := compat.Incident{Scopes: []string{rapid.SampledFrom([]string{"x", "y"}).Draw(t, "of")}, Opened: rapid.Int64Range(0, 10).Draw(t, "opened")}
		plain := func(counts func(compat.Row) bool) (last []string) {
			var best *compat.Row
			for i := range rows {
				r := &rows[i]
				if r.Scope != in.Scopes[0] || !counts(*r) {
					continue
				}
				if best == nil || r.At > best.At || r.At == best.At && r.ID > best.ID {
					best, last = r, []string{r.ID}
				}
			}
			return last
		}
		all := []compat.Incident{in}
		require.Equal(t, plain(func(r compat.Row) bool { return r.Succeeded && r.At < in.Opened }), ids(rows, compat.DevLake(rows, all)[0]))
		require.Equal(t, plain(func(r compat.Row) bool { return r.At <= in.Opened }), ids(rows, compat.Middleware(rows, all)[0]))
	})
}
