package otlp

import (
	"context"
	"slices"

	"go.opentelemetry.io/collector/config/configgrpc"
	"go.opentelemetry.io/collector/config/confighttp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/keepalive"

	"github.com/shipwake/shipwake/collector/listen"
)

// A server is plain when it needs nothing of what the Collector puts between it and its handler: what the configuration asks for
// there, and what pipelines want to know of a sender. What is left of that is a span and metrics of each request, which take
// longer than all that is done with a small one; the receiver's own counters tell of every request.

func (o *otlp) plainHTTP(server *confighttp.ServerConfig) bool {
	return listen.Plain(server) && o.allDirect()
}

func (o *otlp) plainGRPC(server *configgrpc.ServerConfig) bool {
	return !server.Auth.HasValue() && len(server.Middlewares) == 0 && o.allDirect()
}

// allDirect: no pipeline has anything between its bytes and its end.
func (o *otlp) allDirect() bool {
	return !slices.ContainsFunc(o.signals, func(s *signal) bool { return s.end == nil })
}

// plainOptions are what the configuration says of a plain server of gRPC. How large a message may be its handler knows.
func plainOptions(ctx context.Context, c *configgrpc.ServerConfig) ([]grpc.ServerOption, error) {
	options := append(keepaliveOptions(c),
		grpc.MaxConcurrentStreams(c.MaxConcurrentStreams), grpc.ReadBufferSize(c.ReadBufferSize))
	if c.WriteBufferSize > 0 {
		options = append(options, grpc.WriteBufferSize(c.WriteBufferSize))
	}
	if c.TLS.HasValue() {
		secured, err := c.TLS.Get().LoadTLSConfig(ctx)
		if err != nil {
			return nil, err
		}
		options = append(options, grpc.Creds(credentials.NewTLS(secured)))
	}
	return options, nil
}

func keepaliveOptions(c *configgrpc.ServerConfig) (options []grpc.ServerOption) {
	if !c.Keepalive.HasValue() {
		return nil
	}
	if p := c.Keepalive.Get().ServerParameters; p.HasValue() {
		of := p.Get()
		options = append(options, grpc.KeepaliveParams(keepalive.ServerParameters{
			MaxConnectionIdle: of.MaxConnectionIdle, MaxConnectionAge: of.MaxConnectionAge, MaxConnectionAgeGrace: of.MaxConnectionAgeGrace,
			Time: of.Time, Timeout: of.Timeout,
		}))
	}
	if p := c.Keepalive.Get().EnforcementPolicy; p.HasValue() {
		of := p.Get()
		options = append(options, grpc.KeepaliveEnforcementPolicy(keepalive.EnforcementPolicy{
			MinTime: of.MinTime, PermitWithoutStream: of.PermitWithoutStream,
		}))
	}
	return options
}
