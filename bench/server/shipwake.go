package server

import (
	"context"
	"errors"
	"fmt"
	"os"
)

// Shipwake starts the daemon on its default configuration: only addresses and the data directory differ, and what the
// arguments set.
func Shipwake(ctx context.Context, binary string, environment []string, args ...string) (*Server, error) {
	s := &Server{}
	var hooks, web string
	if err := freeAddresses(&s.OTLP, &s.OTLPHTTP, &hooks, &web); err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "shipwake-bench-")
	if err != nil {
		return nil, err
	}
	s.dir = dir
	s.url, s.Hooks = "http://"+web+"/metrics", "http://"+hooks+"/hooks/"
	err = s.start(ctx, environment, binary, append([]string{
		"--data-dir", dir + "/data",
		"--set=receivers.otlp.protocols.grpc.endpoint=" + s.OTLP,
		"--set=receivers.otlp.protocols.http.endpoint=" + s.OTLPHTTP,
		"--set=receivers.change_webhook.endpoint=" + hooks,
		"--set=extensions.correlate.web.endpoint=" + web,
		"--set=service.telemetry.logs.level=warn",
	}, args...)...)
	if err != nil {
		return nil, errors.Join(err, s.Stop())
	}
	return s, nil
}

// CheckTelemetry fails unless the daemon says that it received so many spans or points and used or knowingly left out
// every one of them.
func CheckTelemetry(m Samples, signal string, sent int) error {
	used := m.Sum("shipwake_telemetry_total", `signal="`+signal+`"`, `result="accepted"`) +
		m.Sum("shipwake_telemetry_total", `signal="`+signal+`"`, `result="ignored"`)
	all := m.Sum("shipwake_telemetry_total", `signal="`+signal+`"`)
	lost := m.Sum("shipwake_cells_total")
	if used != float64(sent) || all != float64(sent) || lost != 0 {
		return fmt.Errorf("shipwake used %.0f of %d %s, counted %.0f, and left out %.0f cells", used, sent, signal, all, lost)
	}
	return nil
}
