package kafka

import (
	"context"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"go.uber.org/zap"

	"github.com/shipwake/shipwake/internal/kafkaclient"
)

// reportEvery is how often the group is told how far the ledger is, for those who watch its lag. Nothing reads it here.
const reportEvery = 5 * time.Second

// note remembers how far a partition is until the group is told; mu is held.
func (s *session) note(topic string, id int32, next int64) {
	if s.lag == nil {
		s.lag = map[string]map[int32]kgo.EpochOffset{}
	}
	if s.lag[topic] == nil {
		s.lag[topic] = map[int32]kgo.EpochOffset{}
	}
	s.lag[topic][id] = kgo.EpochOffset{Epoch: -1, Offset: next}
}

// report tells the group again and again until the session ends.
func (s *session) report() {
	for pause(s.ctx, reportEvery) {
		s.tell(s.ctx)
	}
}

// tell commits what was noted. What can't be committed now is noted again, here or by whoever is given the partition next.
func (s *session) tell(ctx context.Context) {
	s.mu.Lock()
	noted := s.lag
	s.lag = nil
	s.mu.Unlock()
	if len(noted) == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, kafkaclient.DialTimeout)
	defer cancel()
	var failed error
	s.client.CommitOffsetsSync(ctx, noted, func(_ *kgo.Client, _ *kmsg.OffsetCommitRequest, _ *kmsg.OffsetCommitResponse, err error) {
		failed = err
	})
	if failed != nil {
		s.log.Debug("the group could not be told how far the ledger is", zap.Error(failed))
		s.noteAgain(noted)
	}
}

// noteAgain keeps what the group wasn't told of the partitions that are still ours, unless they are farther by now.
func (s *session) noteAgain(untold map[string]map[int32]kgo.EpochOffset) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for key := range s.ours {
		at, ok := untold[key.topic][key.id]
		if _, farther := s.lag[key.topic][key.id]; ok && !farther {
			s.note(key.topic, key.id, at.Offset)
		}
	}
}
