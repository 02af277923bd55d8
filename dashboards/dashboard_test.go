package dashboards_test

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/dashboards"
)

// The tests of this file are the rules of Grafana's dashboard-linter, by their names there, and some of our own.

// dashboard is the part of Grafana's model that the rules look at.
type dashboard struct {
	ID            *int
	UID           string
	Title         string
	Description   string
	SchemaVersion int
	Editable      *bool
	Panels        []panel
	Templating    struct{ List []template }
	Annotations   struct{ List []annotation }
	Links         []struct {
		Type        string
		Tags        []string
		IncludeVars bool
	}
	Timezone string
	Time     struct{ From, To string }
}

type panel struct {
	ID                       int
	Type, Title, Description string
	Datasource               *source
	GridPos                  struct{ X, Y, W, H int }
	FieldConfig              struct {
		Defaults struct {
			Unit, NoValue string
			Custom        struct{ AxisGridShow *bool }
		}
		Overrides []struct {
			Matcher    struct{ ID, Options string }
			Properties []struct {
				ID    string
				Value any
			}
		}
	}
	Targets []target
	Options struct{ Content string }
}

type source struct{ Type, UID string }

type target struct {
	RefID, Expr, LegendFormat, Format string
	Instant, Range                    bool
	Datasource                        *source
}

type template struct {
	Name, Type, Definition string
	Label                  string
	AllValue               string
	Multi, IncludeAll      bool
	Refresh                int
	Query                  any
	Datasource             *source
}

type annotation struct {
	Name, Expr string
	Datasource source
	Target     struct{ Tags []string }
}

var ours = source{"prometheus", "${datasource}"}

// eachDashboard runs a test on every dashboard.
func eachDashboard(t *testing.T, test func(*testing.T, dashboard)) {
	t.Helper()
	paths, err := dashboards.Paths()
	require.NoError(t, err)
	require.Len(t, paths, 5)
	for _, path := range paths {
		t.Run(path, func(t *testing.T) { test(t, load(t, path)) })
	}
}

func load(t *testing.T, path string) dashboard {
	t.Helper()
	text, err := dashboards.Files.ReadFile(path)
	require.NoError(t, err)
	var d dashboard
	require.NoError(t, json.Unmarshal(text, &d))
	return d
}

// uneditable-dashboard, and what provisioning needs.
func TestDashboardsCanBeProvisioned(t *testing.T) {
	seen := map[string]bool{}
	eachDashboard(t, func(t *testing.T, d dashboard) {
		require.Nil(t, d.ID, "Grafana gives the id")
		require.Regexp(t, `^shipwake-[a-z-]+$`, d.UID, "links hold on to the uid")
		require.False(t, seen[d.UID])
		seen[d.UID] = true
		require.Regexp(t, "^Shipwake: ", d.Title)
		require.NotEmpty(t, d.Description)
		require.LessOrEqual(t, d.SchemaVersion, 42)
		require.NotNil(t, d.Editable)
		require.False(t, *d.Editable, "edits would be lost with the next version")
		require.Equal(t, "now", d.Time.To)
		require.Len(t, d.Links, 1)
		require.Equal(t, []string{"shipwake"}, d.Links[0].Tags, "to the other dashboards")
	})
}

