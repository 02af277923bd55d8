// Package all answers: which sources are there? A new source is one line here.
package all

import (
	"github.com/shipwake/shipwake/collector/source"
	"github.com/shipwake/shipwake/collector/source/alertmanager"
	"github.com/shipwake/shipwake/collector/source/cdevents"
	"github.com/shipwake/shipwake/collector/source/generic"
	"github.com/shipwake/shipwake/collector/source/github"
)

// Sources lists every source, by name.
func Sources() []source.Source {
	return []source.Source{
		alertmanager.Source(),
		cdevents.Source(),
		generic.Source(),
		github.Source(),
	}
}
