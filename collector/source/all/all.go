// Package all answers: which sources are there? A source in Go is one line here; one that is a mapping is a folder of
// package vendors, and needs none.
package all

import (
	"slices"
	"strings"

	"github.com/shipwake/shipwake/collector/source"
	"github.com/shipwake/shipwake/collector/source/alertmanager"
	"github.com/shipwake/shipwake/collector/source/cdevents"
	"github.com/shipwake/shipwake/collector/source/generic"
	"github.com/shipwake/shipwake/collector/source/github"
	"github.com/shipwake/shipwake/collector/source/kubernetes"
	"github.com/shipwake/shipwake/collector/source/mapping"
	"github.com/shipwake/shipwake/collector/source/results"
	"github.com/shipwake/shipwake/collector/source/vendors"
)

// Sources lists every source that can be sent to and is ready without a configuration, by name.
func Sources() []source.Source {
	all := append(vendors.Sources(),
		alertmanager.Source(),
		cdevents.Source(),
		generic.Source(),
		github.Source(),
		results.Source(),
	)
	slices.SortFunc(all, func(a, b source.Source) int { return strings.Compare(a.Name, b.Name) })
	return all
}

// Watched lists the sources whose deliveries a receiver of ours makes, change_<name>: nobody sends to them.
func Watched() []source.Source { return []source.Source{kubernetes.Source()} }

// Types are what a configuration can name: the sources, and mappings of the user's own.
func Types() []source.Source { return append(Sources(), mapping.Source()) }
