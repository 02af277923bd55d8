package main

import (
	"strconv"

	"github.com/grafana/grafana-foundation-sdk/go/bargauge"
	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/stat"
	"github.com/grafana/grafana-foundation-sdk/go/statetimeline"
	"github.com/grafana/grafana-foundation-sdk/go/table"
	words "github.com/grafana/grafana-foundation-sdk/go/text"
	"github.com/grafana/grafana-foundation-sdk/go/timeseries"
)

// about is what a panel says of itself: its title, what it means, the unit, and what no data means.
type about struct{ title, description, unit, none string }

// The widths of panels: Grafana's grid is 24 wide.
const (
	full, half, third, quarter, sixth = 24, 12, 8, 6, 4
	high, low                         = 8, 4
)

// lines is a course of time.
func lines(a about, span uint32, queries ...query) *timeseries.PanelBuilder {
	p := timeseries.NewPanelBuilder().Title(a.title).Description(a.description).Unit(a.unit).NoValue(a.none).
		Datasource(source()).Span(span).Height(high).FillOpacity(8).LineWidth(1).
		ShowPoints(common.VisibilityModeNever).Legend(legend()).
		Tooltip(common.NewVizTooltipOptionsBuilder().Mode(common.TooltipDisplayModeMulti).Sort(common.SortOrderDescending))
	for i, q := range queries {
		p.WithTarget(q.ranged(ref(i)))
	}
	return p
}

func legend() *common.VizLegendOptionsBuilder {
	return common.NewVizLegendOptionsBuilder().ShowLegend(true).DisplayMode(common.LegendDisplayModeList).
		Placement(common.LegendPlacementBottom).Calcs([]string{})
}

// stacked is a course of time whose parts add up.
func stacked(a about, span uint32, queries ...query) *timeseries.PanelBuilder {
	return lines(a, span, queries...).Min(0).FillOpacity(60).LineWidth(0).DrawStyle(common.GraphDrawStyleBars).
		Stacking(common.NewStackingConfigBuilder().Mode(common.StackingModeNormal).Group("A"))
}

// number is one number of now.
func number(a about, span uint32, q query, steps ...step) *stat.PanelBuilder {
	return stat.NewPanelBuilder().Title(a.title).Description(a.description).Unit(a.unit).NoValue(a.none).
		Datasource(source()).Span(span).Height(low).GraphMode(common.BigValueGraphModeNone).
		ColorMode(common.BigValueColorModeValue).Thresholds(thresholds(steps...)).ColorScheme(byThreshold()).
		ReduceOptions(common.NewReduceDataOptionsBuilder().Calcs([]string{"lastNotNull"})).
		WithTarget(q.instant("A"))
}

// step is a colour from a value on.
type step struct {
	from  float64
	color string
}

func thresholds(steps ...step) *dashboard.ThresholdsConfigBuilder {
	all := []dashboard.Threshold{{Color: "text"}}
	for _, s := range steps {
		all = append(all, dashboard.Threshold{Value: &s.from, Color: s.color})
	}
	return dashboard.NewThresholdsConfigBuilder().Mode(dashboard.ThresholdsModeAbsolute).Steps(all)
}

func byThreshold() *dashboard.FieldColorBuilder {
	return dashboard.NewFieldColorBuilder().Mode(dashboard.FieldColorModeIdThresholds)
}

// bars compares what there is now.
func bars(a about, span uint32, q query, steps ...step) *bargauge.PanelBuilder {
	return bargauge.NewPanelBuilder().Title(a.title).Description(a.description).Unit(a.unit).NoValue(a.none).
		Datasource(source()).Span(span).Height(high).Orientation(common.VizOrientationHorizontal).Min(0).
		DisplayMode(common.BarGaugeDisplayModeBasic).Thresholds(thresholds(steps...)).ColorScheme(byThreshold()).
		ReduceOptions(common.NewReduceDataOptionsBuilder().Calcs([]string{"lastNotNull"})).
		WithTarget(q.instant("A"))
}

// column is a column of a table: the query whose values are in it, or with no query a label.
type column struct {
	name, label string
	query       string
	unit        string
	link        bool // to the change's page
	hidden      bool // the query is there for its labels alone
}

