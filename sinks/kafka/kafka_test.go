package kafka

import (
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/sinks"
	"github.com/shipwake/shipwake/sinks/sinktest"
)

type m = map[string]any

func cluster(t *testing.T) *kfake.Cluster {
	t.Helper()
	c, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(3, "verdicts"))
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}

func opened(t *testing.T, broker, topic string) sinks.Outgoing {
	t.Helper()
	s, err := Factory().New(nil, m{"brokers": []any{broker}, "topic": topic, "public_url": "https://shipwake.example.com"})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s.(sinks.Outgoing)
}

// read returns as many records as there must be of a topic.
func read(t *testing.T, broker string, n int) []*kgo.Record {
	t.Helper()
	client, err := kgo.NewClient(kgo.SeedBrokers(broker), kgo.ConsumeTopics("verdicts"), kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()))
	require.NoError(t, err)
	defer client.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	var all []*kgo.Record
	for len(all) < n {
		fetches := client.PollFetches(ctx)
		require.NoError(t, fetches.Err0())
		all = append(all, fetches.Records()...)
	}
	return all
}

func headers(r *kgo.Record) map[string]string {
	all := map[string]string{}
	for _, h := range r.Headers {
		all[h.Key] = string(h.Value)
	}
	return all
}

func revision(n int) sinks.Batch {
	v := correlate.Verdict{
		ChangeID: "c1", Service: "checkout", Environment: "production", Version: "v2", Outcome: correlate.Regressed, Reason: correlate.ReasonErrorRatio,
		Revision: n, Final: true, DecidedAt: sinktest.Noon, Evidence: make([]correlate.Evidence, 30),
	}
	c := correlate.Change{ID: "c1", Service: "checkout", Environment: "production", Version: "v2", Team: "shop"}
	return sinks.Batch{Decisions: []sinks.Decision{{Verdict: v, Record: correlate.ChangeRecord{Change: c, Verdict: &v, RolledBackBy: "c2"}}}}
}

func one(t *testing.T, out sinks.Outgoing, b sinks.Batch) sinks.Message {
	t.Helper()
	messages, err := out.Messages(b)
	require.NoError(t, err)
	require.Len(t, messages, 1)
	return messages[0]
}

func TestSuite(t *testing.T) {
	sinktest.Run(t, Factory(), sinktest.Options{
		Config:  m{"topic": "verdicts", "sasl": m{"mechanism": "PLAIN", "username": "u", "password": "hush-hush"}},
		Secrets: []string{"hush-hush"}, Own: true,
	})
}

func TestAVerdictIsACloudEventInBinaryMode(t *testing.T) {
	broker := cluster(t).ListenAddrs()[0]
	out := opened(t, broker, "verdicts")
	message := one(t, out, revision(2))
	receipt, err := out.Deliver(t.Context(), message)
	require.NoError(t, err)
	require.Nil(t, receipt)
	r := read(t, broker, 1)[0]
	require.Equal(t, "checkout|production", string(r.Key))
	require.Equal(t, sinktest.Noon, r.Timestamp.UTC())
	require.Equal(t, map[string]string{
		"content-type": "application/json", "ce_specversion": "1.0", "ce_id": message.Key, "ce_source": "/shipwake",
		"ce_type": "com.github.shipwake.verdict.regressed", "ce_subject": "c1", "ce_time": "2026-03-01T12:00:00Z",
		"ce_partitionkey": "checkout|production",
	}, headers(r))
	var data verdictData
	require.NoError(t, json.Unmarshal(r.Value, &data))
	require.Equal(t, "checkout v2 in production: regressed (more requests fail)", data.Headline)
	require.Equal(t, "shop", data.Change.Team)
	require.Equal(t, "c2", data.RolledBackBy)
	require.Equal(t, 2, data.Verdict.Revision)
	require.Len(t, data.Verdict.Evidence, mostEvidence)
	require.Equal(t, "https://shipwake.example.com/api/v1/changes/c1", data.Link)
}

func TestAPlaceHasItsPartitionAndACopyItsID(t *testing.T) {
	broker := cluster(t).ListenAddrs()[0]
	out := opened(t, broker, "verdicts")
	for n := range 10 {
		_, err := out.Deliver(t.Context(), one(t, out, revision(n)))
		require.NoError(t, err)
	}
	last := one(t, out, revision(9))
	require.True(t, last.Each, "a topic is a history")
	_, err := out.Deliver(t.Context(), last)
	require.NoError(t, err)
	all := read(t, broker, 11)
	for n, r := range all {
		require.Equal(t, all[0].Partition, r.Partition)
		require.Equal(t, one(t, out, revision(min(n, 9))).Key, headers(r)["ce_id"])
	}
}

func TestAnIncidentIsAnEvent(t *testing.T) {
	broker := cluster(t).ListenAddrs()[0]
	s, err := Factory().New(nil, m{"brokers": []any{broker}, "topic": "verdicts", "on": []any{"incident"}})
	require.NoError(t, err)
	defer s.Close()
	out := s.(sinks.Outgoing)
	message := one(t, out, sinktest.NewBatch(nil, sinktest.Story()...))
	_, err = out.Deliver(t.Context(), message)
	require.NoError(t, err)
	r := read(t, broker, 1)[0]
	require.Equal(t, "com.github.shipwake.incident.resolved", headers(r)["ce_type"])
	require.Equal(t, "2026-03-01T10:40:00Z", headers(r)["ce_time"])
	require.Equal(t, "checkout|production", string(r.Key))
	require.Contains(t, string(r.Value), `"attributed_to":"checkout-4711","inferred":true`)
}

