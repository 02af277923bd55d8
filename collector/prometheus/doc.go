// Package prometheus answers: what does a Prometheus know of our services?
//
// It is the receiver telemetry_prometheus, a metrics receiver. It asks servers that speak Prometheus's HTTP API:
//
//	receivers:
//	  telemetry_prometheus:
//	    servers:
//	      - endpoint: http://prometheus:9090     # and all other keys of the Collector's HTTP client: tls, headers, auth
//	        poll: 30s                            # default; how often to ask
//	        delay: 5s                            # default; how long after a scrape its samples can be asked for: 30s and
//	                                             # more where several servers stand behind one (Thanos, Mimir)
//	        history: 168h                        # default: a week; how much of the time before the first start is read, 0s: none
//	        environment: production              # default: what the series say, else unknown
//	        replica_labels: [prometheus_replica] # default: prometheus_replica, replica, __replica__
//	        off: [istio]                         # default: none; families that are not read, see package families
//	        own:                                 # default: none; metrics of your own that count requests
//	          - {counter: orders_total, status: [result_code], service: [team_app]}
//
//	service:
//	  pipelines:
//	    metrics:
//	      receivers: [otlp, telemetry_prometheus]
//	      exporters: [correlate]
//
// # Exact counts
//
// It asks for raw samples, by instant queries of range vectors, and makes differences of neighbours itself (package counts),
// since rate() and increase() extrapolate, and lose the first errors of a process. Native histograms are read as well (package native). What comes out are the points that the
// services would have sent by OTLP (package points). A difference stays as coarse as the scrapes are.
//
// # The time before
//
// At the first start ever, which an extension that remembers keeps, the last hour is read as if it came live, since a change is
// compared with it. The days before are read from the newest to the oldest by range queries with a step of five minutes, and come
// to coarse cells (package past). After a restart that goes on where it was.
//
// # The time away
//
// How far a server was read is kept with each step. After a restart of at most ten minutes it is read on from there, so that
// nothing is missing and nothing is counted twice, and nobody takes the hole for silence. That is as late as telemetry may come.
// After a longer one it goes on with the present.
//
// Scrapes that weren't answered, or not made, are losses of the services that their processes tell (points.Miss).
//
// # Being a good guest
//
//   - Of the past, six hours at a time are asked for, and nothing for four times as long as a query took. It ends where memory is
//     half full.
//   - Otherwise one query at a time to a server: one for what tells of its targets, one for applications and gateways, and one for each
//     family of which only some series count. Where there are none the answer is empty.
//   - What kube-state-metrics tells is asked for pods only whose processes tell no version, once when they are heard of and then
//     each five minutes, at most 300 at once (package kube says what comes of it).
//   - After an error it waits 1 s, 2 s, … 5 minutes. Where a query was too much it asks for half the time next, and for more
//     again when that goes well.
//   - When it is ten minutes behind, it goes on with the present, and what is missing is counted as refused telemetry, so that
//     no verdict is healthy that it may have been meant for. So are answers that a server calls partial.
package prometheus
