package observe

import "github.com/shipwake/shipwake/correlate/guard"

// The names of the guards, see Guards.
const (
	guardBadTime          = "bad_time"
	guardRollbackBaseline = "rollback_baseline"
	guardOngoing          = "ongoing"
	guardChangedBefore    = "changed_before"
	guardNegativeControls = "negative_controls"
	guardServedVersion    = "served_version"
	guardWarmUpAround     = "warm_up_around"
)

// Guards are the safeguards of this package, with what each does.
func Guards() []guard.Guard {
	return []guard.Guard{
		{Name: guardBadTime, What: "the time of an earlier bad change is nothing to compare with"},
		{Name: guardRollbackBaseline, What: "but a rollback is compared with it"},
		{Name: guardOngoing, What: "what an earlier change broke isn't the next one's fault"},
		{Name: guardChangedBefore, What: "time after other changes is no placebo"},
		{Name: guardNegativeControls, What: "services far from every change are asked as well"},
		{Name: guardServedVersion, What: "the version that appeared is the change's, by whatever name"},
		{Name: guardWarmUpAround, What: "services near a rollout warm up with it"},
	}
}
