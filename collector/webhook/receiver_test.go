package webhook

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/config/configopaque"
	"go.opentelemetry.io/collector/consumer/consumertest"
	"go.opentelemetry.io/collector/receiver/receivertest"

	"github.com/shipwake/shipwake/collector/source/all"
	"github.com/shipwake/shipwake/collector/source/sourcetest"
	"github.com/shipwake/shipwake/correlate"
)

func TestLifecycle(t *testing.T) {
	factory := NewFactory(all.Sources(), &correlate.Tally{})
	require.Equal(t, component.MustNewType("change_webhook"), factory.Type())
	cfg := factory.CreateDefaultConfig().(*Config)
	require.NoError(t, componenttest.CheckConfigStruct(cfg))
	cfg.ServerConfig.NetAddr.Endpoint = "127.0.0.1:0"
	for range 2 {
		r, err := factory.CreateLogs(t.Context(), receivertest.NewNopSettings(Type()), cfg, consumertest.NewNop())
		require.NoError(t, err)
		require.NoError(t, r.Start(t.Context(), sourcetest.NewHost(&sourcetest.Intake{})))
		require.NoError(t, r.Shutdown(t.Context()))
		require.NoError(t, r.Shutdown(t.Context()))
	}
	r, err := factory.CreateLogs(t.Context(), receivertest.NewNopSettings(Type()), cfg, consumertest.NewNop())
	require.NoError(t, err)
	require.NoError(t, r.Shutdown(t.Context()), "never started")
}

func TestAPortInUseSaysWhichSettingChangesIt(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer func() { require.NoError(t, taken.Close()) }()
	factory := NewFactory(all.Sources(), &correlate.Tally{})
	cfg := factory.CreateDefaultConfig().(*Config)
	cfg.ServerConfig.NetAddr.Endpoint = taken.Addr().String()
	set := receivertest.NewNopSettings(Type())
	set.ID = component.NewID(Type())
	r, err := factory.CreateLogs(t.Context(), set, cfg, consumertest.NewNop())
	require.NoError(t, err)
	err = r.Start(t.Context(), sourcetest.NewHost(&sourcetest.Intake{}))
	require.ErrorContains(t, err, taken.Addr().String())
	require.ErrorContains(t, err, "receivers::change_webhook::endpoint")
	require.NoError(t, r.Shutdown(t.Context()))
}

func TestWithoutOneIntakeNothingIsTaken(t *testing.T) {
	factory := NewFactory(all.Sources(), &correlate.Tally{})
	cfg := factory.CreateDefaultConfig().(*Config)
	cfg.ServerConfig.NetAddr.Endpoint = "127.0.0.1:0"
	two := sourcetest.NewHost(&sourcetest.Intake{})
	two[component.MustNewIDWithName("correlate", "second")] = &sourcetest.Intake{}
	for name, c := range map[string]struct {
		host component.Host
		want string
	}{
		"none": {sourcetest.Host{}, "no extension keeps deliveries: put `correlate:` under `extensions:`"},
		"two":  {two, "there are two correlate extensions"},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := factory.CreateLogs(t.Context(), receivertest.NewNopSettings(Type()), cfg, consumertest.NewNop())
			require.NoError(t, err)
			require.ErrorContains(t, r.Start(t.Context(), c.host), c.want)
			require.NoError(t, r.Shutdown(t.Context()))
		})
	}
}

func TestShutdownWaitsForTheDeliveryUnderWay(t *testing.T) {
	r := start(t, nil)
	release := r.hold()
	conn := r.dial(t)
	_, err := fmt.Fprintf(conn, "POST /hooks/generic HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n%s", len(change), change)
	require.NoError(t, err)
	require.Eventually(t, func() bool { return r.handler.budget.Used() > 0 }, time.Second, time.Millisecond)

	down := make(chan error, 1)
	go func() { down <- r.Shutdown(context.Background()) }()
	select {
	case <-down:
		t.Fatal("Shutdown must wait")
	case <-time.After(20 * time.Millisecond):
	}
	release()
	require.NoError(t, <-down)
	require.Equal(t, http.StatusAccepted, readStatus(t, conn))
	require.Len(t, r.intake.Entries(), 1)
}

