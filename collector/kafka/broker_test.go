//go:build kafka

package kafka

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	kafkago "github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/internal/freeport"
)

// brokerVersion is the release in testdata/broker/pom.xml.
const brokerVersion = "4.1.2"

// skip says loudly why there is no real broker, where make and CI see it.
func skip(t *testing.T, format string, args ...any) {
	fmt.Printf("\nSKIP kafka: "+format+"\n", args...)
	t.SkipNow()
}

// brokerJars returns a folder with the broker and its dependencies, from Maven Central at the first time.
func brokerJars(t *testing.T) string {
	if _, err := exec.LookPath("java"); err != nil {
		skip(t, "java is not installed; it takes version 17 or newer")
	}
	cache, err := os.UserCacheDir()
	require.NoError(t, err)
	jars := filepath.Join(cache, "shipwake", "kafka", brokerVersion)
	if _, err := os.Stat(filepath.Join(jars, "kafka_2.13-"+brokerVersion+".jar")); err == nil {
		return jars
	}
	if _, err := exec.LookPath("mvn"); err != nil {
		skip(t, "mvn is not installed, and Apache Kafka %s is not in %s", brokerVersion, jars)
	}
	fetched := jars + ".part"
	require.NoError(t, os.RemoveAll(fetched))
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	out, err := exec.CommandContext(ctx, "mvn", "-q", "-B", "-f", "testdata/broker/pom.xml",
		"dependency:copy-dependencies", "-DoutputDirectory="+fetched).CombinedOutput()
	if err != nil {
		skip(t, "Apache Kafka %s can't be had from Maven Central: %v: %s", brokerVersion, err, firstLine(out))
	}
	require.NoError(t, os.RemoveAll(jars))
	require.NoError(t, os.Rename(fetched, jars))
	return jars
}

func firstLine(out []byte) string {
	line, _, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
	return line
}

// startBroker runs one node that is controller and broker, and returns its address. It ends with the test.
func startBroker(t *testing.T, jars string) string {
	dir := t.TempDir()
	address, controller := freeAddress(t), freeAddress(t)
	properties := filepath.Join(dir, "server.properties")
	require.NoError(t, os.WriteFile(properties, fmt.Appendf(nil, `process.roles=broker,controller
node.id=1
controller.quorum.voters=1@%[2]s
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://%[1]s,CONTROLLER://%[2]s
advertised.listeners=PLAINTEXT://%[1]s
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs=%[3]s
auto.create.topics.enable=false
offsets.topic.replication.factor=1
offsets.topic.num.partitions=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
group.initial.rebalance.delay.ms=0
`, address, controller, filepath.Join(dir, "log")), 0o600))
	out, err := java(jars, "kafka.tools.StorageTool", "format", "-t", "c2hpcHdha2UtdGVzdC0wMQ", "-c", properties).CombinedOutput()
	if bytes.Contains(out, []byte("UnsupportedClassVersionError")) {
		skip(t, "java is too old for Apache Kafka %s; it takes version 17 or newer", brokerVersion)
	}
	require.NoError(t, err, string(out))

	log, err := os.Create(filepath.Join(dir, "broker.out"))
	require.NoError(t, err)
	broker := java(jars, "kafka.Kafka", properties)
	broker.Stdout, broker.Stderr = log, log
	require.NoError(t, broker.Start())
	t.Cleanup(func() {
		_ = broker.Process.Kill()
		_ = broker.Wait()
		_ = log.Close()
		if t.Failed() {
			said, _ := os.ReadFile(log.Name())
			t.Logf("the broker said: %s", said)
		}
	})
	return address
}

func java(jars string, args ...string) *exec.Cmd {
	return exec.Command("java", append([]string{"-Xmx512m", "-cp", filepath.Join(jars, "*")}, args...)...)
}

func freeAddress(t *testing.T) string {
	t.Helper()
	address, err := freeport.Address()
	require.NoError(t, err)
	return address
}

// createTopics waits until the broker is up.
func createTopics(t *testing.T, address string, partitions int, topics ...string) {
	var configs []kafkago.TopicConfig
	for _, topic := range topics {
		configs = append(configs, kafkago.TopicConfig{Topic: topic, NumPartitions: partitions, ReplicationFactor: 1})
	}
	require.EventuallyWithT(t, func(c *assertCollect) {
		conn, err := kafkago.Dial("tcp", address)
		if !noError(c, err) {
			return
		}
		defer func() { _ = conn.Close() }()
		noError(c, conn.CreateTopics(configs...))
	}, 90*time.Second, 500*time.Millisecond, "the broker did not start")
}
