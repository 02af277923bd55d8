package doctor

import (
	"context"

	"github.com/shipwake/shipwake/correlate/names/meet"
)

// names says which names of changes telemetry doesn't have, and the other way round.
func names(ctx context.Context, p *Patient) []Finding {
	if p.answers.status == nil {
		return p.noDaemon()
	}
	all, err := p.Daemon.Names(ctx)
	switch {
	case err != nil:
		return skip("%v", err)
	case all.Unknown:
		return skip("the daemon is busy and can't say now which names telemetry has")
	case len(all.Told) == 0:
		return ok("%s; %s heard and not changed so far", counted(all.Met, "name meets", "names meet"), counted(len(all.Heard), "other is", "others are"))
	}
	mend := "give them the same name in telemetry and in what reports them; `shipwake names` has the details"
	for _, u := range all.Told {
		if len(u.Near) > 0 {
			mend = "below extensions::correlate::names: " + u.Near[0].Rule + " (`shipwake names` lists all)"
			break
		}
	}
	return warn(mend, "telemetry doesn't have %s of changes, so that they can't be judged: %s", counted(len(all.Told), "name", "names"), listed(places(all.Told)))
}

func places(all []meet.Unmet) (texts []string) {
	for _, u := range all {
		texts = append(texts, u.Service+" in "+u.Environment)
	}
	return texts
}
