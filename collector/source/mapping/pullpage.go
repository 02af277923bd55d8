package mapping

import (
	"fmt"
	"strings"
)

// writePull says how the system is asked for what its webhooks would have said.
func (f File) writePull(b *strings.Builder) {
	p := f.Pull
	if p == nil {
		return
	}
	fmt.Fprintf(b, "\n## Reconcile and backfill\n\nWebhooks get lost. `change_pull` asks the API (read: [%s](%s)) for what was lost, and for the past:\n\n", p.Read, p.Docs)
	b.WriteString("```yaml\nreceivers:\n  change_pull:\n    sources:\n      " + f.Name + ":\n")
	fmt.Fprintf(b, "        secret: ${env:SHIPWAKE_%s_TOKEN} # %s\n", strings.ToUpper(strings.ReplaceAll(f.Name, "-", "_")), p.Secret.Help)
	if p.API == "" {
		fmt.Fprintf(b, "        api_url: %s # required\n", p.Example)
	} else {
		fmt.Fprintf(b, "        api_url: %s # default\n", p.API)
	}
	p.writeOf(b)
	b.WriteString("        history: 720h # default: how far back from the first start on\n\nservice:\n  pipelines:\n    logs/changes:\n" +
		"      receivers: [change_webhook, change_pull]\n```\n\n")
	b.WriteString("What is found takes the form of the webhook's messages and is read by the same rules, so both give one change or one incident, and " +
		"nothing counts twice.")
	if p.Missing != "" {
		fmt.Fprintf(b, " The API doesn't tell: %s.", p.Missing)
	}
	b.WriteString("\n\n| | |\n|---|---|\n")
	fmt.Fprintf(b, "| asks for | %s |\n| in a list of | %s |\n| changed | %s |\n", code(p.Request), code(p.Items), code(p.At))
	for _, d := range p.Deliveries {
		when := ""
		if d.Each != "" {
			when = ", for each entry of " + code(d.Each)
		}
		if d.When != "" {
			when += ", when " + code(d.When)
		}
		fmt.Fprintf(b, "| delivers%s | %s |\n", when, code(d.Body))
	}
	for _, binding := range append(p.Let, p.Lookups...) {
		fmt.Fprintf(b, "| where `%s` is | %s |\n", binding.Name, code(binding.Value))
	}
}

// writeOf shows what is asked for, as an example or by its default.
func (p *Pull) writeOf(b *strings.Builder) {
	switch {
	case p.Of.Key == "":
	case len(p.Of.Default) == 0:
		fmt.Fprintf(b, "        %s: [%s] # required: %s\n", p.Of.Key, p.Of.Example, p.Of.Help)
	case p.Of.Default[0] == "":
		fmt.Fprintf(b, "        %s: [%s] # default: all; %s\n", p.Of.Key, p.Of.Example, p.Of.Help)
	default:
		fmt.Fprintf(b, "        %s: [%s] # default; %s\n", p.Of.Key, strings.Join(p.Of.Default, ", "), p.Of.Help)
	}
}
