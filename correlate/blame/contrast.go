package blame

// contrast is what the comparison of new and old instances of the changed service says: the ln e-value of a difference,
// 0 without such a comparison. It is bounded, since no comparison is better than its assumptions.
func (p *Params) contrast(c *Candidate) float64 {
	return min(max(c.Contrast, p.ContrastMin), p.ContrastMax)
}