// panel-datasource, panel-title-description, panel-units, panel-no-targets: and what a panel says when there is no data.
func TestPanels(t *testing.T) {
	eachDashboard(t, func(t *testing.T, d dashboard) {
		ids, titles := map[int]bool{}, map[string]bool{}
		for _, p := range d.Panels {
			require.False(t, ids[p.ID] || p.ID == 0, "id %d is there twice", p.ID)
			ids[p.ID] = true
			require.NotEmpty(t, p.Title, "panel %d", p.ID)
			require.False(t, titles[p.Title], "%s is there twice", p.Title)
			titles[p.Title] = true
			if p.Type == "row" {
				continue
			}
			if p.Type == "text" {
				require.NotEmpty(t, p.Options.Content, p.Title)
				continue
			}
			require.NotEmpty(t, p.Description, p.Title)
			require.NotEmpty(t, p.FieldConfig.Defaults.Unit, p.Title)
			require.NotEmpty(t, p.FieldConfig.Defaults.NoValue, "%s says what no data means", p.Title)
			require.NotNil(t, p.Datasource, p.Title)
			require.Equal(t, ours, *p.Datasource, p.Title)
			require.NotEmpty(t, p.Targets, p.Title)
			refs := map[string]bool{}
			for _, target := range p.Targets {
				require.Equal(t, ours, *target.Datasource, p.Title)
				require.NotEqual(t, target.Instant, target.Range, "%s: %s is asked in one way", p.Title, target.RefID)
				require.False(t, refs[target.RefID], "%s: %s is there twice", p.Title, target.RefID)
				refs[target.RefID] = true
			}
		}
	})
}

func TestPanelsDontOverlap(t *testing.T) {
	eachDashboard(t, func(t *testing.T, d dashboard) {
		for i, a := range d.Panels {
			require.Positive(t, a.GridPos.W, a.Title)
			require.LessOrEqual(t, a.GridPos.X+a.GridPos.W, 24, a.Title)
			for _, b := range d.Panels[i+1:] {
				apart := a.GridPos.X+a.GridPos.W <= b.GridPos.X || b.GridPos.X+b.GridPos.W <= a.GridPos.X ||
					a.GridPos.Y+a.GridPos.H <= b.GridPos.Y || b.GridPos.Y+b.GridPos.H <= a.GridPos.Y
				require.True(t, apart, "%s and %s", a.Title, b.Title)
			}
		}
	})
}

// target-job, target-rate-interval, target-counter-agg: every query asks the chosen jobs and places, and a rate reaches
// over enough scrapes or over all that is shown, and is summed. There is no variable for the instance (template-instance,
// target-instance), because one job is one daemon.
func TestQueriesFollowTheVariables(t *testing.T) {
	window := regexp.MustCompile(`\b(?:rate|irate|increase)\([^[]*\[([^\]]*)\]`)
	eachDashboard(t, func(t *testing.T, d dashboard) {
		chosen := map[string]bool{}
		for _, v := range d.Templating.List {
			chosen[v.Name] = true
		}
		for where, expr := range asked(d) {
			for _, m := range selector.FindAllStringSubmatch(expr, -1) {
				if !strings.HasPrefix(m[1], "shipwake_") {
					continue
				}
				require.Contains(t, m[2], `job=~"$job"`, "%s: %s", where, m[1])
				labels := labelsOf(t, m[1])
				for _, label := range []string{"environment", "service"} {
					if chosen[label] && slices.Contains(labels, label) {
						require.Contains(t, m[2], label+`=~"$`+label+`"`, "%s: %s", where, m[1])
					}
				}
			}
			for _, m := range window.FindAllStringSubmatch(expr, -1) {
				require.Contains(t, []string{"$__rate_interval", "$__range"}, m[1], where)
				require.Regexp(t, `\bsum\b`, expr, "%s: a rate is summed", where)
			}
		}
	})
}

// asked are the queries of panels and annotations by where they are.
func asked(d dashboard) map[string]string {
	all := map[string]string{}
	for _, p := range d.Panels {
		for _, target := range p.Targets {
			all[d.Title+", "+p.Title+" "+target.RefID] = target.Expr
		}
	}
	for _, a := range d.Annotations.List {
		if a.Expr != "" {
			all[d.Title+", annotation "+a.Name] = a.Expr
		}
	}
	return all
}

