package remotewrite

import (
	"errors"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"github.com/klauspost/compress/snappy"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/component/componenttest"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/consumer/consumererror"
	"google.golang.org/protobuf/encoding/protowire"
)

const (
	okay  = `http_requests_total{code="200",instance="a:80",job="shop"}`
	wrong = `http_requests_total{code="500",instance="a:80",job="shop"}`
	other = `go_goroutines{instance="a:80",job="shop"}`
)

func TestWhatIsPushedIsCountedOnceItsScrapeIsThere(t *testing.T) {
	for name, contentType := range map[string]string{
		"1.0": type1, "1.0 by its name": type1 + ";proto=prometheus.WriteRequest", "2.0": type2,
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				w.tick(t)
				for i := range 4 { // each scrape in two requests, the second of which is sent again
					at := time.Now()
					require.Equal(t, http.StatusNoContent, w.send(contentType, sent{okay, at, float64(100 + 10*i)}, sent{other, at, 7}).Code)
					time.Sleep(2 * time.Second)
					if i > 0 {
						for range 2 {
							require.Equal(t, http.StatusNoContent, w.send(contentType, sent{wrong, at, float64(i)}).Code)
						}
					}
					time.Sleep(13 * time.Second)
				}
				require.Equal(t, [2]int64{33, 3}, w.requests(), "the first error counts, and what was before isn't known to be of now")
				require.Zero(t, w.lost())
			})
		})
	}
}

func TestPodsThatAreToldOfHaveAVersion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.tick(t)
		for i := range 4 {
			at := time.Now()
			require.Equal(t, http.StatusNoContent, w.send(type1,
				sent{`http_requests_total{code="200",instance="a:80",job="shop",namespace="shop",pod="web-1",container="app"}`, at, float64(10 * i)},
				sent{`kube_pod_container_info{instance="k:80",job="ksm",namespace="shop",pod="web-1",container="app",image="r/app:v2"}`, at, 1},
			).Code)
			time.Sleep(15 * time.Second)
		}
		require.Equal(t, [2]int64{30, 0}, w.requests())
		for _, m := range w.cells {
			require.Equal(t, "v2", m.Version)
		}
	})
}

func TestWhatIsHeldIsHandedOnAtTheEnd(t *testing.T) {
	w := newWorld(t)
	require.NoError(t, w.Start(t.Context(), componenttest.NewNopHost()))
	at := time.Now()
	w.send(type1, sent{okay, at.Add(time.Second), 1}, sent{okay, at.Add(2 * time.Second), 5})
	require.Zero(t, w.requests())
	require.NoError(t, w.Shutdown(t.Context()))
	require.Equal(t, [2]int64{4, 0}, w.requests())
}

func TestAnswers(t *testing.T) {
	good := snappy.Encode(nil, encode(type1, sent{okay, time.Now(), 1}))
	bomb := protowire.AppendVarint(nil, 1<<31) // the length that a snappy block says it has
	for name, test := range map[string]struct {
		contentType, encoding string
		body                  []byte
		code                  int
		says                  string
	}{
		"a request of 1.0":                   {type1, "snappy", good, 204, ""},
		"another message":                    {type1 + ";proto=io.prometheus.write.v3.Request", "snappy", good, 415, "proto=prometheus.WriteRequest"},
		"another type":                       {"application/json", "snappy", good, 415, "application/x-protobuf"},
		"no type":                            {"", "snappy", good, 415, "application/x-protobuf"},
		"another encoding":                   {type1, "zstd", good, 415, "must be snappy"},
		"no encoding":                        {type1, "", good, 415, "must be snappy"},
		"bytes that snappy can't read":       {type1, "snappy", []byte("xyzzy"), 400, "snappy's block format"},
		"a body that ends in between":        {type1, "snappy", good[:len(good)-2], 400, "snappy's block format"},
		"bytes that are no message":          {type1, "snappy", snappy.Encode(nil, []byte{0xff}), 400, "not in protobuf"},
		"a body that says it is two GiB":     {type1, "snappy", bomb, 413, "max_request_body_size"},
		"a body that is too large as it is":  {type1, "snappy", make([]byte, 33<<20), 413, "max_request_body_size"},
		"a series without a name":            {type1, "snappy", snappy.Encode(nil, encode(type1, sent{`{job="a"}`, time.Now(), 1})), 400, "1 series can't be used, the others were taken: a series without __name__"},
		"a sample that is far in the future": {type1, "snappy", snappy.Encode(nil, encode(type1, sent{okay, time.Now().Add(time.Hour), 1})), 400, "10m0s ahead"},
	} {
		t.Run(name, func(t *testing.T) {
			answer := newWorld(t).post(test.contentType, test.encoding, test.body)
			require.Equal(t, test.code, answer.Code, answer.Body)
			require.Contains(t, answer.Body.String(), test.says)
		})
	}
}

