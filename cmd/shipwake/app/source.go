package app

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/textproto"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/shipwake/shipwake/cmd/shipwake/app/rows"
	"github.com/shipwake/shipwake/collector/source"
	sources "github.com/shipwake/shipwake/collector/source/all"
	"github.com/shipwake/shipwake/collector/source/mapping"
	"github.com/shipwake/shipwake/collector/source/vendors"
	"github.com/shipwake/shipwake/correlate"
)

func newSource() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "source",
		Short: "List the sources, or try one on a payload without a daemon",
		Args:  noArguments,
		RunE:  func(cmd *cobra.Command, _ []string) error { return listSources(cmd.OutOrStdout()) },
	}
	cmd.AddCommand(newSourceTest())
	return cmd
}

// listSources is a table of what can send.
func listSources(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "SOURCE\tSENDERS PROVE THEMSELVES BY\tREAD BY")
	for _, s := range append(sources.Sources(), sources.Watched()...) {
		kind := "Go"
		if _, ok := vendors.Text(s.Name); ok {
			kind = "a mapping"
		}
		fmt.Fprintf(w, "%s\t%s\t%s\n", s.Name, schemesInWords(s.Schemes), kind)
	}
	return w.Flush()
}

func schemesInWords(schemes []source.Scheme) string {
	if len(schemes) == 0 {
		return "none: a receiver watches"
	}
	words := make([]string, len(schemes))
	for i, s := range schemes {
		words[i] = s.String()
	}
	return strings.Join(words, ", or ")
}

// sourceTest reads a payload as the daemon would.
type sourceTest struct {
	file       string
	parameters map[string]string
	headers    []string
	pull       string // what is asked for, such as a project
}

// mostPayload bounds what is read from standard input in bytes: the largest body that a sender here is known to send.
const mostPayload = 25 << 20

func newSourceTest() *cobra.Command {
	t := &sourceTest{}
	cmd := &cobra.Command{
		Use:   "test NAME < payload.json",
		Short: "Show what a source reads from a payload, and why",
		Long: `Reads a payload from standard input as the daemon would, without one and without keeping it: which rule
counts, which field is read from where, and which facts come of it, or why none do. The payload is a body, or header
lines, an empty line and the body. Authentication is not tried.

With --file, NAME is any name and the file a mapping of your own. With --pull, the payload is an answer of the system's
API to change_pull, which asks for a project, a job or the like.`,
		Example: `  shipwake source test pagerduty < payload.json
  shipwake source test gitlab --pull acme/shop < deployments.json
  shipwake source test own --file own.yaml --header 'X-Event: deploy' < payload.json`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if cmd.Flags().Changed("pull") {
				return t.runPull(cmd.Context(), args[0], cmd.InOrStdin(), cmd.OutOrStdout())
			}
			return t.run(args[0], cmd.InOrStdin(), cmd.OutOrStdout())
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&t.file, "file", "", "`path` of a mapping")
	flags.StringToStringVar(&t.parameters, "parameter", nil, "`name=value` of a parameter of the mapping; may be repeated")
	flags.StringVar(&t.pull, "pull", "", "what is asked for, a `name` such as a project; \"\" for all")
	flags.StringArrayVar(&t.headers, "header", nil, "a `header` line, such as 'X-Event: deploy'; may be repeated")
	return cmd
}

func (t *sourceTest) run(name string, in io.Reader, out io.Writer) error {
	configured, text, err := t.source(name)
	if err != nil {
		return err
	}
	req, err := t.request(in)
	if err != nil {
		return err
	}
	items, err := configured.Read(req)
	if err != nil {
		return fmt.Errorf("%s can't read it: %w", name, err)
	}
	for _, item := range items {
		if err := t.show(out, text, item); err != nil {
			return err
		}
	}
	return nil
}

// keys are those of the source in a configuration.
func (t *sourceTest) keys() map[string]any {
	keys := map[string]any{}
	if len(t.parameters) > 0 {
		parameters := map[string]any{}
		for k, v := range t.parameters {
			parameters[k] = v
		}
		keys["parameters"] = parameters
	}
	if t.file != "" {
		keys["file"] = t.file
	}
	return keys
}

// source is the source of a name, and its mapping where it has one.
func (t *sourceTest) source(name string) (source.Configured, []byte, error) {
	keys := t.keys()
	if t.file != "" {
		c, err := mapping.Source().Configure(name, keys)
		if err != nil {
			return c, nil, err
		}
		text, err := os.ReadFile(t.file)
		return c, text, err
	}
	for _, s := range append(sources.Sources(), sources.Watched()...) {
		if s.Name == name {
			text, _ := vendors.Text(name)
			c, err := s.Configure(name, keys)
			return c, text, err
		}
	}
	return source.Configured{}, nil, fmt.Errorf("%s: there is no such source; `shipwake source` lists them, and --file takes a mapping of your own", name)
}

// request is what stands on standard input.
func (t *sourceTest) request(in io.Reader) (source.Request, error) {
	body, err := io.ReadAll(io.LimitReader(in, mostPayload+1))
	if err != nil {
		return source.Request{}, err
	}
	if len(body) > mostPayload {
		return source.Request{}, fmt.Errorf("standard input: a payload must not be larger than %d bytes", mostPayload)
	}
	header := http.Header{}
	if head, rest, ok := bytes.Cut(body, []byte("\n\n")); ok && !bytes.HasPrefix(bytes.TrimSpace(body), []byte("{")) && !bytes.HasPrefix(bytes.TrimSpace(body), []byte("[")) {
		if header, err = headerLines(head); err != nil {
			return source.Request{}, fmt.Errorf("standard input: must be a body, or header lines, an empty line and the body: %w", err)
		}
		body = bytes.TrimSuffix(rest, []byte("\n"))
	}
	for _, line := range t.headers {
		more, err := headerLines([]byte(line))
		if err != nil {
			return source.Request{}, fmt.Errorf("--header %s: must be a name, a colon and a value", line)
		}
		for name, values := range more {
			header[name] = values
		}
	}
	return source.Request{Header: header, Body: body, ReceivedAt: time.Now()}, nil
}

func headerLines(text []byte) (http.Header, error) {
	reader := textproto.NewReader(bufio.NewReader(io.MultiReader(bytes.NewReader(text), bytes.NewReader([]byte("\n\n")))))
	header, err := reader.ReadMIMEHeader()
	return http.Header(header), err
}

func (t *sourceTest) show(out io.Writer, text []byte, item source.Item) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintf(w, "delivery\t%s\n", rows.Visible(item.ID))
	if text != nil {
		trace, err := mapping.Explain(text, t.parameters, item.Raw)
		if err != nil {
			return err
		}
		showTrace(w, trace)
	}
	switch {
	case item.Problem != "":
		fmt.Fprintf(w, "kept in quarantine\t%s\n", rows.Visible(item.Problem))
	case item.Ignored != "":
		fmt.Fprintf(w, "ignored\t%s\n", rows.Visible(item.Ignored))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return showFacts(out, item.Facts)
}

func showTrace(w io.Writer, trace mapping.Trace) {
	if trace.Rule != "" {
		fmt.Fprintf(w, "event\t%s (%s)\n", rows.Visible(trace.Event), trace.Rule)
	}
	for _, f := range trace.Fields {
		fmt.Fprintf(w, "  %s\t%s\t%s\n", f.Name, rows.Visible(f.Value), rows.Visible(f.Path))
	}
}

func showFacts(out io.Writer, facts []correlate.Fact) error {
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	for _, f := range facts {
		if err := encoder.Encode(f); err != nil {
			return err
		}
	}
	return nil
}
