package setup

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"go.opentelemetry.io/collector/config/configopaque"
)

// Dialogue asks a person at a terminal.
type Dialogue struct {
	In  *bufio.Reader
	Out io.Writer
	// Hidden reads a line that isn't shown while it is typed.
	Hidden func() (string, error)
}

// Ask asks for every answer, with the given ones as what an empty line stands for. A wrong answer is explained and asked again.
func (d *Dialogue) Ask(a Answers) (Answers, error) {
	fmt.Fprintln(d.Out, "Five questions; an empty line takes what stands in brackets, and ? lists what there is.")
	questions := []func(*Answers) error{d.changes, d.incidents, d.telemetry, d.url, d.messages}
	for _, question := range questions {
		if err := question(&a); err != nil {
			return a, err
		}
	}
	return a, nil
}

func (d *Dialogue) changes(a *Answers) error {
	return d.names("1. Where do changes come from? Several with commas, such as generic, github, gitlab, argocd, flux, jenkins, kubernetes",
		Changes(), &a.Changes, func(names []string) error {
			if len(names) == 0 {
				return errors.New("at least one must tell of changes")
			}
			return check("that", names, Changes())
		})
}

func (d *Dialogue) incidents(a *Answers) error {
	return d.names("2. Where do incidents come from? Such as alertmanager, grafana, pagerduty, opsgenie, incident-io",
		Incidents(), &a.Incidents, func(names []string) error { return check("that", names, Incidents()) })
}

func (d *Dialogue) telemetry(a *Answers) error {
	if err := d.one("3. How does telemetry come? otlp (services send it), collector, prometheus (it is asked), remote-write (it sends)",
		Telemetries(), &a.Telemetry); err != nil || a.Telemetry != Prometheus {
		return err
	}
	return d.text("   Where is that Prometheus? Such as http://prometheus:9090", &a.PrometheusURL, func(text string) error {
		return Answers{Telemetry: Prometheus, PrometheusURL: text}.checkPrometheus()
	})
}

func (d *Dialogue) url(a *Answers) error {
	return d.text("4. Where do others reach this daemon? http://localhost: nobody does; http://HOST: directly; https://HOST: by a proxy in front",
		&a.URL, func(text string) error {
			_, err := reach(text)
			return err
		})
}

func (d *Dialogue) messages(a *Answers) error {
	if err := d.one("5. Where do messages go? slack, teams, webhook, none", Messages(), &a.Messages); err != nil || a.Messages == None || a.MessagesURL != "" {
		return err
	}
	for {
		fmt.Fprintf(d.Out, "   The webhook's URL, which is a secret and isn't shown: ")
		text, err := d.Hidden()
		fmt.Fprintln(d.Out)
		if err != nil {
			return err
		}
		if text = strings.TrimSpace(text); isAddress(text) {
			a.MessagesURL = configopaque.String(text)
			return nil
		}
		fmt.Fprintln(d.Out, "   That is no URL that begins with https:// or http://.")
	}
}

// names asks for names of a list; none is written as none.
func (d *Dialogue) names(question string, known []string, into *[]string, right func([]string) error) error {
	text := strings.Join(*into, ", ")
	if text == "" {
		text = None
	}
	err := d.ask(question, known, &text, func(text string) error { return right(Names(text)) })
	*into = Names(text)
	return err
}

// one asks for one name of a list.
func (d *Dialogue) one(question string, known []string, into *string) error {
	return d.ask(question, known, into, func(text string) error {
		if !slices.Contains(known, text) {
			return fmt.Errorf("want one of %s", strings.Join(known, ", "))
		}
		return nil
	})
}

func (d *Dialogue) text(question string, into *string, right func(string) error) error {
	return d.ask(question, nil, into, right)
}

// ask asks until the answer is right.
func (d *Dialogue) ask(question string, known []string, into *string, right func(string) error) error {
	for {
		fmt.Fprintf(d.Out, "\n%s [%s]: ", question, *into)
		line, err := d.In.ReadString('\n')
		if err != nil && (line == "" || !errors.Is(err, io.EOF)) {
			return errors.New("the input ended before every question was answered; nothing is written")
		}
		line = strings.TrimSpace(line)
		switch {
		case line == "?" && known != nil:
			fmt.Fprintf(d.Out, "   %s\n", strings.Join(known, ", "))
			continue
		case line == "":
			line = *into
		}
		if err := right(line); err != nil {
			fmt.Fprintf(d.Out, "   %v\n", err)
			continue
		}
		*into = line
		return nil
	}
}

// Names are those of a list with commas; none is no name.
func Names(text string) (names []string) {
	for name := range strings.SplitSeq(text, ",") {
		if name = strings.TrimSpace(name); name != "" && name != None && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}
