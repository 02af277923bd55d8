// Package check answers: does Compose itself take compose.yaml, with the secrets that secrets.sh makes, and not without?
package check
