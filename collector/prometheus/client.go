package prometheus

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// mostAnswer bounds an answer in bytes, decompressed: about two million samples.
const mostAnswer = 64 << 20

// client asks one server.
type client struct {
	http     *http.Client
	endpoint string // without a slash at its end
	timeout  time.Duration
}

// refusal is an answer other than 200.
type refusal struct {
	code int
	text string
	wait time.Duration // that it asks for
}

func (r *refusal) Error() string {
	if r.text == "" {
		return fmt.Sprintf("the server answered %d %s", r.code, http.StatusText(r.code))
	}
	return fmt.Sprintf("the server answered %d %s: %s", r.code, http.StatusText(r.code), r.text)
}

var errTooLarge = fmt.Errorf("the answer is larger than %d MiB", mostAnswer>>20)

// tooMuch says that less may be had: limits of samples, of time, of size, of bandwidth.
func tooMuch(err error) bool {
	var r *refusal
	if errors.As(err, &r) {
		return r.code == http.StatusUnprocessableEntity || r.code == http.StatusTooManyRequests || r.code == http.StatusServiceUnavailable ||
			r.code == http.StatusGatewayTimeout
	}
	return errors.Is(err, errTooLarge) || errors.Is(err, context.DeadlineExceeded)
}

// query posts a query to an end of the API and decodes the data of the answer. That may be partial, or come with warnings, of
// which the first is returned.
func (c *client) query(ctx context.Context, end string, form url.Values, data any) (warning string, err error) {
	// What Thanos wants to hear, and others don't know: no part instead of the whole, and no averages.
	form.Set("partial_response", "false")
	form.Set("max_source_resolution", "0s")
	form.Set("dedup", "true")
	form.Set("timeout", fmt.Sprintf("%ds", max(1, int(c.timeout.Seconds()))))
	request, err := http.NewRequest(http.MethodPost, c.endpoint+"/api/v1/"+end, strings.NewReader(form.Encode()))
	if err != nil {
		return "", err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return c.do(ctx, request, data)
}

// do sends a request and decodes the data of the answer.
func (c *client) do(ctx context.Context, request *http.Request, data any) (warning string, err error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	request = request.WithContext(ctx)
	request.Header.Set("User-Agent", "shipwake (telemetry_prometheus)")
	response, err := c.http.Do(request)
	if err != nil {
		return "", withoutURL(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, mostAnswer+1))
	switch {
	case err != nil:
		return "", err
	case len(body) > mostAnswer:
		return "", errTooLarge
	}
	return decode(response, body, data)
}

func decode(response *http.Response, body []byte, data any) (warning string, err error) {
	var a answer
	err = json.Unmarshal(body, &a)
	if response.StatusCode != http.StatusOK {
		seconds, _ := strconv.Atoi(response.Header.Get("Retry-After"))
		return "", &refusal{response.StatusCode, clip(a.Error), time.Duration(max(0, seconds)) * time.Second}
	}
	switch {
	case err != nil:
		return "", fmt.Errorf("the answer isn't one of Prometheus's API: %w", err)
	case a.Status != "success":
		return "", &refusal{response.StatusCode, clip(a.Error), 0}
	}
	if err := json.Unmarshal(a.Data, data); err != nil {
		return "", fmt.Errorf("the data of the answer: %w", err)
	}
	switch {
	case len(a.Warnings) > 0:
		return clip(a.Warnings[0]), nil
	case a.IsPartial:
		return "the answer is partial", nil
	}
	return "", nil
}

// clip bounds what a server says.
func clip(text string) string { return text[:min(len(text), 300)] }

// withoutURL is what went wrong, without the URL.
func withoutURL(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

// window is the samples of a selector in (to-width, to], both in Unix milliseconds.
func (c *client) window(ctx context.Context, selector string, to, width int64) (all []series, warning string, err error) {
	return c.matrix(ctx, "query", url.Values{"query": {fmt.Sprintf("%s[%dms]", selector, width)}, "time": {seconds(to)}})
}

// stepped is the newest sample of a selector at each step from one instant to another, all in seconds.
func (c *client) stepped(ctx context.Context, selector string, from, to, step int64) (all []series, warning string, err error) {
	whole := func(n int64) []string { return []string{strconv.FormatInt(n, 10)} }
	return c.matrix(ctx, "query_range", url.Values{"query": {selector}, "start": whole(from), "end": whole(to), "step": whole(step)})
}

func (c *client) matrix(ctx context.Context, end string, form url.Values) (all []series, warning string, err error) {
	var v vector
	warning, err = c.query(ctx, end, form, &v)
	if err != nil {
		return nil, "", err
	}
	if v.Type != "matrix" {
		return nil, "", fmt.Errorf("the server answered with a %s instead of raw samples", v.Type)
	}
	if err := json.Unmarshal(v.Result, &all); err != nil {
		return nil, "", fmt.Errorf("the series of the answer: %w", err)
	}
	return all, warning, nil
}

// now is the server's clock, in Unix milliseconds.
func (c *client) now(ctx context.Context) (int64, error) {
	var v vector
	asked := time.Now()
	if _, err := c.query(ctx, "query", url.Values{"query": {"time()"}}, &v); err != nil {
		return 0, err
	}
	half := time.Since(asked) / 2
	var s samples
	if err := s.UnmarshalJSON([]byte("[" + string(v.Result) + "]")); err != nil || len(s) != 1 {
		return 0, errors.New("the server doesn't tell its time")
	}
	return int64(s[0].value*1000) + half.Milliseconds(), nil
}

func seconds(ms int64) string { return strconv.FormatFloat(float64(ms)/1000, 'f', 3, 64) }
