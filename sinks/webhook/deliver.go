package webhook

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/shipwake/shipwake/internal/outgoing"
	"github.com/shipwake/shipwake/sinks"
)

// The headers of Standard Webhooks.
const (
	headerID        = "webhook-id"
	headerTimestamp = "webhook-timestamp"
	headerSignature = "webhook-signature"
)

// endpoint is one receiver.
type endpoint struct {
	name      string
	url       *url.URL
	secrets   secrets
	header    http.Header
	timeout   time.Duration
	selection selection
	client    *http.Client
}

// deliver posts a message and says what came of it.
func (e *endpoint) deliver(ctx context.Context, m sinks.Message) error {
	ctx, cancel := context.WithTimeout(ctx, e.timeout)
	defer cancel()
	request, err := e.request(ctx, m, time.Now())
	if err != nil {
		return unreachable(err)
	}
	answer, err := outgoing.Do(e.client, request)
	if err != nil {
		if errors.Is(err, context.DeadlineExceeded) {
			err = fmt.Errorf("no answer within %s", e.timeout)
		}
		return unreachable(err)
	}
	return outcome(answer, time.Now())
}

// request is the message as it is posted now.
func (e *endpoint) request(ctx context.Context, m sinks.Message, now time.Time) (*http.Request, error) {
	keys, err := e.secrets.keys()
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, e.url.String(), bytes.NewReader(m.Payload))
	if err != nil {
		return nil, errors.New("the request can't be made of the url") // the error itself repeats it
	}
	request.Header = e.header.Clone()
	timestamp := strconv.FormatInt(now.Unix(), 10)
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", "shipwake")
	request.Header.Set(headerID, m.Key)
	request.Header.Set(headerTimestamp, timestamp)
	request.Header.Set(headerSignature, sign(keys, m.Key, timestamp, m.Payload))
	return request, nil
}

// sign makes a signature with each key, with a space between them.
func sign(keys [][]byte, id, timestamp string, body []byte) string {
	all := make([]string, len(keys))
	for i, key := range keys {
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(id + "." + timestamp + "."))
		mac.Write(body)
		all[i] = "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
	}
	return strings.Join(all, " ")
}

func unreachable(err error) error {
	return &sinks.Undelivered{Cause: sinks.Unreachable, Err: clean(err)}
}

// clean bounds what a stranger may have put into an error.
func clean(err error) error {
	var refused *outgoing.Refused
	if errors.As(err, &refused) {
		return refused
	}
	text := strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, err.Error())
	if len(text) > 300 {
		text = strings.ToValidUTF8(text[:300], "") + "…"
	}
	return errors.New(text)
}

// outcome reads the status of an answer. Only 2xx is success; redirects are none.
func outcome(answer *http.Response, now time.Time) error {
	code := answer.StatusCode
	if code >= 200 && code < 300 {
		return nil
	}
	u := &sinks.Undelivered{
		Cause: sinks.Refused, After: retryAfter(answer.Header.Get("Retry-After"), now),
		Err: fmt.Errorf("the receiver answered %d %s", code, http.StatusText(code)),
	}
	switch {
	case code == http.StatusRequestTimeout, code == http.StatusTooEarly, code == http.StatusTooManyRequests,
		code == http.StatusBadGateway, code == http.StatusServiceUnavailable, code == http.StatusGatewayTimeout:
		u.Cause = sinks.Unreachable
	case code >= 500:
		u.Cause = sinks.Failed
	case code >= 300 && code < 400:
		u.Err = fmt.Errorf("%w: redirects are not followed; set url to where it leads", u.Err)
	}
	return u
}

// retryAfter reads seconds or a date; 0 when there is neither.
func retryAfter(value string, now time.Time) time.Duration {
	if seconds, err := strconv.ParseUint(value, 10, 31); err == nil {
		return time.Duration(seconds) * time.Second
	}
	if date, err := http.ParseTime(value); err == nil {
		return max(0, date.Sub(now))
	}
	return 0
}
