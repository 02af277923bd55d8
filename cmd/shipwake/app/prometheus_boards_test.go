package app

import (
	"maps"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/shipwake/shipwake/dashboards"
)

// shippedBoard is a dashboard with what it asks.
type shippedBoard struct {
	Title      string
	Time       struct{ From string }
	Templating struct {
		List []struct {
			Name, Type, Definition string
			Query                  any
		}
	}
	queries []dashboards.Query
}

// eachBoard runs a test for every dashboard.
func eachBoard(t *testing.T, test func(*testing.T, shippedBoard)) {
	t.Helper()
	paths, err := dashboards.Paths()
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	for _, path := range paths {
		t.Run(path, func(t *testing.T) {
			text, err := dashboards.Files.ReadFile(path)
			require.NoError(t, err)
			var b shippedBoard
			require.NoError(t, yaml.Unmarshal(text, &b), "JSON is YAML")
			b.queries, err = dashboards.Queries(path)
			require.NoError(t, err)
			test(t, b)
		})
	}
}

// choices is every way to set a dashboard's variables: all of what can be several, each option of the others.
func (s *prometheusServer) choices(b shippedBoard, since time.Time) []map[string]string {
	all := []map[string]string{{
		"__range":         model.Duration(s.now().Sub(since).Round(time.Second)).String(),
		"__interval":      model.Duration(s.step).String(),
		"__rate_interval": model.Duration(4 * s.step).String(),
	}}
	for _, v := range b.Templating.List {
		options := []string{".+"}
		if v.Type == "custom" {
			options = strings.Split(v.Query.(string), ",")
		}
		var more []map[string]string
		for _, chosen := range all {
			for _, option := range options {
				with := maps.Clone(chosen)
				with[v.Name] = option
				more = append(more, with)
			}
		}
		all = more
	}
	return all
}

// everyQueryIsAnswered asks all that panels and annotations ask, both as a range and for the last instant, in which no error
// may come of it; in the way in which it is asked there must be a number, unless the list says why not. It returns which had none.
func (s *prometheusServer) everyQueryIsAnswered(t *testing.T, b shippedBoard, since time.Time, silent map[string]string) (empty []string) {
	for _, q := range b.queries {
		where := strings.TrimSpace(b.Title + ", " + q.Panel + " " + q.RefID)
		t.Run(q.Panel+" "+q.RefID, func(t *testing.T) {
			asked := map[string]bool{}
			for _, values := range s.choices(b, since) {
				expr, err := dashboards.Expand(q.Expr, values)
				require.NoError(t, err)
				if asked[expr] {
					continue
				}
				asked[expr] = true
				course, present := s.over(t, expr, since), s.instant(t, expr)
				if q.Instant {
					course = present
				}
				if hasNumber(course) {
					continue
				}
				empty = append(empty, where)
				if silent[where] == "" {
					t.Errorf("%s is empty: %s", where, expr)
				}
			}
		})
	}
	return empty
}

var labelValues = regexp.MustCompile(`^label_values\((.+),\s*(\w+)\)$`)

func (s *prometheusServer) everyVariableHasValues(t *testing.T, b shippedBoard) {
	values := s.choices(b, s.now().Add(-time.Hour))[0]
	for _, v := range b.Templating.List {
		if v.Type != "query" {
			continue
		}
		parts := labelValues.FindStringSubmatch(v.Definition)
		require.NotNil(t, parts, v.Definition)
		selector, err := dashboards.Expand(parts[1], values)
		require.NoError(t, err)
		require.NotEmpty(t, s.labelValues(t, parts[2], selector), v.Definition)
	}
}
