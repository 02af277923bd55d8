// Package check answers: does the chart render to what a cluster takes, with every set of values that people use?
package check
