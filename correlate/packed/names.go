package packed

import (
	"encoding/binary"

	"github.com/shipwake/shipwake/correlate"
)

// Names numbers the texts of keys by their first use, so that each is written once.
type Names struct {
	place map[string]uint64
	texts []string
	bytes int
}

// NewNames numbers nothing yet.
func NewNames() *Names { return &Names{place: map[string]uint64{}} }

// Add numbers the texts of a key.
func (n *Names) Add(k *correlate.Key) {
	for _, s := range texts(k) {
		if _, known := n.place[s]; !known {
			n.place[s] = uint64(len(n.texts))
			n.texts = append(n.texts, s)
			n.bytes += len(s) + binary.MaxVarintLen32
		}
	}
}

// Bytes is the most that Append takes.
func (n *Names) Bytes() int { return n.bytes + binary.MaxVarintLen64 }

// Append writes the texts: their count as a uvarint, then each as uvarint length and bytes.
func (n *Names) Append(out []byte) []byte {
	out = binary.AppendUvarint(out, uint64(len(n.texts)))
	for _, s := range n.texts {
		out = binary.AppendUvarint(out, uint64(len(s)))
		out = append(out, s...)
	}
	return out
}

// AppendKey writes a key whose texts were added: service, environment, version, name and peer as uvarint places, kind and
// origin as bytes.
func (n *Names) AppendKey(out []byte, k *correlate.Key) []byte {
	for _, s := range texts(k) {
		out = binary.AppendUvarint(out, n.place[s])
	}
	return append(out, byte(k.Kind), byte(k.Origin))
}

func texts(k *correlate.Key) [5]string {
	return [5]string{k.Service, k.Environment, k.Version, k.Name, k.Peer}
}
