package doctor

import (
	"context"
	"os"
	"time"
)

// zones says whether time zones can be asked for by name, and whether that of this machine is the one that was set.
func zones(_ context.Context, p *Patient) []Finding {
	if p.Configuration == nil {
		return skip(noConfiguration)
	}
	if _, err := time.LoadLocation("Europe/Berlin"); err != nil {
		return warn("install tzdata, or set ZONEINFO to a copy of it", "DORA numbers by calendar can't be asked for in a time zone: %v", err)
	}
	name, set := os.LookupEnv("TZ")
	if set && name != "" {
		if _, err := time.LoadLocation(name); err != nil {
			return warn("correct TZ, to a name such as Europe/Berlin", "TZ is %q, which isn't known, and so times are shown in UTC", name)
		}
	}
	zone, offset := p.Now().Zone()
	return ok("known by name; this machine shows %s (%+.4g h); what is kept and compared is UTC", zone, float64(offset)/3600)
}
