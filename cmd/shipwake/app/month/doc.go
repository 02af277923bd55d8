// Package month answers: what does Shipwake show of a company that has used it for a month?
//
// It makes up a company of 40 services and 12 teams from a seed, and lets it live through a stretch of time: deploys,
// canaries, rollbacks, hotfixes, flag flips, incidents, facts that come late or are corrected, quiet nights and weekends.
// Everything goes into a daemon's own host by its ordinary inputs, deliveries and measurements, at the pace of the machine
// instead of the clock; so each verdict is the engine's. Of telemetry there is as much as verdicts need, see active.
package month
