package email

import (
	"context"
	"errors"
	"flag"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net/mail"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/sinks"
	"github.com/shipwake/shipwake/sinks/sinktest"
)

var update = flag.Bool("update", false, "write the golden files")

type m = map[string]any

// config is that of a list of the mailbox.
func config(b *mailbox, more m, server m) m {
	l := m{"addresses": []any{"shop@example.com", "Ops <ops@example.com>"}, "on": []any{"regressed", "recovered", "healthy", "incident"}}
	for k, v := range more {
		l[k] = v
	}
	s := m{"host": "127.0.0.1", "port": b.port(), "encryption": "none", "timeout": "20s"}
	for k, v := range server {
		s[k] = v
	}
	return m{
		"allow": []any{"loopback"}, "public_url": "https://shipwake.example.com/", "from": "Shipwake <shipwake@example.com>",
		"server": s, "to": m{"shop": l},
	}
}

func opened(t *testing.T, c m, r sinks.Reader) sinks.Outgoing {
	t.Helper()
	s, err := Factory().New(r, c)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, s.Close()) })
	return s.(sinks.Outgoing)
}

// parsed is a mail with its two bodies.
type parsed struct {
	mail.Header
	text, html string
}

func parse(t *testing.T, raw string) parsed {
	t.Helper()
	message, err := mail.ReadMessage(strings.NewReader(raw))
	require.NoError(t, err)
	kind, parameters, err := mime.ParseMediaType(message.Header.Get("Content-Type"))
	require.NoError(t, err)
	require.Equal(t, "multipart/alternative", kind)
	p := parsed{Header: message.Header}
	parts := multipart.NewReader(message.Body, parameters["boundary"])
	for {
		part, err := parts.NextRawPart()
		if errors.Is(err, io.EOF) {
			return p
		}
		require.NoError(t, err)
		require.Equal(t, "quoted-printable", part.Header.Get("Content-Transfer-Encoding"))
		body, err := io.ReadAll(quotedprintable.NewReader(part))
		require.NoError(t, err)
		text := strings.ReplaceAll(string(body), "\r\n", "\n")
		if strings.HasPrefix(part.Header.Get("Content-Type"), "text/html") {
			p.html = text
		} else {
			p.text = text
		}
	}
}

func (p parsed) subject(t *testing.T) string {
	t.Helper()
	s, err := new(mime.WordDecoder).DecodeHeader(p.Get("Subject"))
	require.NoError(t, err)
	return s
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		require.NoError(t, os.WriteFile(file, []byte(got), 0o644))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, string(want), got)
}

func messages(t *testing.T, out sinks.Outgoing, b sinks.Batch) map[string]sinks.Message {
	t.Helper()
	all, err := out.Messages(b)
	require.NoError(t, err)
	bySubject := map[string]sinks.Message{}
	for _, m := range all {
		bySubject[m.Subject] = m
	}
	return bySubject
}

func deliver(t *testing.T, out sinks.Outgoing, m sinks.Message) sinks.Receipt {
	t.Helper()
	r, err := out.Deliver(t.Context(), m)
	require.NoError(t, err)
	return r
}

func TestAMailSaysWhatTheTerminalSays(t *testing.T) {
	b := newMailbox(t, nil)
	out := opened(t, config(b, nil, nil), nil)
	story := messages(t, out, sinktest.NewBatch(nil, sinktest.Story()...))
	require.Len(t, story, 4)
	for subject, file := range map[string]string{"change/checkout-4711": "recovered", "incident/PD-88": "incident"} {
		deliver(t, out, story[subject])
		all := b.taken()
		got := parse(t, all[len(all)-1])
		golden(t, file+".txt", got.subject(t)+"\n\n"+got.text)
		golden(t, file+".html", got.html)
		require.Equal(t, `"Shipwake" <shipwake@example.com>`, got.Get("From"))
		require.Equal(t, `<shop@example.com>, "Ops" <ops@example.com>`, got.Get("To"))
		require.Equal(t, "<"+story[subject].Key+".shop@example.com>", got.Get("Message-Id"))
		require.NotEmpty(t, got.Get("Date"))
		require.Equal(t, "bulk", got.Get("Precedence"))
	}
}

func revision(n int, o correlate.Outcome) sinks.Batch {
	v := correlate.Verdict{
		ChangeID: "c1", Service: "checkout", Environment: "production", Version: "v2", Outcome: o, Reason: correlate.ReasonErrorRatio,
		Revision: n, Final: true, DecidedAt: sinktest.Noon,
	}
	d := sinks.Decision{Verdict: v, Record: correlate.ChangeRecord{Change: correlate.Change{ID: "c1", Service: "checkout", Environment: "production", Version: "v2"}, Verdict: &v}}
	return sinks.Batch{Decisions: []sinks.Decision{d}}
}

