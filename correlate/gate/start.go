package gate

// start: what is open on a service has an owner, who wants no other change beside it, and every repair. What regressed in
// the environment before stops, whatever else is open.
func start(q Question, k Known) Answer {
	open := k.open()
	calm := Rule{RuleCalm, Passed}
	if len(open) > 0 && !k.Repair {
		calm.Outcome = NotMet
	}
	rules := []Rule{calm}
	if k.Repair && len(open) > 0 {
		return Answer{Decision: Proceed, Why: Repair, Rules: rules, Open: open}
	}
	ready := Answer{Decision: Proceed, Why: Calm}
	if q.After && !k.Repair {
		ready = before(q, k)
		rules = append(rules, Rule{RuleBefore, beforeOutcome(ready)})
	}
	if len(open) > 0 && ready.Decision != Stop {
		return Answer{Decision: Wait, Why: Trouble, Rules: rules, Open: open}
	}
	ready.Rules, ready.Open = rules, open
	return ready
}

// before is the answer about the release in the environment before. There the whole rollout counts, not what it has reached.
func before(q Question, k Known) Answer { return promote(q, Known{Change: k.Before}) }

// beforeOutcome: what was chosen for want of an answer isn't passed.
func beforeOutcome(a Answer) Outcome {
	switch {
	case a.Why == Healthy:
		return Passed
	case a.Why == Regressed || a.Why == Failed || a.Why == TakenBack:
		return NotMet
	}
	return Unknown
}
