package doctor

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/configauth"
	"go.opentelemetry.io/collector/config/confighttp"
	"go.opentelemetry.io/collector/config/configoptional"
	nometrics "go.opentelemetry.io/otel/metric/noop"
	notraces "go.opentelemetry.io/otel/trace/noop"
	"go.uber.org/zap"
)

// longest is the longest answer that is read, in bytes.
const longest = 16 << 20

// open makes a client as the daemon would, with the headers and TLS of its configuration, and without an extension that vouches for
// it: that isn't running here.
func open(ctx context.Context, config confighttp.ClientConfig) (*http.Client, error) {
	config.Auth = configoptional.None[configauth.Config]()
	client, err := config.ToClient(ctx, nil, component.TelemetrySettings{
		Logger: zap.NewNop(), MeterProvider: nometrics.NewMeterProvider(), TracerProvider: notraces.NewTracerProvider(),
	})
	if err != nil {
		return nil, err
	}
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return client, nil
}

// get decodes the JSON of an answer. Its errors don't repeat the URL, which may hold a password.
func get(ctx context.Context, client *http.Client, base, path string, into any) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimSuffix(base, "/")+path, http.NoBody)
	path, _, _ = strings.Cut(path, "?")
	if err != nil {
		return errors.New("its address can't be asked")
	}
	answer, err := client.Do(request)
	if err != nil {
		return withoutURL(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answered %d %s", path, answer.StatusCode, http.StatusText(answer.StatusCode))
	}
	if err := json.NewDecoder(io.LimitReader(answer.Body, longest)).Decode(into); err != nil {
		return fmt.Errorf("%s answered what can't be read: %w", path, err)
	}
	return nil
}

// withoutURL is what went wrong, without the method and the URL before it.
func withoutURL(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}
