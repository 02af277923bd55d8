package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"
	"go.opentelemetry.io/collector/confmap"

	"github.com/shipwake/shipwake/cmd/shipwake/app/rows"
	"github.com/shipwake/shipwake/correlate"
	"github.com/shipwake/shipwake/sinks"
	sinklist "github.com/shipwake/shipwake/sinks/all"
	"github.com/shipwake/shipwake/sinks/route"
	"github.com/shipwake/shipwake/sinks/template"
	"github.com/shipwake/shipwake/sinks/vendors"
)

func newSink() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "sink",
		Short: "List the sinks, or send one an example",
		Long: `Lists the sinks that a configuration may name below extensions::correlate::sinks. "shipwake sink test" sends the receivers of one
an example.`,
		Example: `  shipwake sink
  shipwake sink test slack --config shipwake.yaml`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return listSinks(cmd.OutOrStdout()) },
	}
	cmd.AddCommand(newSinkTest())
	return cmd
}

// listSinks is a table of who can be told.
func listSinks(out io.Writer) error {
	w := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "SINK\tTOLD BY")
	for _, f := range sinklist.Factories() {
		kind := "Go"
		if _, ok := vendors.Text(f.Name); ok {
			kind = "a template"
		}
		fmt.Fprintf(w, "%s\t%s\n", f.Name, kind)
	}
	return w.Flush()
}

// sinkTest sends an example by the configuration of the daemon.
type sinkTest struct {
	configFlags
	kind, queue string
	print       bool
}

func newSinkTest() *cobra.Command {
	t := &sinkTest{}
	cmd := &cobra.Command{
		Use:   "test NAME",
		Short: "Send one example to the receivers of a configured sink",
		Long: `Sends a message about a change of a service "shipwake-test" to the receivers of a sink, as the daemon would, and says
what they answer. The configuration is the daemon's; what is left out by its selection is sent all the same. No daemon is
needed, and nothing is kept. With --print it is shown and not sent.`,
		Example: `  shipwake sink test slack --config shipwake.yaml
  shipwake sink test pagerduty --config shipwake.yaml --kind recovered --print`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return redact(t.run(cmd.Context(), args[0], cmd.OutOrStdout()))
		},
	}
	flags := cmd.Flags()
	flags.StringArrayVar(&t.configs, "config", nil, "configuration `file` or URI, as for the daemon")
	flags.StringArrayVar(&t.sets, "set", nil, "set one `key=value` of the configuration")
	t.addEnvFiles(flags)
	flags.StringVar(&t.kind, "kind", string(route.Regressed), fmt.Sprintf("`kind` of message, one of %v", route.Kinds()))
	flags.StringVar(&t.queue, "target", "", "only the receiver of this `name`")
	flags.BoolVar(&t.print, "print", false, "show what would be sent, and send nothing")
	return cmd
}

func (t *sinkTest) run(ctx context.Context, name string, out io.Writer) error {
	if !slices.Contains(route.Kinds(), route.Kind(t.kind)) {
		return fmt.Errorf("--kind %s: want one of %v", t.kind, route.Kinds())
	}
	outgoing, err := t.open(ctx, name)
	if err != nil {
		return err
	}
	messages, err := t.messages(outgoing)
	if err == nil && len(messages) == 0 {
		err = fmt.Errorf("sink %s has nothing to say of this kind, or no target of this name; its targets are %s", name, strings.Join(outgoing.Queues(), ", "))
	}
	var failures []error
	for _, m := range messages {
		failures = append(failures, t.deliver(ctx, outgoing, m, out))
	}
	return errors.Join(append(failures, err, outgoing.Close())...)
}

