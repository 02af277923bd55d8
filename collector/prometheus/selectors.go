package prometheus

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/shipwake/shipwake/collector/prometheus/families"
)

// tellers are the metrics that tell of targets: which answer, since when they run, and what they are.
const tellers = `{__name__=~"up|target_info|process_start_time_seconds|.+_build_info",__name__!~"go_.*"}`

// names is a regular expression of the metrics of a family, also where they have dots. A native histogram has no suffix.
func names(f *families.Family) string {
	var all []string
	add := func(name string) { all = append(all, strings.ReplaceAll(regexp.QuoteMeta(name), "_", "[._]")) }
	if f.Counter != "" {
		add(f.Counter)
	}
	for _, d := range f.Durations {
		for _, suffix := range []string{"", "_bucket", "_count", "_sum"} {
			add(d.Name + suffix)
		}
	}
	return strings.Join(all, "|")
}

// noSummary leaves out what a summary has under the name of a native histogram.
const noSummary = `,quantile=""`

// selectors are the series that are to be read: one selector for all families of which all series count, and one for all
// others of which the same do.
func selectors(t *families.Table) []string {
	patterns, order := map[string][]string{}, []string{}
	for i := range t.Rows() {
		f := t.Row(i)
		matchers := ""
		for _, label := range slices.Sorted(maps.Keys(f.Only)) {
			matchers += fmt.Sprintf(",%s=~%s", label, strconv.Quote(f.Only[label].String()))
		}
		if len(patterns[matchers]) == 0 {
			order = append(order, matchers)
		}
		patterns[matchers] = append(patterns[matchers], names(f))
	}
	var all []string
	for _, matchers := range order {
		all = append(all, "{__name__=~"+strconv.Quote(strings.Join(patterns[matchers], "|"))+noSummary+matchers+"}")
	}
	return all
}
