// Package accuracy answers: how often is Shipwake right, where the truth is known because we made it?
//
// It makes cases from seeds: a small shop of services with its past, its noise and its days, a change, and perhaps a
// fault of a known kind and size. Cells go straight into the engine on its default configuration, and the verdicts are
// scored by the measures that labelled collections of real incidents are scored by.
//
// The generator knows nothing of the judge. What it draws from is what production does: latencies with long tails,
// errors in bursts, loads that follow the day, instances that differ, cold starts, telemetry without versions.
package accuracy
