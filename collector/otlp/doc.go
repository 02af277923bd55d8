// Package otlp answers: how does telemetry come in?
//
// The receiver otlp speaks OTLP over gRPC and HTTP, as protobuf and JSON, with the settings of the Collector's own OTLP
// receiver. It differs in what stands before the decoder: bytes are reserved from the process's budget before they are
// read, a request that would take more memory than one may is refused before it is decoded, whoever isn't
// authenticated is refused before his message is read, and no more requests are decoded at once than there are
// processors, less one. See package admission for the walk that tells what decoding takes.
//
// With kafka under protocols it reads the topics that the Collector's Kafka exporter writes (encodings otlp_proto and
// otlp_json) as well:
//
//	receivers:
//	  otlp:
//	    protocols:
//	      kafka:
//	        brokers: [kafka-1:9092]         # default [localhost:9092]; client_id, tls and sasl as for change_kafka
//	        group_id: shipwake-telemetry    # default
//	        from: latest                    # default; earliest begins with what the topics still hold
//	        topics:                         # defaults of the exporter; a signal without a pipeline isn't read
//	          traces: [otlp_spans]
//	          metrics: [otlp_metrics]
//	          logs: [otlp_logs]
//
// A message is a request. One that can't be taken now is tried again until it can, and holds up the others of this member;
// one that never can is counted and passed over. The group's offsets are committed to the broker every second, behind what was
// taken: a daemon that is killed reads the last second again, and spans and delta points of it are counted twice.
//
// Requests in protobuf between which and the end of their pipeline nothing stands are not decoded, see package direct: the
// exporter there walks over their bytes. What it can't read, and JSON, is decoded. Answers and counts are the same both ways, also
// of what would be too costly to decode.
//
//	HTTP  gRPC               why, and the result that is counted
//	200   OK                 accepted
//	400   InvalidArgument    malformed, or too_deep
//	405                      not a POST
//	408   DeadlineExceeded   too_slow: the body didn't come in time
//	413   ResourceExhausted  too_large or too_costly; there is no RetryInfo, so senders give up
//	415   Unimplemented      an unknown content type or encoding
//	429   Unavailable        busy: memory or processors are in use; Retry-After and RetryInfo say when to come again
//	500   Internal           error: what follows refused for good
//	503   Unavailable        unavailable: what follows can't take it now; Retry-After and RetryInfo
package otlp