// rows is a table of now: a row for each set of labels that the queries share.
func rows(a about, span uint32, columns ...column) *table.PanelBuilder {
	p := table.NewPanelBuilder().Title(a.title).Description(a.description).Unit(a.unit).NoValue(a.none).
		Datasource(source()).Span(span).Height(high).
		WithTransformation(dashboard.DataTransformerConfig{Id: "merge", Options: map[string]any{}})
	order, names, n := map[string]int{}, map[string]string{}, 0
	excluded := map[string]bool{"Time": true}
	for at, c := range columns {
		field := c.label
		if c.query != "" {
			field = "Value #" + ref(n)
			p.WithTarget(query{expr: c.query}.tabled(ref(n)))
			n++
		}
		if c.hidden {
			excluded[field] = true
			continue
		}
		order[field], names[field] = at, c.name
		p.OverrideByName(c.name, properties(c))
	}
	if n == 1 {
		order["Value"], names["Value"] = order["Value #A"], names["Value #A"]
	}
	return p.WithTransformation(dashboard.DataTransformerConfig{Id: "organize", Options: map[string]any{
		"excludeByName": excluded, "indexByName": order, "renameByName": names,
	}})
}

// descending sorts a table by a column, the largest first.
func descending(name string) []cog.Builder[common.TableSortByFieldState] {
	return []cog.Builder[common.TableSortByFieldState]{common.NewTableSortByFieldStateBuilder().DisplayName(name).Desc(true)}
}

func properties(c column) []dashboard.DynamicConfigValue {
	var all []dashboard.DynamicConfigValue
	if c.unit != "" {
		all = append(all, dashboard.DynamicConfigValue{Id: "unit", Value: c.unit})
	}
	if c.link {
		all = append(all, dashboard.DynamicConfigValue{Id: "links", Value: []map[string]any{{
			"title": "The change in Shipwake", "url": "${shipwake}/changes/${__value.text}", "targetBlank": true,
		}}})
	}
	if c.label == "verdict" {
		all = append(all, dashboard.DynamicConfigValue{Id: "mappings", Value: []any{verdictWords()}},
			dashboard.DynamicConfigValue{Id: "custom.cellOptions", Value: map[string]any{"type": "color-text"}})
	}
	return all
}

// verdictWords gives verdicts their colours.
func verdictWords() dashboard.ValueMap {
	options := map[string]dashboard.ValueMappingResult{}
	for i, v := range [][2]string{{"regressed", "red"}, {"healthy", "green"}, {"inconclusive", "yellow"}} {
		options[v[0]] = dashboard.ValueMappingResult{Text: &v[0], Color: &v[1], Index: cog.ToPtr(int32(i))}
	}
	return dashboard.ValueMap{Type: dashboard.MappingTypeValueToText, Options: options}
}

// states is a course of time of what something is: by value, in words and colours.
func states(a about, span uint32, q query, values ...[2]string) *statetimeline.PanelBuilder {
	options := map[string]dashboard.ValueMappingResult{}
	for i, v := range values {
		options[strconv.Itoa(i)] = dashboard.ValueMappingResult{Text: &v[0], Color: &v[1], Index: cog.ToPtr(int32(i))}
	}
	mapping := dashboard.ValueMap{Type: dashboard.MappingTypeValueToText, Options: options}
	return statetimeline.NewPanelBuilder().Title(a.title).Description(a.description).Unit(a.unit).NoValue(a.none).
		Datasource(source()).Span(span).Height(high).MergeValues(true).ShowValue(common.VisibilityModeNever).
		Mappings([]dashboard.ValueMapping{{ValueMap: &mapping}}).Legend(legend()).ColorScheme(byThreshold()).
		WithTarget(q.ranged("A"))
}

// note is text for the reader.
func note(title, content string, span uint32) *words.PanelBuilder {
	return words.NewPanelBuilder().Title(title).Span(span).Height(high).Mode(words.TextModeMarkdown).Content(content)
}

// row is a heading.
func row(title string) *dashboard.RowBuilder { return dashboard.NewRowBuilder(title) }

// reference draws the queries whose answers are so named as dashed lines without filling.
func reference(p *timeseries.PanelBuilder, names string) *timeseries.PanelBuilder {
	return p.OverrideByRegexp(names, []dashboard.DynamicConfigValue{
		{Id: "custom.lineStyle", Value: map[string]any{"fill": "dash", "dash": []int{6, 6}}},
		{Id: "custom.fillOpacity", Value: 0},
	})
}

// coloured gives the answers of a query a colour by name.
func coloured(p *timeseries.PanelBuilder, colors map[string]string, order ...string) *timeseries.PanelBuilder {
	for _, name := range order {
		p.OverrideByName(name, []dashboard.DynamicConfigValue{{Id: "color", Value: map[string]string{"mode": "fixed", "fixedColor": colors[name]}}})
	}
	return p
}

func byVerdict(p *timeseries.PanelBuilder) *timeseries.PanelBuilder {
	return coloured(p, map[string]string{"regressed": "red", "healthy": "green", "inconclusive": "yellow"}, "regressed", "healthy", "inconclusive")
}
