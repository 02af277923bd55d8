package kafka

import (
	"context"
	"crypto/ed25519"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"math/rand/v2"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/config/configtls"
	"go.opentelemetry.io/collector/receiver/receivertest"

	"github.com/shipwake/shipwake/collector/source"
	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/internal/kafkaclient"
)

// Each case is a story told in virtual time; at its end everything produced must have been applied exactly once.
func TestProducedIsAppliedOnce(t *testing.T) {
	cases := map[string]func(*world){
		"messages that were there before the first start are read": func(w *world) {
			w.produce(0, 250)
			w.produce(2, 7)
			w.join()
		},
		"a second member takes over a part and gives it back": func(w *world) {
			w.join()
			w.trickle(3 * time.Second)
			second := w.join()
			w.trickle(20 * time.Second)
			second.leave()
			w.trickle(20 * time.Second)
		},
		"a member that is stopped and started again goes on where it was": func(w *world) {
			first := w.join()
			w.trickle(5 * time.Second)
			first.leave()
			w.produce(1, 30)
			w.join()
			w.trickle(5 * time.Second)
		},
		"a member killed after reading and before the commit": func(w *world) {
			first := w.join()
			w.trickle(3 * time.Second)
			w.ledger.hook(func(correlate.Move) error {
				first.kill()
				return errors.New("killed")
			}, nil)
			w.produce(0, 10)
			w.settle("killed", func() bool { return first.cable.isPulled() })
			w.ledger.hook(nil, nil)
			w.join()
			w.trickle(15 * time.Second)
		},
		"a member killed after the commit and before it learned of it": func(w *world) {
			first := w.join()
			w.trickle(3 * time.Second)
			w.ledger.hook(nil, func(correlate.Move) error {
				first.kill()
				return errors.New("killed")
			})
			w.produce(0, 10)
			w.settle("killed", func() bool { return first.cable.isPulled() })
			w.ledger.hook(nil, nil)
			w.join()
			w.trickle(15 * time.Second)
		},
		"a commit whose answer got lost is not repeated": func(w *world) {
			w.join()
			var lost atomic.Bool
			w.ledger.hook(nil, func(correlate.Move) error {
				if lost.CompareAndSwap(false, true) {
					return fmt.Errorf("deadline exceeded: %w", correlate.ErrUnavailable)
				}
				return nil
			})
			w.produce(0, 10)
			w.trickle(5 * time.Second)
			require.EqualValues(w.t, 1, w.count(resultFenced))
		},
		"a broker that is away for half an hour": func(w *world) {
			m := w.join()
			w.trickle(3 * time.Second)
			m.cable.pull()
			w.produce(0, 50)
			time.Sleep(30 * time.Minute)
			m.cable.plug()
			w.trickle(15 * time.Second)
		},
		"a ledger that takes nothing for ten minutes": func(w *world) {
			w.join()
			w.ledger.hook(func(correlate.Move) error { return correlate.ErrUnavailable }, nil)
			w.produce(0, 10)
			w.produce(1, 10)
			time.Sleep(10 * time.Minute)
			require.Zero(w.t, w.ledger.changes())
			w.ledger.hook(nil, nil)
			w.trickle(5 * time.Second)
			require.Positive(w.t, w.count(resultRetried))
			require.Zero(w.t, w.count(resultFenced))
		},
		"a ledger that can't tell the offset yet": func(w *world) {
			w.ledger.fail(correlate.ErrUnavailable)
			w.join()
			w.produce(0, 10)
			time.Sleep(time.Minute)
			w.ledger.fail(nil)
		},
		"a ledger that refuses for good, until it is repaired": func(w *world) {
			w.join()
			w.ledger.hook(func(correlate.Move) error { return errors.New("no") }, nil)
			w.produce(0, 10)
			time.Sleep(time.Minute)
			require.Less(w.t, w.count(resultRefused), int64(15), "no storm of rejoins")
			require.Positive(w.t, w.count(resultRefused))
			w.ledger.hook(nil, nil)
		},
		"a topic that gets more partitions": func(w *world) {
			w.join()
			w.trickle(3 * time.Second)
			w.addPartitions("deploys", 4)
			w.produce(3, 10)
		},
	}
	for name, story := range cases {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, 3)
				story(w)
				w.requireOnce()
			})
		})
	}
}

func TestAReaderThatLostItsPartitionWritesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		zombie := w.join()
		w.produce(0, 5)
		w.settle("first changes", func() bool { return w.ledger.changes() == 5 })

		// The first reader to arrive sleeps between reading and committing, cut off from the broker; the second takes
		// the partition over and moves the offset.
		asleep, wake := make(chan struct{}), make(chan struct{})
		var first atomic.Bool
		w.ledger.hook(func(correlate.Move) error {
			if first.CompareAndSwap(false, true) {
				close(asleep)
				<-wake
			}
			return nil
		}, nil)
		w.produce(0, 5)
		<-asleep
		zombie.cable.pull()
		w.join()
		w.settle("taken over", func() bool { return w.ledger.changes() == 10 })
		require.Zero(t, w.count(resultFenced))
		close(wake)
		w.settle("fenced", func() bool { return w.count(resultFenced) == 1 })

		zombie.cable.plug()
		w.produce(0, 5)
		w.requireOnce()
	})
}

