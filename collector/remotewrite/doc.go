// Package remotewrite answers: how do samples come in that a Prometheus pushes?
//
// It is the receiver telemetry_remote_write, a metrics receiver. It takes what Prometheus, Grafana Alloy, vmagent and others
// send by remote write, of the specifications 1.0 and 2.0 (release candidate 4), at /api/v1/write:
//
//	receivers:
//	  telemetry_remote_write:
//	    endpoint: 127.0.0.1:4319             # default; and all other keys of the Collector's HTTP server: tls, auth
//	    hold: 10s                            # default; how long a scrape may take to come in whole, as it comes in several requests
//	    environment: production              # default: what the series say, else unknown
//	    replica_labels: [prometheus_replica] # default: prometheus_replica, replica, __replica__
//	    off: [istio]                         # default: none; and own, as for telemetry_prometheus
//	    max_connections: 1000                # default; the next one closes that which has waited for its sender the longest
//
//	service:
//	  pipelines:
//	    metrics:
//	      receivers: [otlp, telemetry_remote_write]
//	      exporters: [correlate]
//
// What comes of the samples is what comes of those that are asked for (package prometheus), in the same cells. Samples are
// held until their scrape is complete, and acknowledged before: what is held when the daemon dies is lost, as what was reduced
// and not yet stored is.
//
// The answers are those of the specification:
//
//	204  taken; also what is of no use here, comes twice or late
//	400  malformed; or some series can't be used, the others were taken, and the text says which and why
//	405  not a POST
//	408  the body came too slowly
//	413  the body is larger than max_request_body_size, before or after decompression
//	415  another message or encoding than snappy-compressed protobuf of 1.0 or 2.0
//	503  can't be taken now; Retry-After says when to come again
//
// Answers to 2.0 always have the headers X-Prometheus-Remote-Write-{Samples,Histograms,Exemplars}-Written, which senders need
// to believe a 2xx.
package remotewrite
