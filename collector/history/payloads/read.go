package payloads

import (
	"bytes"
	"errors"
	"strings"

	"github.com/shipwake/shipwake/collector/history"
)

func open(source string, o history.Options) ([]history.Pass, error) {
	header := map[string]string{}
	if line := o.Set["header"]; line != "" {
		name, value, ok := strings.Cut(line, ":")
		if !ok {
			return nil, errors.New("--set header: must be a name, a colon and a value")
		}
		header[strings.TrimSpace(name)] = strings.TrimSpace(value)
	}
	return passes(source, header), nil
}

func passes(source string, header map[string]string) []history.Pass {
	read := func(in history.Input, found func(history.Found) error) error {
		return history.Documents(in, "", func(d history.Document) history.Found {
			return history.Found{Messages: []history.Message{{Source: source, Header: header, Body: bytes.Clone(d.JSON.Raw())}}}
		}, found)
	}
	return []history.Pass{{Required: true, Read: read}}
}
