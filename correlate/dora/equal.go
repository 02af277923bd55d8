package dora

// Equal says whether two groups have the same numbers, names included.
func (n Numbers) Equal(o Numbers) bool {
	same := equal(n.DeploymentsPerDay, o.DeploymentsPerDay) && equal(n.OldestOpenFailure, o.OldestOpenFailure) &&
		equal(n.ChangeFailRate, o.ChangeFailRate) && equal(n.ReworkRate, o.ReworkRate) &&
		equal(n.Recovery, o.Recovery) && equal(n.LeadTime, o.LeadTime) && equal(n.IncidentRecovery, o.IncidentRecovery)
	for _, both := range []*Numbers{&n, &o} {
		both.DeploymentsPerDay, both.OldestOpenFailure = nil, nil
		both.ChangeFailRate, both.ReworkRate = nil, nil
		both.Recovery, both.LeadTime, both.IncidentRecovery = nil, nil, nil
	}
	return same && n == o
}

// equal compares what two pointers lead to; nil is equal to nil alone.
func equal[T comparable](a, b *T) bool {
	return a == b || a != nil && b != nil && *a == *b
}