func TestABrokersAnswerSaysWhetherAnotherTryHelps(t *testing.T) {
	for name, c := range map[string]struct {
		code *kerr.Error
		want sinks.Cause
	}{
		"the event is too large":     {kerr.MessageTooLarge, sinks.Refused},
		"the broker doesn't like it": {kerr.PolicyViolation, sinks.Refused},
		"nobody may write there":     {kerr.TopicAuthorizationFailed, sinks.Unreachable},
		"nobody may write anywhere":  {kerr.ClusterAuthorizationFailed, sinks.Unreachable},
	} {
		t.Run(name, func(t *testing.T) {
			broker := cluster(t)
			broker.ControlKey(int16(kmsg.Produce), func(request kmsg.Request) (kmsg.Response, error, bool) {
				broker.KeepControl()
				return refusal(request.(*kmsg.ProduceRequest), c.code.Code), nil, true
			})
			out := opened(t, broker.ListenAddrs()[0], "verdicts")
			_, err := out.Deliver(t.Context(), one(t, out, revision(1)))
			var u *sinks.Undelivered
			require.ErrorAs(t, err, &u)
			require.Equal(t, c.want, u.Cause, u)
		})
	}
}

// refusal answers every partition of a request with an error.
func refusal(r *kmsg.ProduceRequest, code int16) kmsg.Response {
	answer := r.ResponseKind().(*kmsg.ProduceResponse)
	for _, topic := range r.Topics {
		t := kmsg.NewProduceResponseTopic()
		t.Topic, t.TopicID = topic.Topic, topic.TopicID
		for _, partition := range topic.Partitions {
			p := kmsg.NewProduceResponseTopicPartition()
			p.Partition, p.ErrorCode = partition.Partition, code
			t.Partitions = append(t.Partitions, p)
		}
		answer.Topics = append(answer.Topics, t)
	}
	return answer
}

func TestATryEnds(t *testing.T) {
	for name, c := range map[string]struct {
		broker func(t *testing.T) string
		topic  string
	}{
		"nobody is there":        {func(*testing.T) string { return "127.0.0.1:1" }, "verdicts"},
		"there is no such topic": {func(t *testing.T) string { return cluster(t).ListenAddrs()[0] }, "verdict"},
		"the broker says nothing": {func(t *testing.T) string {
			broker, release := cluster(t), make(chan struct{})
			t.Cleanup(func() { close(release) })
			broker.ControlKey(int16(kmsg.Produce), func(kmsg.Request) (kmsg.Response, error, bool) {
				broker.KeepControl()
				broker.SleepControl(func() { <-release })
				return nil, nil, false
			})
			return broker.ListenAddrs()[0]
		}, "verdicts"},
	} {
		t.Run(name, func(t *testing.T) {
			out := opened(t, c.broker(t), c.topic)
			ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
			defer cancel()
			_, err := out.Deliver(ctx, one(t, out, revision(1)))
			var u *sinks.Undelivered
			require.ErrorAs(t, err, &u)
			require.Equal(t, sinks.Unreachable, u.Cause)
		})
	}
}

func TestWhatIsStoredAndCannotBeReadIsRefused(t *testing.T) {
	out := opened(t, "127.0.0.1:1", "verdicts")
	_, err := out.Deliver(t.Context(), sinks.Message{Payload: []byte("{")})
	var u *sinks.Undelivered
	require.ErrorAs(t, err, &u)
	require.Equal(t, sinks.Refused, u.Cause)
}

func TestAWrongConfigurationIsNamed(t *testing.T) {
	for name, c := range map[string]struct {
		config m
		want   string
	}{
		"no topic":              {nil, "topic: required: the topic that takes the events"},
		"an unknown key":        {m{"topics": "x"}, "topics: there is no such key"},
		"no broker":             {m{"topic": "x", "brokers": []any{}}, "brokers: at least one host:port is required"},
		"no source":             {m{"topic": "x", "source": ""}, "source: must not be empty"},
		"a wrong public URL":    {m{"topic": "x", "public_url": "shipwake"}, "public_url: it must begin with https://"},
		"a wrong kind":          {m{"topic": "x", "on": []any{"bad"}}, `on[0]: "bad" is no kind of message`},
		"a mechanism":           {m{"topic": "x", "sasl": m{"mechanism": "GSSAPI", "username": "u", "password": "hush"}}, `mechanism: "GSSAPI" is unknown`},
		"an unset password":     {m{"topic": "x", "sasl": m{"mechanism": "PLAIN", "username": "u", "password": nil}}, "username and password are both required"},
		"a number for password": {m{"topic": "x", "sasl": m{"mechanism": "PLAIN", "username": "u", "password": 4711}}, "sasl::password: must be text"},
		"a text for sasl":       {m{"topic": "x", "sasl": "hush"}, "sasl: must be the keys of SASL"},
		"no certificate":        {m{"topic": "x", "tls": m{"ca_file": "/no/such/ca.pem"}}, "tls: "},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Factory().New(nil, c.config)
			require.ErrorContains(t, err, c.want)
			require.NotContains(t, err.Error(), "hush")
			require.NotContains(t, err.Error(), "4711")
		})
	}
}
