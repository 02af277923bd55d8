package email

import (
	"bytes"
	"context"
	"embed"
	"encoding/json"
	"fmt"
	html "html/template"
	"net/mail"
	"strings"
	text "text/template"
	"unicode"

	gomail "github.com/wneessen/go-mail"

	"github.com/shipwake/shipwake/sinks"
)

//go:embed templates
var templates embed.FS

// The bodies of mails, as text and as HTML.
var (
	plain = text.Must(text.ParseFS(templates, "templates/*.txt"))
	rich  = html.Must(html.ParseFS(templates, "templates/*.html"))
)

// thread is the receipt of a conversation: the Message-ID of its first mail and of its last.
type thread struct {
	First string `json:"first"`
	Last  string `json:"last"`
}

func (s *sink) deliverLetter(ctx context.Context, l list, m sinks.Message) (sinks.Receipt, error) {
	var content letter
	if err := json.Unmarshal(m.Payload, &content); err != nil {
		return nil, &sinks.Undelivered{Cause: sinks.Refused, Err: fmt.Errorf("the stored mail can't be read: %w", err)}
	}
	content.Source = webLink(content.Source)
	var past thread
	if m.Receipt != nil && json.Unmarshal(m.Receipt, &past) != nil {
		past = thread{} // a new thread is better than no mail
	}
	id := s.messageID(l, m.Key)
	if past.First == id {
		past = thread{} // the first mail of the thread once more
	}
	out, err := s.compose(l, id, past, content.Subject, "letter", content)
	if err != nil {
		return nil, err
	}
	if err := s.server.send(ctx, out); err != nil {
		return nil, err
	}
	if past.First == "" {
		past.First = id
	}
	past.Last = id
	return json.Marshal(past)
}

// messageID is the same for the same message.
func (s *sink) messageID(l list, key string) string {
	_, domain, _ := strings.Cut(s.sender().Address, "@")
	return key + "." + l.name + "@" + domain
}

// sender is the configured one, which was read before.
func (s *sink) sender() mail.Address {
	a, err := mail.ParseAddress(s.from)
	if err != nil {
		return mail.Address{}
	}
	return *a
}

// compose makes a mail of a template.
func (s *sink) compose(l list, id string, past thread, subject, template string, content any) (*gomail.Msg, error) {
	refused := func(err error) error { return &sinks.Undelivered{Cause: sinks.Refused, Err: err} }
	var asText, asHTML bytes.Buffer
	if err := plain.ExecuteTemplate(&asText, template+".txt", content); err != nil {
		return nil, refused(fmt.Errorf("the text: %w", err))
	}
	if err := rich.ExecuteTemplate(&asHTML, template+".html", content); err != nil {
		return nil, refused(fmt.Errorf("the HTML: %w", err))
	}
	m := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	if err := m.From(s.from); err != nil {
		return nil, refused(fmt.Errorf("from: %w", err))
	}
	if err := m.To(l.addresses...); err != nil {
		return nil, refused(fmt.Errorf("to: %w", err))
	}
	if past.First != "" {
		subject = "Re: " + subject
		m.SetGenHeader(gomail.HeaderInReplyTo, "<"+past.Last+">")
		m.SetGenHeader(gomail.HeaderReferences, references(past))
	}
	m.Subject(oneLine(subject))
	m.SetDate()
	m.SetMessageIDWithValue(id)
	m.SetBulk() // nobody's absence is of interest
	m.SetBodyString(gomail.TypeTextPlain, asText.String())
	m.AddAlternativeString(gomail.TypeTextHTML, asHTML.String())
	return m, nil
}

func references(t thread) string {
	if t.First == t.Last {
		return "<" + t.First + ">"
	}
	return "<" + t.First + "> <" + t.Last + ">"
}

// longestSubject is how many characters a subject may have.
const longestSubject = 200

// oneLine is a header's text: names come from anybody, and a line break would begin another header.
func oneLine(text string) string {
	text = strings.Join(strings.FieldsFunc(text, func(r rune) bool { return unicode.IsSpace(r) || unicode.IsControl(r) }), " ")
	if runes := []rune(text); len(runes) > longestSubject {
		return string(runes[:longestSubject]) + "…"
	}
	return text
}

// webLink is a link to a page, "" for what isn't one.
func webLink(url string) string {
	if strings.HasPrefix(url, "https://") || strings.HasPrefix(url, "http://") {
		return url
	}
	return ""
}
