package prometheus

import "github.com/shipwake/shipwake/sinks"

// outgoing is what becomes of messages of the sinks that send. A queue is the sink's name and, after a slash, the
// endpoint's.
func outgoing() []Metric {
	queues := func(name, help string, of func(sinks.Queue) int64) Metric {
		return Metric{
			Name: name, Help: help, Type: Gauge, Labels: []string{"queue"},
			read: func(v *view, w *lines) {
				for _, q := range v.status.Outbox {
					w.put(float64(of(q)), clean(q.Name))
				}
			},
		}
	}
	return []Metric{
		tallied("shipwake_outbox_messages_total", "outbox", "queue",
			"Messages that were delivered, parked because their receiver would not take them, or expired after 30 days, and tries that had to be repeated (retried)."),
		tallied("shipwake_rollbacks_total", "rollbacks", "reason",
			"Decisions on whether to ask for a change to be taken back, and what became of requests: refused and withdrawn with the condition that doesn't hold, dry_run, requested, acknowledged, done, unanswered."),
		queues("shipwake_outbox_waiting_messages", "Messages that wait to be delivered.",
			func(q sinks.Queue) int64 { return q.Waiting }),
		queues("shipwake_outbox_parked_messages", "Messages that were set aside and are tried again at the next start.",
			func(q sinks.Queue) int64 { return q.Parked }),
		{
			Name: "shipwake_outbox_oldest_message_seconds", Type: Gauge, Unit: "seconds", Labels: []string{"queue"},
			Help: "How long the oldest message has been waiting to be delivered; absent when none waits.",
			read: func(v *view, w *lines) {
				for _, q := range v.status.Outbox {
					if q.Waiting > 0 {
						w.put(max(0, v.status.Now.Sub(q.Oldest).Seconds()), clean(q.Name))
					}
				}
			},
		},
	}
}
