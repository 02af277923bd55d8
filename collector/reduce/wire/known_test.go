package wire

import (
	"bytes"
	"reflect"
	"slices"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/shipwake/shipwake/collector/reduce"
)

// TestAKnownResourceOwnsWhatItSays: the bytes of a request are used again for the next one.
func TestAKnownResourceOwnsWhatItSays(t *testing.T) {
	attributes := []string{
		"service.name", "service.namespace", "service.version", "deployment.environment.name", "cloud.availability_zone",
		"k8s.cluster.name", "cloud.region", "service.instance.id", "k8s.container.name",
	}
	td := ptrace.NewTraces()
	resource := td.ResourceSpans().AppendEmpty().Resource()
	for _, name := range attributes {
		resource.Attributes().PutStr(name, "of "+name)
	}
	raw := encoded(t, td)
	said := NewKnown().resource(raw)
	require.NotNil(t, said)
	copy(raw, bytes.Repeat([]byte{'~'}, len(raw)))
	texts := textsOf(reflect.ValueOf(*said))
	slices.Sort(texts)
	texts = slices.Compact(texts) // a zone's name is kept twice
	for i, name := range attributes {
		attributes[i] = "of " + name
	}
	require.ElementsMatch(t, attributes, texts, "each field of reduce.Resource is told by an attribute, and stays")
}

func TestResourcesThatComeAgainAreReadOnce(t *testing.T) {
	const n = 100
	all, raw := NewKnown(), make([][]byte, n)
	for i := range raw {
		td := ptrace.NewTraces()
		td.ResourceSpans().AppendEmpty().Resource().Attributes().PutStr("service.name", "service-"+strconv.Itoa(i))
		raw[i] = encoded(t, td)
	}
	first, again := make([]*reduce.Resource, n), 0
	for round := range 20 {
		for i := range raw {
			said := all.resource(raw[i])
			require.Equal(t, "service-"+strconv.Itoa(i), said.Service)
			if round > 2 && said == first[i] {
				again++
			}
			first[i] = said
		}
	}
	require.Greater(t, again, 17*n*9/10, "few of them have both places in common with others")
}

// encoded is the first resource of a request.
func encoded(t *testing.T, td ptrace.Traces) []byte {
	body, err := (&ptrace.ProtoMarshaler{}).MarshalTraces(td)
	require.NoError(t, err)
	for range 2 { // the list of resources, and the resource of the first
		from, to, ok := length(body, 1)
		require.True(t, ok)
		body = body[from:to]
	}
	return body
}

func textsOf(v reflect.Value) (texts []string) {
	for i := range v.NumField() {
		switch f := v.Field(i); f.Kind() {
		case reflect.String:
			texts = append(texts, f.String())
		case reflect.Struct:
			texts = append(texts, textsOf(f)...)
		}
	}
	return texts
}
