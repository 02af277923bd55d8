// Package kafka answers: how do facts get from Kafka topics into the ledger, each of them once?
//
// It is the receiver change_kafka, a logs receiver. It is in no default pipeline, because there is no broker by default:
//
//	receivers:
//	  change_kafka:
//	    brokers: [kafka-1:9092, kafka-2:9092]   # default [localhost:9092]
//	    topics:
//	      - topic: deploys                      # CloudEvents: structured, binary or batch
//	      - topic: incidents
//	        source: generic                     # default cdevents
//	    group_id: shipwake                      # default; replicas with one ledger share it
//	    client_id: shipwake                     # default
//	    session_timeout: 10s                    # default; the broker's bounds are 6s to 30m
//	    heartbeat_interval: 3s                  # default; at most a third of session_timeout
//	    tls:                                    # default: no TLS
//	      ca_file: /etc/kafka/ca.pem
//	    sasl:                                   # default: no authentication
//	      mechanism: SCRAM-SHA-512              # or SCRAM-SHA-256, PLAIN
//	      username: shipwake
//	      password: ${env:KAFKA_PASSWORD}
//
//	service:
//	  extensions: [correlate]
//	  pipelines:
//	    logs/changes:
//	      receivers: [change_webhook, change_kafka]
//	      exporters: [correlate]
//
// The messages go to the extension's intake; the pipeline only makes the receiver run, and carries nothing. Who may write to a topic is the broker's business (ACLs, TLS): the secrets of a source are not asked for here.
//
// # Exactly once, in effect
//
// The ledger holds the next offset of every partition. A batch (at most 500 messages or 1 MiB) goes to the ledger
// together with a correlate.Move that says which offset the ledger must hold and which it holds afterwards, and both are
// committed in one transaction. So whatever dies, and at whatever instant, reading goes on at exactly
// the message after the last one applied; and a reader that lost its partition without noticing is refused
// (correlate.ErrFenced) and writes nothing. The offsets committed to the broker are for lag monitors only: nothing
// reads them. A stream is "kafka/<topic>/<partition>", so one ledger can't follow topics of the same name on two
// clusters.
//
// # What becomes of a message
//
//   - A delivery's id is the sender's own (a CloudEvent's source and id), so the same event produced twice, or arriving
//     by webhook as well, is one delivery. A message without an id of its own is identified by its place
//     ("<topic>/<partition>/<offset>@<timestamp in ms>"): two messages with equal bytes are two deliveries.
//   - A message that can't be read is kept with its raw bytes and the reason, counted, and passed over.
//   - A ledger that can't take facts now is tried again, with growing pauses, for as long as the partition is ours.
//   - Messages that retention removed before they were read are gone: the gap is counted and said aloud. A log that
//     ends before the ledger's offset (the topic was created again) is read from its beginning.
//   - Of transactions only those that are committed are read; what a producer took back leaves holes in the offsets.
//
// Each is a counter of the tally, of its topic: see counts.go.
package kafka