func TestTheMailsOfAChangeAreOneThread(t *testing.T) {
	b := newMailbox(t, nil)
	out := opened(t, config(b, nil, nil), nil)
	var receipt sinks.Receipt
	var ids []string
	for n := 1; n <= 3; n++ {
		message := messages(t, out, revision(n, correlate.Regressed))["change/c1"]
		message.Receipt = receipt
		receipt = deliver(t, out, message)
		got := parse(t, b.taken()[n-1])
		ids = append(ids, got.Get("Message-Id"))
		subject := "checkout v2 in production"
		if n > 1 {
			subject = "Re: " + subject
			require.Equal(t, ids[n-2], got.Get("In-Reply-To"))
			require.True(t, strings.HasPrefix(got.Get("References"), ids[0]))
			require.True(t, strings.HasSuffix(got.Get("References"), ids[n-2]))
		} else {
			require.Empty(t, got.Get("References"))
		}
		require.Equal(t, subject, got.subject(t), "it is the same, so that every client makes a thread of it")
	}
}

func TestACopyIsKnownAsOne(t *testing.T) {
	b := newMailbox(t, nil)
	out := opened(t, config(b, nil, nil), nil)
	message := messages(t, out, revision(1, correlate.Regressed))["change/c1"]
	receipt := deliver(t, out, message)
	deliver(t, out, message)
	message.Receipt = receipt
	deliver(t, out, message)
	first := parse(t, b.taken()[0])
	for _, raw := range b.taken() {
		got := parse(t, raw)
		require.Equal(t, first.Get("Message-Id"), got.Get("Message-Id"))
		require.Equal(t, first.Get("Subject"), got.Get("Subject"))
		require.Empty(t, got.Get("References"), "it doesn't answer itself")
		require.Equal(t, first.text, got.text)
	}
}

func TestNobodyWritesHeadersOrHTMLThroughAName(t *testing.T) {
	b := newMailbox(t, nil)
	out := opened(t, config(b, nil, nil), nil)
	batch := revision(1, correlate.Regressed)
	d := &batch.Decisions[0]
	d.Record.Service = "evil\r\nBcc: all@example.com\r\n\r\n<script>alert(1)</script>"
	d.Record.URL = "javascript:alert(1)"
	deliver(t, out, messages(t, out, batch)["change/c1"])
	got := parse(t, b.taken()[0])
	require.Empty(t, got.Get("Bcc"))
	require.Equal(t, "evil Bcc: all@example.com <script>alert(1)</script> v2 in production", got.subject(t))
	require.NotContains(t, got.html, "<script")
	require.NotContains(t, got.html+got.text, "javascript:")
	require.Contains(t, got.html, "&lt;script&gt;")
	require.Equal(t, []string{"connect", "EHLO", "MAIL", "RCPT", "RCPT", "DATA", "mail", "RSET", "QUIT"}, b.heard(), "and nobody else gets it")
}

func TestAServersAnswerSaysForHowLongItIsWorthATry(t *testing.T) {
	for name, c := range map[string]struct {
		verb, says string
		want       sinks.Cause
		text       string
	}{
		"it is closed":                    {"connect", "554 no", sinks.Unreachable, "554"},
		"it goes":                         {"MAIL", "421 4.3.2 closing", sinks.Unreachable, "421"},
		"it hangs up":                     {"RCPT", "drop", sinks.Unreachable, "EOF"},
		"it hangs up in the mail":         {"mail", "drop", sinks.Unreachable, ""},
		"the sender is greylisted":        {"RCPT", "450 4.2.0 come later", sinks.Failed, "come later"},
		"it is full":                      {"mail", "452 4.3.1 full", sinks.Failed, "full"},
		"it doesn't know the reader":      {"RCPT", "550 5.1.1 no such user", sinks.Refused, "no such user"},
		"it doesn't like the sender":      {"MAIL", "553 5.7.1 not you", sinks.Refused, "not you"},
		"it doesn't like what is in it":   {"mail", "554 5.7.1 spam", sinks.Refused, "spam"},
		"it talks nonsense, at length":    {"MAIL", "550 " + strings.Repeat("x\t", 2000), sinks.Refused, "…"},
		"it wants what there isn't: AUTH": {"MAIL", "530 5.7.0 authentication required", sinks.Refused, "authentication required"},
	} {
		t.Run(name, func(t *testing.T) {
			b := newMailbox(t, nil)
			out := opened(t, config(b, nil, nil), nil)
			b.answer(c.verb, c.says)
			_, err := out.Deliver(t.Context(), messages(t, out, revision(1, correlate.Regressed))["change/c1"])
			var u *sinks.Undelivered
			require.ErrorAs(t, err, &u)
			require.Equal(t, c.want, u.Cause, u.Error())
			require.Contains(t, u.Error(), c.text)
			require.NotContains(t, u.Error(), "\t")
			require.Less(t, len(u.Error()), 400)
		})
	}
}

func TestWhatComesAfterTheYesDoesNotMatter(t *testing.T) {
	for verb, says := range map[string]string{"RSET": "500 what?", "QUIT": "drop"} {
		b := newMailbox(t, nil)
		out := opened(t, config(b, nil, nil), nil)
		b.answer(verb, says)
		deliver(t, out, messages(t, out, revision(1, correlate.Regressed))["change/c1"])
		require.Len(t, b.taken(), 1)
	}
}

