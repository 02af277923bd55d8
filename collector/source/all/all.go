// Package all answers: which sources are there? A new source is one line here.
package all

import (
	"github.com/shipwake/shipwake/collector/source"
	"github.com/shipwake/shipwake/collector/source/alertmanager"
	"github.com/shipwake/shipwake/collector/source/cdevents"
	"github.com/shipwake/shipwake/collector/source/generic"
	"github.com/shipwake/shipwake/collector/source/github"
)

// Factories lists every source, by name.
func Factories() []source.Factory {
	return []source.Factory{
		alertmanager.Factory(),
		cdevents.Factory(),
		generic.Factory(),
		github.Factory(),
	}
}
