package doctor

import (
	"context"
	"strings"
)

// configuration says whether the daemon would start with it, and which of its keys have another name now.
func configuration(_ context.Context, p *Patient) []Finding {
	c := p.Configuration
	if c == nil {
		return skip(noConfiguration)
	}
	var found []Finding
	for _, use := range c.Old {
		found = append(found, warn("write "+use.New+" instead", "%s", use)...)
	}
	if c.Problem != nil {
		return append(found, fail("correct it; `shipwake validate` checks it again, and `shipwake config` prints one with every key",
			"%s", strings.ReplaceAll(strings.TrimSpace(c.Problem.Error()), "\n", "; "))...)
	}
	if len(found) == 0 {
		return ok("%s is valid, without unknown or old keys", c.Name)
	}
	return found
}
