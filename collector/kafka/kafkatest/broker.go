// Package kafkatest answers: how does a test get a real broker?
package kafkatest

import (
	"bytes"
	"context"
	_ "embed"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/shipwake/shipwake/internal/freeport"
)

// Version is the release of Apache Kafka in pom.xml.
const Version = "4.1.2"

//go:embed pom.xml
var pom []byte

// skip says loudly why there is no real broker, where make and CI see it.
func skip(t *testing.T, format string, args ...any) {
	fmt.Printf("\nSKIP kafka: "+format+"\n", args...)
	t.SkipNow()
}

// brokerJars returns a folder with the broker and its dependencies, from Maven Central at the first time. Tests of several
// packages may ask at once: each fetches into a folder of its own, and the first to be complete is the one for all.
func brokerJars(t *testing.T) string {
	if _, err := exec.LookPath("java"); err != nil {
		skip(t, "java is not installed; it takes version 17 or newer")
	}
	cache, err := os.UserCacheDir()
	require.NoError(t, err)
	jars := filepath.Join(cache, "shipwake", "kafka", Version)
	if haveBroker(jars) {
		return jars
	}
	if _, err := exec.LookPath("mvn"); err != nil {
		skip(t, "mvn is not installed, and Apache Kafka %s is not in %s", Version, jars)
	}
	require.NoError(t, os.MkdirAll(filepath.Dir(jars), 0o755))
	fetched, err := os.MkdirTemp(filepath.Dir(jars), "part-")
	require.NoError(t, err)
	defer os.RemoveAll(fetched)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	project := filepath.Join(t.TempDir(), "pom.xml")
	require.NoError(t, os.WriteFile(project, pom, 0o600))
	out, err := exec.CommandContext(ctx, "mvn", "-q", "-B", "-f", project,
		"dependency:copy-dependencies", "-DoutputDirectory="+fetched).CombinedOutput()
	if err != nil {
		skip(t, "Apache Kafka %s can't be had from Maven Central: %v: %s", Version, err, firstLine(out))
	}
	if err := os.Rename(fetched, jars); err != nil && !haveBroker(jars) {
		require.NoError(t, err)
	}
	return jars
}

func haveBroker(jars string) bool {
	_, err := os.Stat(filepath.Join(jars, "kafka_2.13-"+Version+".jar"))
	return err == nil
}

func firstLine(out []byte) string {
	line, _, _ := strings.Cut(strings.TrimSpace(string(out)), "\n")
	return line
}

// Broker is one node that is controller and broker.
type Broker struct {
	t          *testing.T
	jars       string
	properties string
	Address    string
	log        *os.File
	process    *exec.Cmd
}

// Start runs a broker with empty logs. It ends with the test, which is skipped where no broker can be had.
func Start(t *testing.T) *Broker {
	jars := brokerJars(t)
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
transaction.state.log.num.partitions=1
group.initial.rebalance.delay.ms=0
`, address, controller, filepath.Join(dir, "log")), 0o600))
	out, err := java(jars, "kafka.tools.StorageTool", "format", "-t", "c2hpcHdha2UtdGVzdC0wMQ", "-c", properties).CombinedOutput()
	if bytes.Contains(out, []byte("UnsupportedClassVersionError")) {
		skip(t, "java is too old for Apache Kafka %s; it takes version 17 or newer", Version)
	}
	require.NoError(t, err, string(out))
	log, err := os.Create(filepath.Join(dir, "broker.out"))
	require.NoError(t, err)
	b := &Broker{t: t, jars: jars, properties: properties, Address: address, log: log}
	b.Begin()
	t.Cleanup(b.end)
	return b
}

// Begin starts the broker again after Kill, with its logs.
func (b *Broker) Begin() {
	b.process = java(b.jars, "kafka.Kafka", b.properties)
	b.process.Stdout, b.process.Stderr = b.log, b.log
	require.NoError(b.t, b.process.Start())
}

// Kill ends the broker without a goodbye; its logs stay.
func (b *Broker) Kill() {
	_ = b.process.Process.Kill()
	_ = b.process.Wait()
}

func (b *Broker) end() {
	b.Kill()
	_ = b.log.Close()
	if b.t.Failed() {
		said, _ := os.ReadFile(b.log.Name())
		b.t.Logf("the broker said: %s", said[max(0, len(said)-20_000):])
	}
}

// Client connects to the broker.
func (b *Broker) Client(opts ...kgo.Opt) *kgo.Client {
	client, err := kgo.NewClient(append([]kgo.Opt{kgo.SeedBrokers(b.Address)}, opts...)...)
	require.NoError(b.t, err)
	return client
}

// CreateTopics waits until the broker is up.
func (b *Broker) CreateTopics(partitions int32, topics ...string) {
	client := b.Client()
	defer client.Close()
	require.EventuallyWithT(b.t, func(c *assert.CollectT) {
		ctx, cancel := context.WithTimeout(b.t.Context(), 10*time.Second)
		defer cancel()
		answer, err := kadm.NewClient(client).CreateTopics(ctx, partitions, 1, nil, topics...)
		if assert.NoError(c, err) {
			assert.NoError(c, answer.Error())
		}
	}, 90*time.Second, 500*time.Millisecond, "the broker did not start")
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
