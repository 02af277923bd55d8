package families

import (
	"slices"
	"strings"
)

// Label is a name with its value.
type Label struct{ Name, Value string }

// Labels are the labels of a series, with its name as __name__, sorted by name and with underscores for dots.
type Labels []Label

// Sorted puts labels, as they were read, into the form that the others expect. It changes them in place.
func Sorted(l []Label) Labels {
	for i := range l {
		if strings.Contains(l[i].Name, ".") {
			l[i].Name = strings.ReplaceAll(l[i].Name, ".", "_")
		}
		if l[i].Name == MetricName && strings.Contains(l[i].Value, ".") {
			l[i].Value = strings.ReplaceAll(l[i].Value, ".", "_")
		}
	}
	slices.SortFunc(l, func(a, b Label) int { return strings.Compare(a.Name, b.Name) })
	return l
}

// MetricName is the label that holds the metric's name.
const MetricName = "__name__"

// Get is the value of a label, "" when it isn't there, which to Prometheus is the same.
func (l Labels) Get(name string) string {
	for i := range l {
		if l[i].Name == name {
			return l[i].Value
		}
	}
	return ""
}

// First is the value of the first of several labels that says something.
func (l Labels) First(names ...string) string {
	for _, name := range names {
		switch value := l.Get(name); value {
		case "", "unknown", "latest", "none":
		default:
			return value
		}
	}
	return ""
}

// Without are the labels but some.
func (l Labels) Without(names ...string) Labels {
	kept := make(Labels, 0, len(l))
	for _, label := range l {
		if !slices.Contains(names, label.Name) {
			kept = append(kept, label)
		}
	}
	return kept
}

// Key tells labels apart.
func (l Labels) Key() string {
	var b strings.Builder
	for _, label := range l {
		b.WriteString(label.Name)
		b.WriteByte(0)
		b.WriteString(label.Value)
		b.WriteByte(0)
	}
	return b.String()
}