// template-datasource, template-job, template-label-promql, template-on-time-change-reload.
func TestVariables(t *testing.T) {
	eachDashboard(t, func(t *testing.T, d dashboard) {
		for i, v := range d.Templating.List {
			require.NotEmpty(t, v.Label, v.Name)
			switch v.Type {
			case "datasource":
				require.Zero(t, i, "the others depend on it")
				require.Equal(t, "datasource", v.Name)
				require.Equal(t, "prometheus", v.Query)
			case "query":
				require.Equal(t, ours, *v.Datasource, v.Name)
				require.Equal(t, 2, v.Refresh, "%s follows the time range", v.Name)
				require.True(t, v.Multi && v.IncludeAll, "%s can be several and all", v.Name)
				require.Equal(t, v.Name == "job", v.AllValue == ".+", "%s: all are those that the choices before leave", v.Name)
				require.Regexp(t, `^label_values\(`, v.Definition, v.Name)
			default:
				require.Contains(t, []string{"custom", "textbox"}, v.Type, v.Name)
			}
		}
		require.Equal(t, "job", d.Templating.List[1].Name)
	})
}

// TestEveryVariableIsUsed by a query, a link, or a variable after it.
func TestEveryVariableIsUsed(t *testing.T) {
	paths, err := dashboards.Paths()
	require.NoError(t, err)
	for _, path := range paths {
		text, err := dashboards.Files.ReadFile(path)
		require.NoError(t, err)
		for _, v := range load(t, path).Templating.List {
			used, err := regexp.Match(`\$`+v.Name+`\b|\$\{`+v.Name+`\}`, text)
			require.NoError(t, err)
			require.True(t, used, "%s: %s", path, v.Name)
		}
	}
}

// TestChangesLeadToTheirEvidence: wherever a change is named in a table, it is a link.
func TestChangesLeadToTheirEvidence(t *testing.T) {
	linked := 0
	eachDashboard(t, func(t *testing.T, d dashboard) {
		for _, p := range d.Panels {
			if p.Type != "table" || !slices.ContainsFunc(p.Targets, func(q target) bool { return strings.Contains(q.Expr, "change_id") }) {
				continue
			}
			links := 0
			for _, o := range p.FieldConfig.Overrides {
				for _, property := range o.Properties {
					if property.ID == "links" {
						links++
						text, err := json.Marshal(property.Value)
						require.NoError(t, err)
						require.Contains(t, string(text), "${shipwake}/changes/${__value.text}")
					}
				}
			}
			require.Equal(t, 1, links, p.Title)
			linked++
		}
	})
	require.Positive(t, linked)
}

// TestColoursAreOfTheTheme: a fixed colour of light or dark would be unreadable in the other.
func TestColoursAreOfTheTheme(t *testing.T) {
	paths, err := dashboards.Paths()
	require.NoError(t, err)
	for _, path := range paths {
		text, err := dashboards.Files.ReadFile(path)
		require.NoError(t, err)
		require.Empty(t, regexp.MustCompile(`"#[0-9a-fA-F]{3,8}"|rgba?\(|"(black|white)"`).FindAllString(string(text), -1), path)
	}
}

func TestChangesAreMarked(t *testing.T) {
	for _, path := range []string{"grafana/on-call.json", "grafana/team.json", "grafana/release-risk.json"} {
		marks := load(t, path).Annotations.List
		require.True(t, slices.ContainsFunc(marks, func(a annotation) bool {
			return strings.Contains(a.Expr, "shipwake_change_verdict") && a.Datasource == ours
		}), "%s: from Prometheus", path)
		require.True(t, slices.ContainsFunc(marks, func(a annotation) bool {
			return a.Datasource.Type == "grafana" && slices.Contains(a.Target.Tags, "shipwake")
		}), "%s: from Grafana", path)
	}
}

func TestExpand(t *testing.T) {
	got, err := dashboards.Expand(`rate(x{job=~"$job"}[${__rate_interval}])`, map[string]string{"job": ".+", "__rate_interval": "1m"})
	require.NoError(t, err)
	require.Equal(t, `rate(x{job=~".+"}[1m])`, got)
	_, err = dashboards.Expand("$nobody", nil)
	require.ErrorContains(t, err, `"nobody"`)
}
