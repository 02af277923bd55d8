package mapping

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Page is what people read of a mapping, in Markdown, below its title: what proves a sender, its parameters, and which event
// becomes what. Setup is how the system is made to send.
func (f File) Page(setup string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s Read with: [%s](%s).\n\n", f.About, f.Read, f.Docs)
	fmt.Fprintf(&b, "Path: `/hooks/%s`. Senders prove themselves by %s. Retransmissions are known by %s.\n",
		f.Name, strings.Join(f.schemeWords(), ", or "), f.idWords())
	fmt.Fprintf(&b, "\n## Set up\n\n%s\n", strings.TrimSpace(setup))
	f.writePull(&b)
	f.writeParameters(&b)
	f.writeEvents(&b)
	f.writeFields(&b)
	return b.String()
}

func (f File) schemeWords() []string {
	var words []string
	for _, s := range f.schemes() {
		words = append(words, "`"+s.String()+"`")
	}
	return words
}

func (f File) idWords() string {
	if f.ID == "" {
		return "their bytes"
	}
	return "`" + f.ID + "`, else by their bytes"
}

func (f File) writeParameters(b *strings.Builder) {
	if len(f.Parameters) == 0 {
		return
	}
	b.WriteString("\n## Parameters\n\n| `parameters:` | default | |\n|---|---|---|\n")
	for _, name := range slices.Sorted(maps.Keys(f.Parameters)) {
		fmt.Fprintf(b, "| `%s` | %s | %s |\n", name, code(f.Parameters[name].Default), cell(f.Parameters[name].Help))
	}
}

// writeEvents lists the rules; the first whose condition holds counts.
func (f File) writeEvents(b *strings.Builder) {
	b.WriteString("\n## What is read\n\nThe first row whose condition holds counts.\n\n| event | condition | becomes |\n|---|---|---|\n")
	for _, r := range f.Rules {
		becomes := "ignored: " + r.Ignored
		switch {
		case len(r.Change) > 0:
			becomes = "a change"
		case len(r.Incident) > 0:
			becomes = "an incident"
		case r.Unmapped != "":
			becomes = "quarantine: " + r.Unmapped
		}
		if r.Each != "" {
			becomes += " for each item of " + code(r.Each)
		}
		fmt.Fprintf(b, "| %s | %s | %s |\n", cell(cmp.Or(r.Event, "other")), code(r.When), cell(becomes))
	}
}

// writeFields lists where the fields of each rule come from, as far as they aren't those of the rule before.
func (f File) writeFields(b *strings.Builder) {
	var before map[string]string
	for _, r := range f.Rules {
		fields := r.Change
		if len(fields) == 0 {
			fields = r.Incident
		}
		if len(fields) == 0 {
			continue
		}
		fmt.Fprintf(b, "\n%s:\n\n| field | from |\n|---|---|\n", sentence(cmp.Or(r.Event, "otherwise")))
		same := 0
		for _, name := range slices.Sorted(maps.Keys(fields)) {
			if before[name] == fields[name] {
				same++
				continue
			}
			fmt.Fprintf(b, "| `%s` | %s |\n", name, code(fields[name]))
		}
		if same > 0 {
			fmt.Fprintf(b, "| %d others | as before |\n", same)
		}
		before = fields
	}
	if len(f.Let) == 0 {
		return
	}
	b.WriteString("\nIn these:\n\n| name | is |\n|---|---|\n")
	for _, binding := range f.Let {
		fmt.Fprintf(b, "| `%s` | %s |\n", binding.Name, code(binding.Value))
	}
}

func sentence(text string) string { return strings.ToUpper(text[:1]) + text[1:] }

// cell is text in a table.
func cell(text string) string {
	return strings.ReplaceAll(strings.Join(strings.Fields(text), " "), "|", `\|`)
}

// code is an expression in a table.
func code(text string) string {
	if text == "" {
		return ""
	}
	return "`` " + cell(text) + " ``"
}
