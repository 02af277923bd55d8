package email

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"time"

	gomail "github.com/wneessen/go-mail"

	"github.com/shipwake/shipwake/internal/outgoing"
	"github.com/shipwake/shipwake/sinks"
	"github.com/shipwake/shipwake/sinks/call"
)

// server is where mails are handed in.
type server struct {
	host               string
	port               int
	encryption         string
	username, password string
	timeout            time.Duration
	tls                *tls.Config
	dial               func(ctx context.Context, network, address string) (net.Conn, error)
}

// send hands in one mail. An error is a *sinks.Undelivered.
func (s *server) send(ctx context.Context, m *gomail.Msg) error {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	client, err := s.client(ctx)
	if err != nil {
		return &sinks.Undelivered{Cause: sinks.Refused, Err: errors.New("the client can't be made of the settings of the server")}
	}
	err = client.DialAndSendWithContext(ctx, m)
	if err == nil || m.IsDelivered() { // what comes after the server's yes is only the farewell
		return nil
	}
	return s.outcome(ctx, err)
}

func (s *server) client(ctx context.Context) (*gomail.Client, error) {
	policy := gomail.NoTLS // what is encrypted from the first byte comes so from the dialer
	if s.encryption == "starttls" {
		policy = gomail.TLSMandatory
	}
	options := []gomail.Option{
		gomail.WithPort(s.port), gomail.WithTimeout(s.timeout), gomail.WithTLSPolicy(policy), gomail.WithTLSConfig(s.tls.Clone()),
		gomail.WithDialContextFunc(s.connecting(ctx)), gomail.WithHELO("shipwake"), gomail.WithoutNoop(),
	}
	if s.username != "" {
		options = append(options, gomail.WithUsername(s.username), gomail.WithPassword(s.password),
			gomail.WithOpportunisticSMTPAuth(gomail.SMTPAuthSCRAMSHA256, gomail.SMTPAuthPlain, gomail.SMTPAuthLogin, gomail.SMTPAuthCramMD5))
	}
	return gomail.NewClient(s.host, options...)
}

// connecting dials the server. The connection ends with the try, whatever the conversation is waiting for.
func (s *server) connecting(try context.Context) gomail.DialContextFunc {
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		connection, err := s.dial(ctx, network, address)
		if err != nil {
			return nil, err
		}
		context.AfterFunc(try, func() { _ = connection.Close() })
		if s.encryption != "tls" {
			return connection, nil
		}
		encrypted := tls.Client(connection, s.tls.Clone())
		if err := encrypted.HandshakeContext(ctx); err != nil {
			return nil, errors.Join(err, connection.Close())
		}
		return encrypted, nil
	}
}

// outcome says whose fault it is. What fails before the mail is spoken of says nothing of the mail.
func (s *server) outcome(ctx context.Context, err error) *sinks.Undelivered {
	u := &sinks.Undelivered{Cause: sinks.Unreachable, Err: s.said(ctx, err)}
	var refusal *gomail.SendError
	if !errors.As(err, &refusal) {
		return u
	}
	switch code := refusal.ErrorCode(); {
	case code == 421, code == 0: // the server goes, or said nothing
	case code >= 400 && code < 500:
		u.Cause = sinks.Failed
	default:
		u.Cause = sinks.Refused
	}
	return u
}

// said is the error without a secret, on one line.
func (s *server) said(ctx context.Context, err error) error {
	var refused *outgoing.Refused
	switch {
	case errors.As(err, &refused):
		return refused
	case errors.Is(ctx.Err(), context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded):
		return fmt.Errorf("no answer within %s", s.timeout)
	}
	text := err.Error()
	if s.password != "" {
		text = strings.ReplaceAll(text, s.password, "…")
	}
	return errors.New(call.Clean(text))
}
