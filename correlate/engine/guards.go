package engine

import "github.com/shipwake/shipwake/correlate/guard"

// The names of the guards, see Guards.
const (
	guardBadTime           = "bad_time"
	guardRollbackBaseline  = "rollback_baseline"
	guardOngoing           = "ongoing"
	guardChangedBefore     = "changed_before"
	guardDiscoveries       = "discoveries"
	guardSuspected         = "suspected"
	guardRollbackSuspected = "rollback_suspected"
	guardCoverage          = "coverage"
	guardConfounded        = "confounded"
	guardElsewhere         = "elsewhere"
	guardStrongElsewhere   = "strong_elsewhere"
	guardOwnService        = "own_service"
	guardNegativeControls  = "negative_controls"
	guardServedVersion     = "served_version"
	guardWarmUpAround      = "warm_up_around"
)

// Guards are the safeguards of this package, with what each does.
func Guards() []guard.Guard {
	return []guard.Guard{
		{Name: guardBadTime, What: "the time of an earlier bad change is nothing to compare with"},
		{Name: guardRollbackBaseline, What: "but a rollback is compared with it"},
		{Name: guardOngoing, What: "what an earlier change broke isn't the next one's fault"},
		{Name: guardChangedBefore, What: "time after other changes is no placebo"},
		{Name: guardDiscoveries, What: "of many changes one looks bad by chance: e-BH"},
		{Name: guardSuspected, What: "who is suspected of another service's fault isn't acquitted"},
		{Name: guardRollbackSuspected, What: "unless it is a rollback"},
		{Name: guardCoverage, What: "nor who was watched through gaps"},
		{Name: guardConfounded, What: "a fault of a changed service needs the blame as well"},
		{Name: guardElsewhere, What: "a change is blamed for what shows on other services"},
		{Name: guardStrongElsewhere, What: "if that is stronger, the more services were looked at"},
		{Name: guardOwnService, What: "but not for what its service suffers in all versions"},
		{Name: guardNegativeControls, What: "services far from every change are asked as well"},
		{Name: guardServedVersion, What: "the version that appeared is the change's, by whatever name"},
		{Name: guardWarmUpAround, What: "services near a rollout warm up with it"},
	}
}