func TestAMessageThatCannotBeReadIsKeptAndPassedOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		w.join()
		w.produce(0, 1)
		w.write("deploys", 0, &kgo.Record{Value: []byte("}{")}, &kgo.Record{Key: []byte("tombstone")})
		w.produce(0, 1)
		w.requireOnce()
		require.EqualValues(t, 2, w.count(resultQuarantined))
		require.EqualValues(t, 2, w.count(resultRead))
		kept := w.ledger.all()[1]
		require.Equal(t, "}{", string(kept.Body))
		require.Equal(t, "lines", kept.Source)
		require.Equal(t, "unreadable: $: JSON", kept.Problem)
	})
}

func TestATruncatedLogIsAGapThatIsRecordedOnce(t *testing.T) {
	cases := map[string]func(*world, *running) *running{
		"while the member was away": func(w *world, m *running) *running {
			m.leave()
			w.produceLost(0, 40)
			require.NoError(w.t, w.broker.DeleteRecords("deploys", 0, 50))
			return w.join()
		},
		"while the member was cut off": func(w *world, m *running) *running {
			m.cable.pull()
			w.produceLost(0, 40)
			require.NoError(w.t, w.broker.DeleteRecords("deploys", 0, 50))
			m.cable.plug()
			return m
		},
	}
	for name, truncate := range cases {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, 1)
				m := w.join()
				w.produce(0, 10)
				w.settle("first changes", func() bool { return w.ledger.changes() == 10 })
				m = truncate(w, m)
				w.settle("gap recorded", func() bool { return w.count(resultLost) == 40 })
				w.produce(0, 10)
				w.requireOnce()
				m.leave()
				w.join()
				w.produce(0, 1)
				w.requireOnce()
				require.EqualValues(t, 40, w.count(resultLost))
			})
		})
	}
}

func TestALogThatWasNeverReadHasLostNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		w.produceLost(0, 20)
		require.NoError(t, w.broker.DeleteRecords("deploys", 0, 20))
		w.join()
		w.produce(0, 5)
		w.requireOnce()
		require.Zero(t, w.count(resultLost))
	})
}

func TestATopicCreatedAgainIsReadFromItsBeginning(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		w.join()
		w.produce(0, 20)
		w.settle("first changes", func() bool { return w.ledger.changes() == 20 })
		require.NoError(t, w.broker.DeleteTopic("deploys"))
		time.Sleep(time.Minute)
		require.NoError(t, w.broker.CreateTopic("deploys", 1, nil))
		w.produce(0, 5)
		w.requireOnce()
		require.EqualValues(t, 1, w.count(resultRewound))
		seen := map[string]bool{}
		for _, d := range w.ledger.all() {
			require.False(t, seen[d.ID], d.ID)
			seen[d.ID] = true
		}
	})
}

func TestATopicThatDoesNotExistYetIsReadWhenItDoes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		c := w.config()
		c.Topics = append(c.Topics, TopicConfig{Topic: "later", Source: "lines"})
		w.joinWith(c)
		w.produce(0, 5)
		time.Sleep(5 * time.Minute)
		require.NoError(t, w.broker.CreateTopic("later", 2, nil))
		w.produced["late"] = true
		w.write("later", 1, &kgo.Record{Value: []byte(`{"change": "late"}`)})
		w.requireOnce()
	})
}

func TestReadingGoesOnAfterALeaderThatIsNone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		w.join()
		w.produce(0, 5)
		w.settle("first changes", func() bool { return w.ledger.changes() == 5 })
		fault := w.broker.Fault(kfake.Fault{Keys: []kmsg.Key{kmsg.Fetch}, Err: kerr.NotLeaderForPartition, Count: -1})
		w.produce(0, 5)
		time.Sleep(3 * time.Minute)
		require.Equal(t, 5, w.ledger.changes())
		fault.Remove()
		w.requireOnce()
	})
}

func TestAPartitionThatWasQuietForAnHourIsRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		w.join()
		w.produce(0, 1)
		time.Sleep(time.Hour)
		w.produce(0, 1)
		w.requireOnce()
	})
}

