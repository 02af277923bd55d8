package main

import (
	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/prometheus"
)

// source is the Prometheus that the reader chooses.
func source() common.DataSourceRef {
	kind, uid := "prometheus", "${datasource}"
	return common.DataSourceRef{Type: &kind, Uid: &uid}
}

// board is a dashboard with what all of them have. From is how far back it looks at first.
func board(uid, title, description, from string) *dashboard.DashboardBuilder {
	return dashboard.NewDashboardBuilder(title).Uid("shipwake-"+uid).Description(description).
		Tags([]string{"shipwake"}).Readonly().Refresh("1m").Time("now-"+from, "now").Timezone("browser").
		Tooltip(dashboard.DashboardCursorSyncCrosshair).
		Link(dashboard.NewDashboardLinkBuilder("Shipwake").Type(dashboard.DashboardLinkTypeDashboards).
			Tags([]string{"shipwake"}).AsDropdown(true).IncludeVars(true).KeepTime(false)).
		WithVariable(dashboard.NewDatasourceVariableBuilder("datasource").Label("Data source").Type("prometheus")).
		WithVariable(variable("job", "Job", `label_values(shipwake_build_info, job)`).AllValue(".+"))
}

// scoped adds the choice of environments, teams and services, each among those that the choices before leave.
func scoped(b *dashboard.DashboardBuilder) *dashboard.DashboardBuilder {
	return b.
		WithVariable(variable("environment", "Environment", `label_values(shipwake_service_info{job=~"$job"}, environment)`).Current(option("production"))).
		WithVariable(variable("team", "Team", `label_values(shipwake_service_info{job=~"$job", environment=~"$environment"}, team)`)).
		WithVariable(variable("service", "Service", `label_values(shipwake_service_info{job=~"$job", environment=~"$environment", team=~"$team"}, service)`))
}

// variable is a choice of several label values, or of all.
func variable(name, label, query string) *dashboard.QueryVariableBuilder {
	all := dashboard.VariableOption{Text: dashboard.StringOrArrayOfString{String: text("All")}, Value: dashboard.StringOrArrayOfString{String: text("$__all")}}
	return dashboard.NewQueryVariableBuilder(name).Label(label).Datasource(source()).
		Definition(query).Query(dashboard.StringOrMap{Map: map[string]any{"query": query, "refId": name}}).
		Multi(true).IncludeAll(true).Current(all).Refresh(dashboard.VariableRefreshOnTimeRangeChanged).
		Sort(dashboard.VariableSortAlphabeticalAsc)
}

// option is a choice that is made at first, where there is such a value.
func option(value string) dashboard.VariableOption {
	chosen := dashboard.StringOrArrayOfString{String: text(value)}
	return dashboard.VariableOption{Text: chosen, Value: chosen}
}

// choice is one of some values, of which the first is taken unless the reader says otherwise.
func choice(name, label, description string, values string, first string) *dashboard.CustomVariableBuilder {
	return dashboard.NewCustomVariableBuilder(name).Label(label).Description(description).
		Values(dashboard.StringOrMap{String: text(values)}).
		Current(option(first))
}

// window is the choice of the span over which DORA numbers are counted.
func window(first string) *dashboard.CustomVariableBuilder {
	return choice("window", "Window", "What a DORA number is counted over: the days up to each point in time", "7d,30d,90d", first)
}

// address is where links to changes lead.
func address() *dashboard.TextBoxVariableBuilder {
	return dashboard.NewTextBoxVariableBuilder("shipwake").Label("Shipwake").
		Description("The address of the daemon's web listener, to which the links of changes lead").
		DefaultValue(dashboard.StringOrMap{String: text("http://localhost:8788")})
}

// marked adds what happened as marks: changes that Prometheus knows of, and what Shipwake itself writes to Grafana.
func marked(b *dashboard.DashboardBuilder) *dashboard.DashboardBuilder {
	return b.
		Annotation(mark("Regressed", "red", `max by (service, version, change_id, reason) (shipwake_change_verdict{job=~"$job", environment=~"$environment", service=~"$service", verdict="regressed"})`,
			"{{service}} {{version}} regressed", "{{reason}}: {{change_id}}")).
		Annotation(mark("Changes", "blue", `max by (service, version, kind, change_id) (shipwake_change_info{job=~"$job", environment=~"$environment", service=~"$service"})`,
			"{{kind}} of {{service}} {{version}}", "{{change_id}}")).
		Annotation(dashboard.NewAnnotationQueryBuilder().Name("Shipwake's annotations").Enable(true).IconColor("orange").
			Datasource(grafana()).Type("tags").Target(byTags{}))
}

func mark(name, color, expr, title, text string) *dashboard.AnnotationQueryBuilder {
	return dashboard.NewAnnotationQueryBuilder().Name(name).Enable(true).IconColor(color).Datasource(source()).
		Expr(expr).TitleFormat(title).TextFormat(text).TagKeys("service,version").Step("60s").UseValueForTime(false)
}

func grafana() common.DataSourceRef {
	kind, uid := "grafana", "-- Grafana --"
	return common.DataSourceRef{Type: &kind, Uid: &uid}
}

// query is a question to Prometheus with the name of its answer.
type query struct{ legend, expr string }

// ranged asks for a course of time, instant for the present, tabled for the present as a table.
func (q query) ranged(ref string) *prometheus.DataqueryBuilder {
	return prometheus.NewDataqueryBuilder().RefId(ref).Expr(q.expr).LegendFormat(q.legend).Datasource(source()).Range()
}

func (q query) instant(ref string) *prometheus.DataqueryBuilder {
	return prometheus.NewDataqueryBuilder().RefId(ref).Expr(q.expr).LegendFormat(q.legend).Datasource(source()).Instant()
}

func (q query) tabled(ref string) *prometheus.DataqueryBuilder {
	return q.instant(ref).Format(prometheus.PromQueryFormatTable)
}

// ref is the letter of a query.
func ref(i int) string { return string(rune('A' + i)) }

func text(s string) *string { return &s }
