package dora

// Equal says whether two groups have the same numbers, names included.
func (n Numbers) Equal(o Numbers) bool {
	same := allEqual(n.values(), o.values()) && allEqual(n.ratios(), o.ratios()) && allEqual(n.durations(), o.durations())
	return same && n.plain() == o.plain()
}

func (n *Numbers) values() []**float64 {
	return []**float64{&n.DeploymentsPerDay, &n.OldestOpenFailure, &n.RollbacksPerDay}
}

func (n *Numbers) ratios() []**Ratio {
	return []**Ratio{&n.ChangeFailRate, &n.ReworkRate, &n.SuccessRate, &n.FailedRolloutRate, &n.RollbackRate, &n.DefectEscapeRate}
}

func (n *Numbers) durations() []**Duration {
	return []**Duration{&n.Recovery, &n.LeadTime, &n.IncidentRecovery, &n.DetectionDelay, &n.DetectionRecovery, &n.QueueTime}
}

// plain are the numbers without what pointers lead to.
func (n Numbers) plain() Numbers {
	clearAll(n.values())
	clearAll(n.ratios())
	clearAll(n.durations())
	return n
}

func clearAll[T any](all []**T) {
	for _, p := range all {
		*p = nil
	}
}

func allEqual[T comparable](a, b []**T) bool {
	for i := range a {
		if !equal(*a[i], *b[i]) {
			return false
		}
	}
	return true
}

// equal compares what two pointers lead to; nil is equal to nil alone.
func equal[T comparable](a, b *T) bool {
	return a == b || a != nil && b != nil && *a == *b
}
