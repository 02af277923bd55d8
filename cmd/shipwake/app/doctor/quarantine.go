package doctor

import (
	"context"
	"fmt"
	"maps"
	"net/url"
	"slices"
)

// quarantine says whose deliveries were kept and couldn't be read.
func quarantine(ctx context.Context, p *Patient) []Finding {
	if p.answers.status == nil {
		return p.noDaemon()
	}
	all, err := p.Daemon.Quarantine(ctx, url.Values{"limit": {"1000"}})
	if err != nil {
		return skip("%v", err)
	}
	if len(all.Held) == 0 {
		return ok("nothing is held")
	}
	bySource, example := map[string]int{}, map[string]string{}
	for _, h := range all.Held {
		bySource[h.Source]++
		if example[h.Source] == "" {
			example[h.Source] = h.Problem
		}
	}
	var found []Finding
	for _, source := range slices.Sorted(maps.Keys(bySource)) {
		found = append(found, warn("`shipwake quarantine` lists them; a mapping or a naming rule that reads them releases them",
			"%s of %s held; the newest: %s", counted(bySource[source], "delivery", "deliveries"), source+pick(bySource[source] == 1, " is", " are"), example[source])...)
	}
	if len(all.Held) == 1000 {
		found = append(found, warn("", "%s", fmt.Sprintf("there may be more than the newest %d", len(all.Held)))...)
	}
	return found
}
