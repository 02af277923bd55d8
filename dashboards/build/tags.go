package main

import "github.com/grafana/grafana-foundation-sdk/go/cog/variants"

// byTags asks Grafana's own annotations for those that Shipwake writes.
type byTags struct {
	Limit    int      `json:"limit"`
	MatchAny bool     `json:"matchAny"`
	Tags     []string `json:"tags"`
	Type     string   `json:"type"`
}

// Build implements cog.Builder.
func (byTags) Build() (variants.Dataquery, error) {
	return byTags{Limit: 100, Tags: []string{"shipwake"}, Type: "tags"}, nil
}

func (byTags) ImplementsDataqueryVariant() {}
func (byTags) DataqueryType() string       { return "grafana" }
func (byTags) Validate() error             { return nil }
func (b byTags) Equals(other variants.Dataquery) bool {
	o, ok := other.(byTags)
	return ok && o.Type == b.Type
}
