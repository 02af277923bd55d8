package kafka

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"go.uber.org/zap"
)

const (
	fetchWait  = 500 * time.Millisecond
	fetchBytes = 8 << 20 // of one answer of a broker; what waits to be applied is bounded by it
	fetchEach  = 1 << 20 // of it for one partition
)

// session is the life of one client in the group. Whatever a partition can't go on from ends it: the next one asks the
// ledger anew where each of its partitions stands.
type session struct {
	*member
	client *kgo.Client
	admin  *kadm.Client
	ctx    context.Context // ends with the session
	end    context.CancelCauseFunc

	reporting sync.WaitGroup
	ready     chan struct{} // closed when the fields above are set: the client begins before it is returned

	mu   sync.Mutex
	ours map[tp]*partition
	lag  map[string]map[int32]kgo.EpochOffset // what the group is to be told
}

// tp names a partition.
type tp struct {
	topic string
	id    int32
}

// open makes a client; it connects by itself.
func (r *member) open() (*session, error) {
	s := &session{member: r, ready: make(chan struct{}), ours: map[tp]*partition{}}
	opts, err := r.config.Options(r.dial, r.log)
	if err != nil {
		return nil, err
	}
	s.ctx, s.end = context.WithCancelCause(context.Background())
	s.client, err = kgo.NewClient(append(opts,
		kgo.WithHooks(r.health),
		kgo.ConsumerGroup(r.config.GroupID),
		kgo.ConsumeTopics(r.config.topicNames()...),
		kgo.SessionTimeout(r.config.SessionTimeout),
		kgo.RebalanceTimeout(r.config.SessionTimeout), // a member slower than that is fenced, not waited for
		kgo.HeartbeatInterval(r.config.HeartbeatInterval),
		kgo.ConsumeStartOffset(kgo.NewOffset().AtStart()),
		kgo.ConsumeResetOffset(kgo.NoResetOffset()), // the ledger decides where reading goes on
		kgo.FetchMaxWait(fetchWait),
		kgo.FetchMaxBytes(fetchBytes),
		kgo.FetchMaxPartitionBytes(fetchEach),
		kgo.BlockRebalanceOnPoll(),
		kgo.DisableAutoCommit(),
		kgo.AdjustFetchOffsetsFn(s.assigned),
		kgo.OnPartitionsAssigned(s.joined),
		kgo.OnPartitionsRevoked(s.revoked),
		kgo.OnPartitionsLost(s.revoked),
	)...)
	if err != nil {
		s.end(err)
		return nil, err
	}
	s.admin = kadm.NewClient(s.client)
	close(s.ready)
	if r.reports {
		s.reporting.Go(s.report)
	}
	return s, nil
}

// close leaves the group and ends every goroutine. It waits for the broker's answer as long as the patience lasts, at
// most the grace.
func (s *session) close(patience context.Context) {
	s.end(context.Canceled)
	ctx, cancel := context.WithTimeout(patience, shutdownGrace)
	defer cancel()
	s.client.AllowRebalance()
	if s.reporting.Wait(); s.reports {
		s.tell(ctx)
	}
	_ = s.client.LeaveGroupContext(ctx)
	s.client.CloseAllowingRebalance()
	s.release(nil)
}

// run hands out what the brokers send until ctx ends or a partition can't go on, and tells why.
func (s *session) run(ctx context.Context) error {
	defer context.AfterFunc(ctx, func() { s.end(ctx.Err()) })()
	for {
		fetches := s.client.PollFetches(s.ctx)
		work, err := s.sort(fetches)
		s.client.AllowRebalance()
		if s.ctx.Err() != nil {
			return context.Cause(s.ctx)
		}
		if err != nil {
			return err
		}
		for _, w := range work {
			w.to.take(w.fetched)
		}
	}
}

// portion is what came for one partition.
type portion struct {
	to      *partition
	fetched kgo.FetchPartition
}

// sort finds the partition of everything that came. It runs while no partition can be taken away or given, so that what
// was read for an earlier assignment never reaches a later one.
func (s *session) sort(fetches kgo.Fetches) (work []portion, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	fetches.EachPartition(func(f kgo.FetchTopicPartition) {
		to := s.ours[tp{f.Topic, f.Partition}]
		if f.Err != nil {
			err = errors.Join(err, s.broken(f, to != nil))
		}
		if to != nil && len(f.Records) > 0 {
			work = append(work, portion{to, f.FetchPartition})
		}
	})
	return work, err
}

// broken tells whether the session has to end for an error of a fetch: the client doesn't read a partition again after
// one that it hands out.
func (s *session) broken(f kgo.FetchTopicPartition, ours bool) error {
	switch {
	case s.ctx.Err() != nil:
		return nil
	case errors.Is(f.Err, kerr.UnknownTopicOrPartition) && !ours:
		s.health.Missing(f.Topic)
		return nil
	case f.Topic == "" || !ours:
		s.health.Failed(f.Err)
		return nil
	}
	return fmt.Errorf("%s/%d: %w", f.Topic, f.Partition, f.Err)
}

// assigned says where to read the partitions that the group gives us, and begins to. It takes as long as the ledger
// takes to answer, or until the group changes again.
func (s *session) assigned(ctx context.Context, offsets map[string]map[int32]kgo.Offset) (map[string]map[int32]kgo.Offset, error) {
	<-s.ready
	for topic, partitions := range offsets {
		for id := range partitions {
			p := s.partition(topic, id)
			if err := p.locate(ctx); err != nil {
				p.ended(ctx, err)
				return nil, err
			}
			partitions[id] = kgo.NewOffset().At(p.next)
			s.begin(p)
		}
	}
	return offsets, nil
}

func (s *session) begin(p *partition) {
	s.release(map[string][]int32{p.topic: {p.id}}) // one whose assignment was cut short
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ours[tp{p.topic, p.id}] = p
	if !p.held.never() {
		s.note(p.topic, p.id, p.held.offset) // whoever had it before may not have come to it
	}
	go p.run()
}

func (s *session) joined(_ context.Context, _ *kgo.Client, given map[string][]int32) {
	count := 0
	for _, ids := range given {
		count += len(ids)
	}
	s.log.Info("joined the consumer group", zap.Int("partitions added", count))
	s.health.Recovered()
}

func (s *session) revoked(_ context.Context, _ *kgo.Client, taken map[string][]int32) {
	if len(taken) > 0 {
		s.release(taken)
	}
}

// release ends the reading of partitions, nil for all, and waits for what is being committed.
func (s *session) release(taken map[string][]int32) {
	for _, p := range s.remove(taken) {
		p.stop()
		<-p.done
	}
}

func (s *session) remove(taken map[string][]int32) (removed []*partition) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for key, p := range s.ours {
		if taken == nil || slices.Contains(taken[key.topic], key.id) {
			removed = append(removed, p)
			delete(s.ours, key)
		}
	}
	return removed
}
