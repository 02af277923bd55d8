package email

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/sinks/sinktest"
)

// relays makes mailboxes that hand on what they take to an HTTP server, and say what that answers in the terms of SMTP. They
// are made by a goroutine of their own, because the suite asks for them in virtual time.
func relays(t *testing.T) func(url string) *mailbox {
	asked, made := make(chan string), make(chan *mailbox)
	t.Cleanup(func() { close(asked) })
	go func() {
		for url := range asked {
			made <- newMailbox(t, func(b *mailbox) { b.take = func(mail string) string { return relay(url, mail) } })
		}
	}()
	return func(url string) *mailbox {
		asked <- url
		return <-made
	}
}

func relay(url, mail string) string {
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := client.Post(url, "message/rfc822", strings.NewReader(mail))
	if err != nil {
		return "421 nobody there"
	}
	_ = answer.Body.Close()
	switch code := answer.StatusCode; {
	case code < 300:
		return ""
	case code == http.StatusTooManyRequests, code > 500:
		return "421 come later"
	case code == http.StatusInternalServerError:
		return "451 failed"
	}
	return "550 refused"
}

var changeLine = regexp.MustCompile(`(?m)^change +([^,\n]+)`)

func TestSuite(t *testing.T) {
	mailboxAt := relays(t)
	configAt := func(url string) m {
		return config(mailboxAt(url), m{"addresses": []any{"shop@example.com"}}, nil)
	}
	sinktest.Run(t, Factory(), sinktest.Options{
		Config:  m{"from": "a@example.com", "server": m{"host": "smtp.example.com", "username": "u", "password": "hush-hush"}, "to": m{"shop": m{"addresses": []any{"b@example.com"}}}},
		Secrets: []string{"hush-hush"},
		Receiver: &sinktest.Receiver{
			Relayed: true,
			Config:  configAt,
			Read: func(_ *http.Request, body []byte) (subject, says string, ok bool) {
				got := parse(t, string(body))
				change := changeLine.FindStringSubmatch(got.text)
				require.NotNil(t, change, got.text)
				return change[1], got.text, true
			},
		},
	})
}
