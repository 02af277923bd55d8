package app

import (
	"github.com/shipwake/shipwake/sinks/api"
)

// why says what a change did and how that is known.
func why(a api.Change) string { return a.InWords().Text() }
