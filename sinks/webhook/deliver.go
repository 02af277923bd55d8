package webhook

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/shipwake/shipwake/sinks"
	"github.com/shipwake/shipwake/sinks/call"
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
	selection selection
	client    *call.Client
}

// deliver posts a message and says what came of it. Of the answer only the status counts.
func (e *endpoint) deliver(ctx context.Context, m sinks.Message) error {
	request, err := e.request(ctx, m, time.Now())
	if err != nil {
		return call.Unreachable(err)
	}
	answer, err := e.client.Do(ctx, request, 0)
	if err != nil {
		return err
	}
	if u := call.Outcome(answer, time.Now()); u != nil {
		return u
	}
	return nil
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
