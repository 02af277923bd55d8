package expect

import "github.com/shipwake/shipwake/correlate/guard"

// The names of the guards.
const (
	guardSeason         = "season"
	guardSeasonPlacebos = "season_placebos"
	guardOldIncident    = "old_incident"
	guardShortHistory   = "short_history_placebos"
	guardWarmUp         = "warm_up"
	guardGaps           = "gaps"
	guardGaugeSeason    = "gauge_season"
	guardBracket        = "gauge_bracket"
	guardGaugeBefore    = "gauge_before"
	guardGaugeWidths    = "gauge_widths"
	guardGlances        = "gauge_glances"
	guardBaselineNoise  = "baseline_noise"
)

// Guards are the safeguards of this package, with what each does.
func Guards() []guard.Guard {
	return []guard.Guard{
		{Name: guardSeason, What: "earlier days say how that time of day goes on"},
		{Name: guardSeasonPlacebos, What: "evidence is divided by how far off such expectations were"},
		{Name: guardOldIncident, What: "the one old incident in a history is no usual time"},
		{Name: guardShortHistory, What: "the same where history is too short for days"},
		{Name: guardWarmUp, What: "what earlier rollouts showed while warming up is expected again"},
		{Name: guardGaps, What: "gaps of telemetry are no lost requests"},
		{Name: guardGaugeSeason, What: "values are compared with earlier days"},
		{Name: guardBracket, What: "and must lie outside the expectations of all three"},
		{Name: guardGaugeBefore, What: "without such days, with the time before"},
		{Name: guardGaugeWidths, What: "values are smoothed at three widths"},
		{Name: guardGlances, What: "and at two short ones, to see a large fault early"},
		{Name: guardBaselineNoise, What: "a value that strayed just before the change is measured by that"},
	}
}