func TestAServerThatHangsIsGivenUp(t *testing.T) {
	for name, c := range map[string]struct {
		verb   string
		cancel bool
		want   string
	}{
		"at the greeting":                {"connect", false, "no answer within 1s"},
		"in the middle":                  {"RCPT", false, "no answer within 1s"},
		"when the daemon stops":          {"RCPT", true, ""},
		"when the daemon stops at hello": {"EHLO", true, ""},
	} {
		t.Run(name, func(t *testing.T) {
			b := newMailbox(t, nil)
			timeout := "1s"
			if c.cancel {
				timeout = "50s"
			}
			out := opened(t, config(b, nil, m{"timeout": timeout}), nil)
			b.answer(c.verb, "hang")
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			if c.cancel {
				go func() {
					for len(b.heard()) == 0 || b.heard()[len(b.heard())-1] != c.verb {
						time.Sleep(time.Millisecond)
					}
					cancel()
				}()
			}
			_, err := out.Deliver(ctx, messages(t, out, revision(1, correlate.Regressed))["change/c1"])
			var u *sinks.Undelivered
			require.ErrorAs(t, err, &u)
			require.Equal(t, sinks.Unreachable, u.Cause)
			require.Contains(t, u.Error(), c.want)
		})
	}
}

func TestTheConnectionIsEncryptedOrThereIsNone(t *testing.T) {
	prepare := encrypted(t)
	implicit := func(b *mailbox) { prepare(b); b.implicit = true }
	for name, c := range map[string]struct {
		prepare func(*mailbox)
		server  m
		trusted bool
		want    string // "": it arrives
	}{
		"by STARTTLS":                           {prepare, m{"encryption": "starttls"}, true, ""},
		"from the first byte":                   {implicit, m{"encryption": "tls"}, true, ""},
		"starttls is what is meant":             {nil, m{"encryption": nil}, false, "does not support STARTTLS"},
		"of an authority that nobody knows":     {prepare, m{"encryption": "starttls"}, false, "certificate"},
		"from the first byte, of nobody either": {implicit, m{"encryption": "tls"}, false, "certificate"},
		"a server without it":                   {nil, m{"encryption": "tls"}, false, ""},
	} {
		t.Run(name, func(t *testing.T) {
			b := newMailbox(t, c.prepare)
			if c.trusted {
				c.server["tls"] = m{"ca_file": b.caFile}
			}
			out := opened(t, config(b, nil, c.server), nil)
			_, err := out.Deliver(t.Context(), messages(t, out, revision(1, correlate.Regressed))["change/c1"])
			if c.trusted {
				require.NoError(t, err)
				require.Len(t, b.taken(), 1)
				return
			}
			var u *sinks.Undelivered
			require.ErrorAs(t, err, &u)
			require.Equal(t, sinks.Unreachable, u.Cause)
			require.Contains(t, u.Error(), c.want)
			require.Empty(t, b.taken())
		})
	}
}

func TestThePasswordIsSentAndNotSaid(t *testing.T) {
	const password = "hush-4711"
	prepare := encrypted(t)
	b := newMailbox(t, func(b *mailbox) { prepare(b); b.login = "shipwake:" + password })
	with := func(password any) sinks.Outgoing {
		return opened(t, config(b, nil, m{"encryption": "starttls", "username": "shipwake", "password": password, "tls": m{"ca_file": b.caFile}}), nil)
	}
	message := messages(t, with(password), revision(1, correlate.Regressed))["change/c1"]
	deliver(t, with(password), message)
	require.Contains(t, b.heard(), "AUTH")
	_, err := with("hush-wrong").Deliver(t.Context(), message)
	var u *sinks.Undelivered
	require.ErrorAs(t, err, &u)
	require.Equal(t, sinks.Unreachable, u.Cause, "a mail isn't set aside because of it")
	require.Contains(t, u.Error(), "wrong password")
	require.NotContains(t, u.Error(), "hush")
	b.answer("AUTH", "535 I don't like "+password)
	_, err = with(password).Deliver(t.Context(), message)
	require.ErrorAs(t, err, &u)
	require.NotContains(t, u.Error(), "hush")
}

func TestOnlyOpenAddressesAreCalled(t *testing.T) {
	b := newMailbox(t, nil)
	c := config(b, nil, nil)
	delete(c, "allow")
	_, err := Factory().New(nil, c)
	require.ErrorContains(t, err, `server::host: the address 127.0.0.1 is refused (loopback): to allow it, list "loopback" or 127.0.0.1 under sinks::email::allow`)
}

func TestWhatIsStoredAndCannotBeReadIsRefused(t *testing.T) {
	b := newMailbox(t, nil)
	for name, c := range map[string]m{
		"a mail":   config(b, nil, nil),
		"a digest": config(b, m{"digest": m{"at": "07:30"}}, nil),
	} {
		out := opened(t, c, nil)
		for _, message := range []sinks.Message{{Queue: "shop", Payload: []byte("{")}, {Queue: "gone"}} {
			_, err := out.Deliver(t.Context(), message)
			var u *sinks.Undelivered
			require.ErrorAs(t, err, &u, name)
			require.Equal(t, sinks.Refused, u.Cause)
		}
	}
}