// open makes the sink as it is configured, for everybody.
func (t *sinkTest) open(ctx context.Context, name string) (sinks.Outgoing, error) {
	all := sinklist.Factories()
	i := slices.IndexFunc(all, func(f sinks.Factory) bool { return f.Name == name })
	if i < 0 {
		return nil, fmt.Errorf("there is no sink %q; shipwake sink lists them", name)
	}
	raw, err := t.configured(ctx, name)
	if err != nil {
		return nil, err
	}
	if err := all[i].Check(raw); err != nil {
		return nil, fmt.Errorf("sinks::%s: %w", name, err)
	}
	everything := unrestricted(raw, t.kind)
	if all[i].Check(everything) != nil { // it takes no kinds
		everything = unrestricted(raw, "")
	}
	sink, err := all[i].New(nil, everything)
	if err != nil {
		return nil, fmt.Errorf("sinks::%s: %w", name, err)
	}
	outgoing, sends := sink.(sinks.Outgoing)
	if !sends {
		return nil, errors.Join(fmt.Errorf("sink %s sends nothing by itself", name), sink.Close())
	}
	return outgoing, nil
}

func (t *sinkTest) configured(ctx context.Context, name string) (map[string]any, error) {
	uris, err := t.uris()
	if err != nil {
		return nil, err
	}
	reader, err := confmap.NewResolver(resolver(uris, t.envFiles...))
	if err != nil {
		return nil, err
	}
	conf, err := reader.Resolve(ctx)
	if err != nil {
		return nil, errors.Join(err, reader.Shutdown(ctx))
	}
	if err := reader.Shutdown(ctx); err != nil {
		return nil, err
	}
	place := "extensions::correlate::sinks::" + name
	if !conf.IsSet(place) {
		return nil, fmt.Errorf("%s isn't configured: name the daemon's file with --config", place)
	}
	own, err := conf.Sub(place)
	if err != nil {
		return nil, fmt.Errorf("%s: must be the settings of the sink", place)
	}
	return own.ToStringMap(), nil
}

// unrestricted is a configuration without what selects, in which every receiver takes messages of a kind.
func unrestricted(raw map[string]any, kind string) map[string]any {
	raw = maps.Clone(raw)
	for _, list := range []string{"targets", "endpoints", "to"} {
		receivers, ok := raw[list].(map[string]any)
		if !ok {
			continue
		}
		receivers = maps.Clone(receivers)
		for name, one := range receivers {
			if own, ok := one.(map[string]any); ok {
				receivers[name] = withoutSelection(own, kind)
			}
		}
		raw[list] = receivers
		return raw
	}
	return withoutSelection(raw, kind)
}

func withoutSelection(raw map[string]any, kind string) map[string]any {
	raw = maps.Clone(raw)
	for _, key := range []string{"on", "only", "final_only", "services", "environments", "teams", "min_confidence", "severities", "hours"} {
		delete(raw, key)
	}
	if kind != "" {
		raw["on"] = []any{kind}
	}
	return raw
}

// messages are those of the last state of an example.
func (t *sinkTest) messages(s sinks.Outgoing) ([]sinks.Message, error) {
	e := template.NewExample(t.kind, route.Kind(t.kind), func(c *correlate.Change) {
		c.ID, c.Service, c.URL = "shipwake-test", "shipwake-test", ""
	})
	found, err := s.Messages(e.Batches[len(e.Batches)-1])
	return slices.DeleteFunc(found, func(m sinks.Message) bool { return t.queue != "" && m.Queue != t.queue }), err
}

func (t *sinkTest) deliver(ctx context.Context, s sinks.Outgoing, m sinks.Message, out io.Writer) error {
	if t.print {
		text, err := previewOf(s, m)
		fmt.Fprintf(out, "%s\n%s", m.Queue, text)
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	receipt, err := s.Deliver(ctx, m)
	if err != nil {
		return fmt.Errorf("%s: %w", m.Queue, err)
	}
	fmt.Fprintf(out, "%s: delivered", m.Queue)
	if receipt != nil {
		fmt.Fprintf(out, ", remembered: %s", rows.Visible(string(receipt)))
	}
	fmt.Fprintln(out)
	return nil
}

func previewOf(s sinks.Outgoing, m sinks.Message) (string, error) {
	if p, ok := s.(sinks.Previewer); ok {
		return p.Preview(m)
	}
	return payloadOf(m.Payload) + "\n", nil
}
