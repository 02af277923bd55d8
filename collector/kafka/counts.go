package kafka

import "github.com/shipwake/shipwake/collector/following"

// What can become of messages: of each offset of a topic that was passed.
var (
	resultRead        = following.Result{What: "kafka_messages", Result: "read"}        // all that it holds is understood, and the commit was acknowledged
	resultQuarantined = following.Result{What: "kafka_messages", Result: "quarantined"} // the same, but the source could not read or map something in it
	resultLost        = following.Result{What: "kafka_messages", Result: "lost"}        // retention removed it before it was read
	resultHole        = following.Result{What: "kafka_messages", Result: "hole"}        // there is none: compaction, marks of transactions, aborted transactions
)

// What can get in the way of reading, by how often it did.
var (
	resultRetried = following.Result{What: "kafka_faults", Result: "retried"} // an attempt to commit a batch has to be repeated
	resultFenced  = following.Result{What: "kafka_faults", Result: "fenced"}  // a batch was refused because another reader had moved the offset
	resultRefused = following.Result{What: "kafka_faults", Result: "refused"} // the ledger refuses a batch and will not take it at another try either
	resultRewound = following.Result{What: "kafka_faults", Result: "rewound"} // a log ended before the ledger's offset
)

func results() []following.Result {
	return []following.Result{resultRead, resultQuarantined, resultLost, resultHole, resultRetried, resultFenced, resultRefused, resultRewound}
}
