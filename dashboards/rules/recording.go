package rules

// Recording are the groups of recording rules. The shipwake_dora_* gauges are exact over their window in event time, so they
// are summed up, never rated. Ratios are a sum over a sum; one whose denominator is 0 or absent is absent too.
func Recording(p Parameters) []Group {
	return []Group{
		{Name: "shipwake-dora", Interval: "1m", Rules: append(doraOf(p, "window_environment", "sum without (service) (<metric>)"), p.ofEnvironments()...)},
		{Name: "shipwake-dora-team", Interval: "1m", Rules: doraOf(p, "window_environment_team", "sum without (service) ("+owned("<metric>")+")")},
		{Name: "shipwake-verdicts", Interval: "1m", Rules: p.verdicts()},
		{Name: "shipwake-intake", Interval: "1m", Rules: []Rule{
			p.record("signal_result:shipwake_telemetry:rate5m", "rate(shipwake_telemetry_total[5m])"),
			p.record("source_result:shipwake_facts:rate5m", "rate(shipwake_facts_total[5m])"),
		}},
	}
}

func (p Parameters) record(name, expr string) Rule { return Rule{Record: name, Expr: p.expr(expr)} }

// doraOf are the DORA numbers of a level, whose sum over services is told.
func doraOf(p Parameters, level, sum string) (all []Rule) {
	for _, name := range []string{
		"deployments", "change_failures", "completed_changes", "rework_deployments", "open_failures", "inconclusive_changes", "unjudged_changes",
	} {
		all = append(all, p.record(level+":shipwake_dora_"+name+":sum", fill(sum, "<metric>", "shipwake_dora_"+name)))
	}
	ratio := func(part, whole string) Rule {
		return p.record(level+":shipwake_dora_"+part+"_per_"+whole+":ratio",
			level+":shipwake_dora_"+part+":sum / ("+level+":shipwake_dora_"+whole+":sum > 0)")
	}
	return append(all, ratio("change_failures", "completed_changes"), ratio("rework_deployments", "deployments"))
}

func (p Parameters) ofEnvironments() []Rule {
	return []Rule{
		p.record("window_environment:shipwake_dora_inconclusive_changes_per_judged_changes:ratio", `
			window_environment:shipwake_dora_inconclusive_changes:sum
			/ (window_environment:shipwake_dora_completed_changes:sum - window_environment:shipwake_dora_unjudged_changes:sum > 0)`),
	}
}

func (p Parameters) verdicts() []Rule {
	return []Rule{
		p.record("environment_kind_verdict:shipwake_judged_changes:increase1d",
			"sum without (service) (increase(shipwake_judged_changes_total[1d]))"),
		p.record("environment_verdict_reason:shipwake_verdict_reasons:increase1d",
			"sum without (service) (increase(shipwake_verdict_reasons_total[1d]))"),
		p.record("environment_kind_status:shipwake_changes:increase1d",
			"sum without (service) (increase(shipwake_changes_total[1d]))"),
		p.record("instance:shipwake_placebo_false_alarms_per_placebo_changes:ratio_increase7d",
			"increase(shipwake_placebo_false_alarms_total[7d]) / (increase(shipwake_placebo_changes_total[7d]) > 0)"),
	}
}
