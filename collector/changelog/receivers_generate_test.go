package changelog

import (
	"pgregory.net/rapid"

	"github.com/shipwake/shipwake/correlate"
)

func exampleDeliveries() []correlate.Delivery {
	return []correlate.Delivery{anyDelivery().Example(1), anyDelivery().Example(2)}
}

func anyDelivery() *rapid.Generator[correlate.Delivery] {
	return rapid.Custom(func(t *rapid.T) correlate.Delivery {
		d := correlate.Delivery{
			Source:      rapid.String().Draw(t, "source"),
			ID:          rapid.String().Draw(t, "id"),
			ReceivedAt:  maybeTime(t, "received"),
			ContentType: rapid.String().Draw(t, "content type"),
			Event:       rapid.String().Draw(t, "event"),
			Raw:         rapid.SliceOfN(rapid.Byte(), 0, 40).Draw(t, "raw"),
			Problem:     rapid.String().Draw(t, "problem"),
		}
		if len(d.Raw) == 0 {
			d.Raw = nil
		}
		for range rapid.IntRange(0, 3).Draw(t, "facts") {
			d.Facts = append(d.Facts, anyFact(t))
		}
		return d
	})
}
