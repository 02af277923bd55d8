package otlp

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/component/componentstatus"
	"go.opentelemetry.io/collector/config/confignet"
	"go.opentelemetry.io/collector/receiver"
	"go.opentelemetry.io/collector/receiver/receiverhelper"
	"go.uber.org/zap"
	"google.golang.org/grpc"

	"github.com/shipwake/shipwake/collector/direct"
)

// otlp is the receiver of one configuration: of all its signals, and both protocols. The pipelines of each signal start
// and stop it; the first time counts.
type otlp struct {
	set         receiver.Settings
	config      *Config
	entry       entry
	signals     []*signal
	reportGRPC  *receiverhelper.ObsReport
	reportHTTP  *receiverhelper.ObsReport
	reportKafka *receiverhelper.ObsReport
	forget      func()        // the receiver can't be started again
	patience    time.Duration // for a gRPC message to come

	start, stop sync.Once
	failure     error // of start
	grpc        *grpc.Server
	kafka       *subscriber
	http        *http.Server
	serving     sync.WaitGroup
}

func configOf(cfg component.Config) (*Config, error) {
	config, ok := cfg.(*Config)
	if !ok {
		return nil, fmt.Errorf("the configuration must be an *otlp.Config, not a %T", cfg)
	}
	return config, nil
}

func newReceiver(set receiver.Settings, config *Config, e entry) (*otlp, error) {
	o := &otlp{set: set, config: config, entry: e, patience: readTimeout}
	o.entry.share = config.MaxRequestMemory
	var err error
	for transport, report := range map[string]**receiverhelper.ObsReport{"grpc": &o.reportGRPC, "http": &o.reportHTTP, "kafka": &o.reportKafka} {
		*report, err = receiverhelper.NewObsReport(receiverhelper.ObsReportSettings{
			ReceiverID: set.ID, Transport: transport, ReceiverCreateSettings: set,
		})
		if err != nil {
			return nil, err
		}
	}
	return o, nil
}

// Start listens, and returns when connections are taken.
func (o *otlp) Start(ctx context.Context, host component.Host) error {
	o.start.Do(func() { o.failure = o.listenAll(ctx, host) })
	return o.failure
}

func (o *otlp) listenAll(ctx context.Context, host component.Host) error {
	if o.config.MaxMemory > 0 {
		o.entry.budget.Resize(o.config.MaxMemory)
	}
	o.findEnds(host)
	if o.config.Protocols.GRPC.HasValue() {
		if err := o.startGRPC(ctx, host); err != nil {
			return err
		}
	}
	if o.config.Protocols.HTTP.HasValue() {
		if err := o.startHTTP(ctx, host); err != nil {
			return errors.Join(err, o.Shutdown(ctx))
		}
	}
	if o.config.Protocols.Kafka.HasValue() {
		if err := o.startKafka(host); err != nil {
			return errors.Join(err, o.Shutdown(ctx))
		}
	}
	return nil
}

// findEnds looks for which signals need no decoding, and says which.
func (o *otlp) findEnds(host component.Host) {
	ends := direct.Ends(host)
	for _, s := range o.signals {
		way := "decoded"
		if ends != nil {
			s.end = ends.Of(o.set.ID, s.of)
		}
		if s.end != nil {
			way = "direct"
		}
		o.set.Logger.Info("How requests are read", zap.Stringer("signal", s.of), zap.String("protobuf", way), zap.String("json", "decoded"))
	}
}

// listen takes connections, and reserves what each holds.
func (o *otlp) listen(ctx context.Context, protocol string, at confignet.AddrConfig, each int64) (net.Listener, error) {
	listener, err := at.Listen(ctx)
	if err != nil {
		return nil, fmt.Errorf("can't listen for OTLP on %s: %w; receivers::%s::protocols::%s::endpoint sets another address",
			at.Endpoint, err, o.set.ID, protocol)
	}
	return metered{listener, &o.entry, each, &atomic.Int64{}}, nil
}

// serve runs a server until it is stopped, which it tells by an error of its own.
func (o *otlp) serve(host component.Host, protocol string, listener net.Listener, run func() error, stopped error) {
	o.set.Logger.Info("Taking OTLP", zap.String("protocol", protocol), zap.Stringer("address", listener.Addr()))
	o.serving.Go(func() {
		if err := run(); err != nil && !errors.Is(err, stopped) {
			componentstatus.ReportStatus(host, componentstatus.NewFatalErrorEvent(err))
		}
	})
}

// Shutdown takes no more requests and waits until those that are under way have their answers.
func (o *otlp) Shutdown(ctx context.Context) error {
	var err error
	o.stop.Do(func() {
		o.forget()
		if o.http != nil {
			if err = o.http.Shutdown(ctx); err != nil {
				err = errors.Join(err, o.http.Close())
			}
		}
		if o.grpc != nil {
			stop := context.AfterFunc(ctx, o.grpc.Stop)
			o.grpc.GracefulStop()
			stop()
		}
		if o.kafka != nil {
			o.kafka.stop()
		}
		o.serving.Wait()
	})
	return err
}