func TestASenderOf2IsToldWhatWasWritten(t *testing.T) {
	w := newWorld(t)
	now := time.Now()
	answer := w.send(type2, sent{okay, now, 1}, sent{`{job="a"}`, now, 1}, sent{other, now, 3})
	require.Equal(t, http.StatusBadRequest, answer.Code)
	require.Equal(t, "2", answer.Header().Get("X-Prometheus-Remote-Write-Samples-Written"), "what is of no use here was written as well")
	require.Equal(t, "0", answer.Header().Get("X-Prometheus-Remote-Write-Histograms-Written"))
	require.Equal(t, "0", answer.Header().Get("X-Prometheus-Remote-Write-Exemplars-Written"))
	require.Empty(t, w.send(type1, sent{okay, now, 1}).Header().Get("X-Prometheus-Remote-Write-Samples-Written"))
}

func TestWhenNobodyTakesPointsSendersComeAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		began := time.Now()
		w.send(type1, sent{okay, began, 1}, sent{okay, began.Add(time.Millisecond), 4})
		time.Sleep(defaultHold)
		w.refuse(errors.New("no memory"))
		for range 2 {
			answer := w.send(type1, sent{okay, began.Add(10 * time.Second), 9})
			require.Equal(t, http.StatusServiceUnavailable, answer.Code)
			require.Equal(t, "5", answer.Header().Get("Retry-After"))
			require.NotContains(t, answer.Body.String(), "no memory")
		}
		w.refuse(nil)
		require.Equal(t, http.StatusNoContent, w.send(type1, sent{okay, began.Add(10 * time.Second), 9}).Code)
		require.NoError(t, w.Start(t.Context(), componenttest.NewNopHost()))
		require.NoError(t, w.Shutdown(t.Context()))
		require.Equal(t, [2]int64{8, 0}, w.requests(), "each request counts once, whatever was sent again")
		require.Zero(t, w.lost())

		w.refuse(consumererror.NewPermanent(errors.New("never")))
		w.send(type1, sent{okay, began.Add(20 * time.Second), 10})
		w.held.end(t.Context())
		require.Positive(t, w.lost())
	})
}

func TestWithoutMemorySendersComeAgain(t *testing.T) {
	w := newWorld(t)
	w.budget.Resize(1)
	answer := w.send(type1, sent{okay, time.Now(), 1})
	require.Equal(t, http.StatusServiceUnavailable, answer.Code)
	require.Equal(t, "5", answer.Header().Get("Retry-After"))
	require.Zero(t, w.budget.Used())
}

func TestTheServerTakesPostsAtOnePath(t *testing.T) {
	w := newWorld(t)
	require.NoError(t, w.Start(t.Context(), componenttest.NewNopHost()))
	defer func() { require.NoError(t, w.Shutdown(t.Context())) }()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	for path, want := range map[string]int{path: http.StatusMethodNotAllowed, "/": http.StatusNotFound} {
		answer, err := client.Get("http://" + w.addr.String() + path)
		require.NoError(t, err)
		require.NoError(t, answer.Body.Close())
		require.Equal(t, want, answer.StatusCode, path)
	}
	second := newWorld(t, func(c *Config) { c.ServerConfig.NetAddr.Endpoint = w.addr.String() })
	require.ErrorContains(t, second.Start(t.Context(), componenttest.NewNopHost()), "::endpoint sets another address")
	require.NoError(t, second.Shutdown(t.Context()))
}

func TestWhatAConfigurationMayNotSay(t *testing.T) {
	for want, keys := range map[string]map[string]any{
		"hold: 10m0s: must be from 0s to 5m":                {"hold": "10m"},
		"max_connections: must be at least 1":               {"max_connections": 0},
		"max_request_body_size: 0: must be from 1 to":       {"max_request_body_size": 0},
		`off: "istioo" is no family; those there are: otel`: {"off": []any{"istioo"}},
	} {
		cfg := defaultConfig().(*Config)
		require.NoError(t, confmap.NewFromStringMap(keys).Unmarshal(cfg))
		require.ErrorContains(t, cfg.Validate(), want)
	}
	require.NoError(t, componenttest.CheckConfigStruct(defaultConfig()))
}
