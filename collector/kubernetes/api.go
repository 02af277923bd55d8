package kubernetes

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"time"

	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

const (
	userAgent = "shipwake (change_kubernetes)"
	// requestTimeout bounds a request that isn't a watch.
	requestTimeout = time.Minute
	// maxPage and maxEvent bound what is read of one answer and of one event, in bytes. An object is at most 2 MiB.
	maxPage, maxEvent = 64 << 20, 8 << 20
)

// api is the way to a cluster's API server.
type api struct {
	client *http.Client
	base   string // without a slash at its end
}

// connect is the way that the configuration says, with client-go's credentials: tokens are read again when they change, and
// plugins are run.
func connect(cfg *Config) (api, error) {
	config, err := restConfig(cfg)
	if err != nil {
		return api{}, err
	}
	config.UserAgent = userAgent
	client, err := rest.HTTPClientFor(config)
	if err != nil {
		return api{}, err
	}
	base, _, err := rest.DefaultServerURL(config.Host, "", schema.GroupVersion{}, true)
	if err != nil { // which repeats the address, and a password in it
		return api{}, errors.New("kubeconfig: the cluster's server must be a URL such as https://10.0.0.1:6443")
	}
	return api{client, base.Scheme + "://" + base.Host + trimSlash(base.Path)}, nil
}

func trimSlash(path string) string {
	for len(path) > 0 && path[len(path)-1] == '/' {
		path = path[:len(path)-1]
	}
	return path
}

func restConfig(cfg *Config) (*rest.Config, error) {
	if cfg.Kubeconfig == "" {
		config, err := rest.InClusterConfig()
		if errors.Is(err, rest.ErrNotInCluster) {
			return nil, errors.New("kubeconfig: required, since this doesn't run in a pod")
		}
		return config, err
	}
	if _, err := os.Stat(cfg.Kubeconfig); err != nil {
		return nil, fmt.Errorf("kubeconfig: %w", err)
	}
	rules := &clientcmd.ClientConfigLoadingRules{ExplicitPath: cfg.Kubeconfig}
	config, err := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, &clientcmd.ConfigOverrides{CurrentContext: cfg.Context}).ClientConfig()
	if err != nil {
		return nil, fmt.Errorf("kubeconfig: %w", err)
	}
	return config, nil
}

// statusError is a refusal of the server (meta.k8s.io/v1, Status).
type statusError struct {
	Code    int           `json:"code"`
	Reason  string        `json:"reason"`
	Message string        `json:"message"`
	wait    time.Duration // how long to leave it alone, if it says so
}

func (e *statusError) Error() string {
	if e.Message == "" {
		return fmt.Sprintf("the API server answers with %d %s", e.Code, http.StatusText(e.Code))
	}
	return fmt.Sprintf("the API server answers with %d: %s", e.Code, e.Message)
}

// is tells whether an error is the server's refusal with a code.
func is(err error, code int) bool {
	var status *statusError
	return errors.As(err, &status) && status.Code == code
}

// get reads one answer.
func (a api) get(ctx context.Context, path string, query url.Values, into any) error {
	ctx, cancel := context.WithTimeout(ctx, requestTimeout)
	defer cancel()
	body, err := a.open(ctx, path, query)
	if err != nil {
		return err
	}
	defer body.Close()
	if err := json.NewDecoder(&bounded{Reader: body, left: maxPage}).Decode(into); err != nil {
		return fmt.Errorf("the API server's answer can't be read: %w", err)
	}
	return nil
}

// open sends a request and returns the body of the answer, or a *statusError.
func (a api) open(ctx context.Context, path string, query url.Values) (io.ReadCloser, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, a.base+path+"?"+query.Encode(), nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Accept", "application/json")
	response, err := a.client.Do(request)
	if err != nil {
		return nil, err
	}
	if response.StatusCode == http.StatusOK {
		return response.Body, nil
	}
	defer response.Body.Close()
	refusal := &statusError{}
	_ = json.NewDecoder(io.LimitReader(response.Body, 1<<16)).Decode(refusal)
	refusal.Code = response.StatusCode
	if seconds, err := strconv.Atoi(response.Header.Get("Retry-After")); err == nil {
		refusal.wait = min(time.Duration(seconds)*time.Second, mostPause)
	}
	return nil, refusal
}

// bounded fails when more is read than is left.
type bounded struct {
	io.Reader
	left int
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errors.New("it is too large")
	}
	n, err := b.Reader.Read(p[:min(len(p), b.left)])
	b.left -= n
	return n, err
}