// Members come, go, die and are cut off in random order while changes are written.
func TestProducedIsAppliedOnceInAChaosOfMembers(t *testing.T) {
	for seed := range uint64(5) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, 4)
				random := rand.New(rand.NewPCG(seed, 7))
				members := []*running{w.join()}
				for range 40 {
					i := random.IntN(len(members))
					switch action := random.IntN(6); {
					case action == 0 && len(members) < 4:
						members = append(members, w.join())
					case action == 1 && len(members) > 1:
						members[i].leave()
						members = append(members[:i], members[i+1:]...)
					case action == 2:
						w.stable()
						members[i].kill()
						members[i] = w.join()
					case action == 3:
						w.stable()
						members[i].cable.pull()
						time.Sleep(time.Duration(random.IntN(20_000)) * time.Millisecond)
						members[i].cable.plug()
					case action == 4:
						w.ledger.hook(func(correlate.Move) error {
							time.Sleep(15 * time.Second)
							return correlate.ErrUnavailable
						}, nil)
						time.Sleep(time.Duration(random.IntN(20_000)) * time.Millisecond)
						w.ledger.hook(nil, nil)
					}
					w.produce(random.Int32N(4), 1+random.IntN(150))
					time.Sleep(time.Duration(random.IntN(10_000)) * time.Millisecond)
				}
				w.requireOnce()
			})
		})
	}
}

func TestStartNeedsAnIntake(t *testing.T) {
	m, err := newMember(receivertest.NewNopSettings(Type), (&world{}).config(), []source.Source{lines()}, &correlate.Tally{})
	require.NoError(t, err)
	require.ErrorContains(t, m.Start(t.Context(), componenttest.NewNopHost()), "put `correlate:` under `extensions:`")
	require.NoError(t, m.Shutdown(t.Context()))
}

func TestShutdownDoesNotWaitForASilentBroker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1)
		w.join()
		time.Sleep(5 * time.Second)
		second := w.join() // waits in the join until the first rejoins
		time.Sleep(10 * time.Millisecond)
		began := time.Now()
		require.NoError(t, second.Shutdown(context.Background()))
		require.LessOrEqual(t, time.Since(began), shutdownGrace)
	})
}

func TestSASL(t *testing.T) {
	for _, mechanism := range []string{"PLAIN", "SCRAM-SHA-256", "scram-sha-512"} {
		t.Run(mechanism, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, 1, kfake.EnableSASL(),
					kfake.Superuser("PLAIN", "ship", "wake"), kfake.Superuser("SCRAM-SHA-256", "ship", "wake"), kfake.Superuser("SCRAM-SHA-512", "ship", "wake"))
				c := w.config()
				c.SASL = &kafkaclient.SASL{Mechanism: mechanism, Username: "ship", Password: "wake"}
				w.joinWith(c)
				w.settle("joined", func() bool { return w.broker.GroupInfo("shipwake") != nil })
			})
		})
	}
}

func TestTLS(t *testing.T) {
	certificate, pem := selfSigned(t)
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 1, kfake.TLS(&tls.Config{Certificates: []tls.Certificate{certificate}}))
		c := w.config()
		c.TLS = &configtls.ClientConfig{Config: configtls.Config{CAPem: configopaque.String(pem)}, ServerName: "localhost"}
		w.joinWith(c)
		w.settle("joined", func() bool { return w.broker.GroupInfo("shipwake") != nil })
	})
}

// selfSigned is a certificate for localhost that is valid at the beginning of virtual time.
func selfSigned(t *testing.T) (tls.Certificate, []byte) {
	_, key, err := ed25519.GenerateKey(nil)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{"localhost"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Date(1999, 1, 1, 0, 0, 0, 0, time.UTC), NotAfter: time.Date(2999, 1, 1, 0, 0, 0, 0, time.UTC),
	}
	der, err := x509.CreateCertificate(nil, template, template, key.Public(), key)
	require.NoError(t, err)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key},
		pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

// stable waits until nobody is joining the group. The in-process broker never forgets a member whose connection breaks
// while it waits for the answer to a join, and puts the end of the rebalance off with each new join.
func (w *world) stable() {
	w.settle("stable", func() bool {
		group := w.broker.GroupInfo("shipwake")
		return group != nil && group.State == "Stable"
	})
}

// trickle writes a few changes to each of the three partitions every 100 ms.
func (w *world) trickle(d time.Duration) {
	for began := time.Now(); time.Since(began) < d; time.Sleep(100 * time.Millisecond) {
		for partition := range int32(3) {
			w.produce(partition, 2)
		}
	}
}

// produceLost writes messages that will be removed before anybody reads them.
func (w *world) produceLost(partition int32, n int) {
	for range n {
		w.write("deploys", partition, &kgo.Record{Value: []byte(`{"change": "lost"}`)})
	}
}

func (w *world) addPartitions(topic string, count int32) {
	client := w.producer()
	defer client.Close()
	answer, err := kadm.NewClient(client).UpdatePartitions(context.Background(), int(count), topic)
	require.NoError(w.t, err)
	require.NoError(w.t, answer.Error())
}

func (c *cable) isPulled() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.pulled
}
