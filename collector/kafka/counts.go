package kafka

import "github.com/shipwake/shipwake/correlate"

// What can become of messages and partitions: the Result of Count{What: "kafka", Source: <topic>}.
const (
	resultRead        = "read"        // messages whose commit was acknowledged
	resultQuarantined = "quarantined" // deliveries among them that the source could not read or map
	resultLost        = "lost"        // messages that retention removed before they were read
	resultHole        = "hole"        // offsets that hold no message: compaction, marks of transactions, aborted transactions
	resultRetried     = "retried"     // attempts to commit a batch that have to be repeated
	resultFenced      = "fenced"      // batches refused because another reader had moved the offset
	resultRefused     = "refused"     // batches that the ledger refuses and will not take at another try either
	resultRewound     = "rewound"     // times a log ended before the ledger's offset
)

func results() []string {
	return []string{resultRead, resultQuarantined, resultLost, resultHole, resultRetried, resultFenced, resultRefused, resultRewound}
}

// counter counts what happens to one topic.
type counter struct {
	tally *correlate.Tally
	topic string
}

func (c counter) add(result string, n int64) {
	c.tally.Add(correlate.Count{What: "kafka", Source: c.topic, Result: result}, n)
}

// announce makes every counter exist, so that a rate over it is 0 and not absent.
func (c counter) announce() {
	for _, result := range results() {
		c.add(result, 0)
	}
}