func TestADeliveryIsKeptAlthoughItsSenderHangsUp(t *testing.T) {
	r := start(t, nil)
	release := r.hold()
	conn := r.dial(t)
	_, err := fmt.Fprintf(conn, "POST /hooks/generic HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n%s", len(change), change)
	require.NoError(t, err)
	require.Eventually(t, func() bool { return r.handler.budget.Used() > 0 }, time.Second, time.Millisecond)
	require.NoError(t, conn.Close())
	release()
	require.Eventually(t, func() bool { return len(r.intake.Entries()) == 1 }, time.Second, time.Millisecond)
}

func TestABodyThatIsCutShortIsNotTaken(t *testing.T) {
	r := start(t, nil)
	conn := r.dial(t)
	_, err := fmt.Fprintf(conn, "POST /hooks/generic HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n%s", len(change)+10, change)
	require.NoError(t, err)
	require.NoError(t, conn.(*net.TCPConn).CloseWrite())
	require.Equal(t, http.StatusBadRequest, readStatus(t, conn))
	require.Empty(t, r.intake.Entries())
}

func TestSlowSendersAreCutOff(t *testing.T) {
	r := start(t, func(cfg *Config) {
		cfg.ServerConfig.ReadHeaderTimeout = 50 * time.Millisecond
		cfg.ServerConfig.ReadTimeout = 100 * time.Millisecond
	})
	t.Run("in the header", func(t *testing.T) {
		conn := r.dial(t)
		_, err := io.WriteString(conn, "POST /hooks/generic HTTP/1.1\r\nHo")
		require.NoError(t, err)
		rest, _ := io.ReadAll(conn)
		require.NotContains(t, string(rest), "202")
	})
	t.Run("in the body", func(t *testing.T) {
		conn := r.dial(t)
		_, err := io.WriteString(conn, "POST /hooks/generic HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n{")
		require.NoError(t, err)
		require.Equal(t, http.StatusRequestTimeout, readStatus(t, conn))
	})
	require.Zero(t, r.handler.budget.Used(), "every byte of the budget is given back")
}

func TestAFullBudgetAsksToComeBack(t *testing.T) {
	r := start(t, nil)
	r.handler.budget.Resize(100)
	status, header, answer := r.send(t, "POST", "/hooks/generic", nil, []byte(change))
	require.Equal(t, http.StatusServiceUnavailable, status)
	require.NotEmpty(t, header.Get("Retry-After"))
	require.Contains(t, answer, "too many bodies")
	require.Zero(t, r.handler.budget.Used())
	require.Equal(t, map[string]int64{"unavailable": 1}, r.counted("generic"))
}

func (r *running) dial(t *testing.T) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", r.addr.String())
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func readStatus(t *testing.T, conn net.Conn) int {
	t.Helper()
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	require.NoError(t, err)
	defer func() { _ = res.Body.Close() }()
	return res.StatusCode
}

// TestWhatTheConfigurationAsksForIsPutBetween: with more asked for than a listener, the Collector's own layers are there.
func TestWhatTheConfigurationAsksForIsPutBetween(t *testing.T) {
	for name, header := range map[string]string{"plain": "", "with a header of answers": "eu-1"} {
		t.Run(name, func(t *testing.T) {
			r := start(t, func(c *Config) {
				c.MaxBodySize = 100
				if header != "" {
					c.ServerConfig.ResponseHeaders = configopaque.MapList{{Name: "X-Served-By", Value: configopaque.String(header)}}
				}
			})
			status, answered, _ := r.send(t, http.MethodPost, "/hooks/generic", nil, []byte(change))
			require.Equal(t, http.StatusAccepted, status)
			require.Equal(t, header, answered.Get("X-Served-By"))
			status, _, _ = r.send(t, http.MethodPost, "/hooks/generic", nil, make([]byte, 101))
			require.Equal(t, http.StatusRequestEntityTooLarge, status)
		})
	}
}
