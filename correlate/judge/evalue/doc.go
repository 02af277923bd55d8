// Package evalue answers: how strong is the evidence that an event became more frequent?
//
// The statistics of judging, as pure functions over sorted counts: e-processes that may be looked at after every cell,
// mixtures over the rate ratio θ, confidence sequences, likelihoods, the dispersion φ of counts, and upper bounds that are
// cheap to look up. Methods: Lindon & Malek, Anytime-valid inference for multinomial count data (arXiv:2205.14762);
// Ramdas et al., Game-theoretic statistics and safe anytime-valid inference (Statistical Science 2023).
package evalue
