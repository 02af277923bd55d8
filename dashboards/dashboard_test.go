package dashboards_test

import (
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/dashboards"
)

// dashboard is the part of Grafana's model that the rules look at.
type dashboard struct {
	ID            *int
	UID           string
	Title         string
	SchemaVersion int
	Editable      *bool
	Panels        []panel
	Templating    struct{ List []template }
	Annotations   struct{ List []annotation }
}

type panel struct {
	ID                       int
	Type, Title, Description string
	Datasource               *source
	GridPos                  struct{ X, Y, W, H int }
	FieldConfig              struct {
		Defaults struct{ Unit string }
	}
	Targets []target
}

type source struct{ Type, UID string }

type target struct {
	RefID, Expr, LegendFormat string
	Datasource                *source
}

type template struct {
	Name, Type, Definition string
	AllValue               string
	Multi, IncludeAll      bool
	Refresh                int
	Query                  any
}

type annotation struct {
	Name, Expr string
	Datasource source
}

var ours = source{"prometheus", "${datasource}"}

func TestDashboardCanBeProvisioned(t *testing.T) {
	d := load(t)
	require.Nil(t, d.ID, "Grafana gives the id")
	require.Equal(t, "shipwake-change-health", d.UID, "links hold on to the uid")
	require.Equal(t, "Change health", d.Title)
	require.LessOrEqual(t, d.SchemaVersion, 42)
	require.NotNil(t, d.Editable)
	require.False(t, *d.Editable, "edits would be lost with the next version")
	require.Equal(t, 1, len(dashboardFiles(t)), "another dashboard must be tested as well")
}

func dashboardFiles(t *testing.T) []string {
	t.Helper()
	files, err := fs.Glob(dashboards.Files, "grafana/*.json")
	require.NoError(t, err)
	return files
}

func TestPanels(t *testing.T) {
	ids := map[int]bool{}
	for _, p := range load(t).Panels {
		require.False(t, ids[p.ID], "id %d is there twice", p.ID)
		ids[p.ID] = true
		require.NotEmpty(t, p.Title, "panel %d", p.ID)
		if p.Type == "row" {
			continue
		}
		require.NotEmpty(t, p.Description, p.Title)
		require.NotEmpty(t, p.FieldConfig.Defaults.Unit, p.Title)
		require.NotNil(t, p.Datasource, p.Title)
		require.Equal(t, ours, *p.Datasource, p.Title)
		require.NotEmpty(t, p.Targets, p.Title)
		refs := map[string]bool{}
		for _, target := range p.Targets {
			require.Equal(t, ours, *target.Datasource, p.Title)
			require.False(t, refs[target.RefID], "%s: %s is there twice", p.Title, target.RefID)
			refs[target.RefID] = true
		}
	}
}

func TestPanelsDontOverlap(t *testing.T) {
	panels := load(t).Panels
	for i, a := range panels {
		require.LessOrEqual(t, a.GridPos.X+a.GridPos.W, 24, a.Title)
		for _, b := range panels[i+1:] {
			apart := a.GridPos.X+a.GridPos.W <= b.GridPos.X || b.GridPos.X+b.GridPos.W <= a.GridPos.X ||
				a.GridPos.Y+a.GridPos.H <= b.GridPos.Y || b.GridPos.Y+b.GridPos.H <= a.GridPos.Y
			require.True(t, apart, "%s and %s", a.Title, b.Title)
		}
	}
}

// TestQueriesFollowTheVariables: every query asks the chosen jobs, and a rate reaches over enough scrapes. There is no
// variable for the instance, because one job is one daemon.
func TestQueriesFollowTheVariables(t *testing.T) {
	window := regexp.MustCompile(`\b(?:rate|irate|increase)\([^[]*\[([^\]]*)\]`)
	queries, err := dashboards.Queries(dashboards.ChangeHealth)
	require.NoError(t, err)
	for _, q := range queries {
		for _, m := range selector.FindAllStringSubmatch(q.Expr, -1) {
			if strings.HasPrefix(m[1], "shipwake_") {
				require.Contains(t, m[2], `job=~"$job"`, "%s: %s", q.Panel, m[1])
			}
		}
		for _, m := range window.FindAllStringSubmatch(q.Expr, -1) {
			require.Equal(t, "$__rate_interval", m[1], q.Panel)
		}
	}
}

func TestVariables(t *testing.T) {
	var names []string
	for _, v := range load(t).Templating.List {
		names = append(names, v.Name)
		switch v.Type {
		case "datasource":
			require.Equal(t, "prometheus", v.Query)
		case "query":
			require.Equal(t, 2, v.Refresh, "%s follows the time range", v.Name)
			require.True(t, v.Multi && v.IncludeAll, "%s can be several and all", v.Name)
			require.Equal(t, ".+", v.AllValue, v.Name)
			require.Regexp(t, `^label_values\(`, v.Definition, v.Name)
		default:
			require.Equal(t, "custom", v.Type, v.Name)
		}
	}
	require.Equal(t, []string{"datasource", "job", "environment", "service", "window", "percentile"}, names)
}

func TestEveryVariableIsUsed(t *testing.T) {
	text, err := dashboards.Files.ReadFile(dashboards.ChangeHealth)
	require.NoError(t, err)
	for _, v := range load(t).Templating.List {
		require.Regexp(t, `\$`+v.Name+`\b|\$\{`+v.Name+`\}`, string(text))
	}
}

func TestAnnotationsComeFromTheChosenSource(t *testing.T) {
	require.True(t, slices.ContainsFunc(load(t).Annotations.List, func(a annotation) bool {
		return strings.Contains(a.Expr, "shipwake_change_verdict") && a.Datasource == ours
	}))
}

func TestExpand(t *testing.T) {
	got, err := dashboards.Expand(`rate(x{job=~"$job"}[${__rate_interval}])`, map[string]string{"job": ".+", "__rate_interval": "1m"})
	require.NoError(t, err)
	require.Equal(t, `rate(x{job=~".+"}[1m])`, got)
	_, err = dashboards.Expand("$nobody", nil)
	require.ErrorContains(t, err, `"nobody"`)
}
