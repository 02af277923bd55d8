package correlate

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"
)

// ZoneStep is an availability zone or cluster that a change has reached. A zero time means since the change began, unless
// telemetry shows its version there later.
type ZoneStep struct {
	Name      string    `json:"name"`
	ReachedAt time.Time `json:"reached_at,omitzero"`
}

// Everywhere is the name of all zones together: the change has reached those that aren't named as well.
const Everywhere = "*"

// MaxZones is how many zones a change may name, and how many of a service are counted.
const MaxZones = 16

// UnmarshalJSON takes a zone or just its name.
func (z *ZoneStep) UnmarshalJSON(raw []byte) error {
	if len(raw) > 0 && raw[0] == '"' {
		*z = ZoneStep{}
		return json.Unmarshal(raw, &z.Name)
	}
	type plain ZoneStep
	return json.Unmarshal(raw, (*plain)(z))
}

func validZones(zones []ZoneStep) error {
	if len(zones) > MaxZones {
		return &FieldError{"zones", fmt.Sprintf("at most %d", MaxZones)}
	}
	for _, z := range zones {
		if strings.TrimSpace(z.Name) == "" {
			return &FieldError{"zones", "each needs a name, that which telemetry has"}
		}
	}
	return nil
}

// mergedZones are the zones that either report says were reached, sorted by name. Of two times the earlier is taken. One
// that tells a finish and no zones says, beside one that names some, that by then the change was everywhere.
func mergedZones(a, b Change) []ZoneStep {
	switch {
	case len(a.Zones) == 0 && len(b.Zones) == 0:
		return nil
	case len(a.Zones) == 0 && !a.FinishedAt.IsZero():
		a.Zones = []ZoneStep{{Everywhere, a.FinishedAt}}
	case len(b.Zones) == 0 && !b.FinishedAt.IsZero():
		b.Zones = []ZoneStep{{Everywhere, b.FinishedAt}}
	}
	all := slices.Concat(a.Zones, b.Zones)
	slices.SortFunc(all, func(x, y ZoneStep) int { return cmp.Compare(x.Name, y.Name) })
	merged := all[:0]
	for _, z := range all {
		if n := len(merged); n > 0 && merged[n-1].Name == z.Name {
			merged[n-1].ReachedAt = reached(merged[n-1], z)
			continue
		}
		merged = append(merged, z)
	}
	return merged
}

// reached is when two reports together say that a zone was reached. Everywhere is only reached when all is finished.
func reached(a, b ZoneStep) time.Time {
	if a.Name == Everywhere {
		return latest(a.ReachedAt, b.ReachedAt)
	}
	return earliest(a.ReachedAt, b.ReachedAt)
}
