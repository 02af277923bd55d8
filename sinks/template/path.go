package template

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/shipwake/shipwake/sinks/call"
)

// path leads to one value of an answer.
type path struct {
	root  string // body, header or status
	steps []string
}

func parsePath(text string) (path, error) {
	root, rest, _ := strings.Cut(text, ".")
	switch root {
	case "status":
	case "header":
		if rest == "" {
			return path{}, fmt.Errorf("%q names no header: header.Location does", text)
		}
		return path{root, []string{rest}}, nil
	case "body":
	default:
		return path{}, fmt.Errorf("%q begins with none of body, header and status", text)
	}
	p := path{root: root}
	for rest != "" {
		var step string
		if strings.HasPrefix(rest, "[") {
			end := strings.IndexByte(rest, ']')
			if end < 0 || !strings.Contains(rest[:end], "=") {
				return path{}, fmt.Errorf("%q: a condition is [name=value]", text)
			}
			step, rest = rest[:end], strings.TrimPrefix(rest[end+1:], ".")
		} else {
			step, rest, _ = strings.Cut(rest, ".")
		}
		p.steps = append(p.steps, step)
	}
	return p, nil
}

// answer is what a receiver said, with its body read at most once.
type answer struct {
	call.Answer
	read bool
	body any
}

// at is the value of a path as text; false when there is none. Missing and null are the same.
func (a *answer) at(text string) (string, bool) {
	p, err := parsePath(text)
	if err != nil {
		return "", false
	}
	switch p.root {
	case "status":
		return strconv.Itoa(a.Status), true
	case "header":
		value := a.Header.Get(p.steps[0])
		return value, value != ""
	}
	if len(p.steps) == 0 {
		return strings.TrimSpace(string(a.Body)), true
	}
	return textOf(lookup(a.json(), p.steps))
}

// json is the body; nil when it is no JSON.
func (a *answer) json() any {
	if !a.read {
		a.read = true
		decoder := json.NewDecoder(bytes.NewReader(a.Body))
		decoder.UseNumber()
		if decoder.Decode(&a.body) != nil {
			a.body = nil
		}
	}
	return a.body
}

func lookup(value any, steps []string) any {
	for _, step := range steps {
		if condition, ok := strings.CutPrefix(step, "["); ok {
			value = pickItem(value, condition)
			continue
		}
		switch v := value.(type) {
		case map[string]any:
			value = v[step]
		case []any:
			i, err := strconv.Atoi(step)
			if err != nil || i < 0 || i >= len(v) {
				return nil
			}
			value = v[i]
		default:
			return nil
		}
	}
	return value
}

// pickItem is the first item of a list of which a value is the one that is looked for.
func pickItem(value any, condition string) any {
	name, want, _ := strings.Cut(condition, "=")
	list, _ := value.([]any)
	for _, item := range list {
		if has, ok := textOf(lookup(item, strings.Split(name, "."))); ok && has == want {
			return item
		}
	}
	return nil
}

func textOf(value any) (string, bool) {
	switch v := value.(type) {
	case nil:
		return "", false
	case string:
		return v, true
	case json.Number:
		return v.String(), true
	}
	text, err := json.Marshal(value)
	return string(text), err == nil
}
