package engine

import (
	"github.com/shipwake/shipwake/correlate/guard"
	"github.com/shipwake/shipwake/correlate/observe"
)

// The names of the guards, see Guards.
const (
	guardDiscoveries       = "discoveries"
	guardSuspected         = "suspected"
	guardCallersDoubtful   = "callers_doubtful"
	guardOutage            = "beside_outage"
	guardRollbackSuspected = "rollback_suspected"
	guardCoverage          = "coverage"
	guardConfounded        = "confounded"
	guardElsewhere         = "elsewhere"
	guardStrongElsewhere   = "strong_elsewhere"
	guardOwnService        = "own_service"
	guardConvictedBefore   = "convicted_before"
)

// Guards are the safeguards of this package and of observe, with what each does.
func Guards() []guard.Guard {
	return append(observe.Guards(), []guard.Guard{
		{Name: guardDiscoveries, What: "of many changes one looks bad by chance: e-BH"},
		{Name: guardSuspected, What: "who is suspected of another service's fault isn't acquitted"},
		{Name: guardCallersDoubtful, What: "nor is who is called by a service that nearly shows one"},
		{Name: guardOutage, What: "an outage that others suffered as well doesn't count"},
		{Name: guardRollbackSuspected, What: "unless it is a rollback"},
		{Name: guardCoverage, What: "nor who was watched through gaps"},
		{Name: guardConfounded, What: "a fault of a changed service needs the blame as well"},
		{Name: guardElsewhere, What: "a change is blamed for what shows on other services"},
		{Name: guardStrongElsewhere, What: "if that is stronger, the more services were looked at"},
		{Name: guardConvictedBefore, What: "a fault that faded doesn't clear the change that was blamed for it"},
		{Name: guardOwnService, What: "but not for what its service suffers in all versions"},
	}...)
}
