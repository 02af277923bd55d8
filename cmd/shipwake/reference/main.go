// Command reference answers: what can be called, configured, counted and asked?
//
// It tells it from the code itself: the commands as they are registered, the structs that the configuration is read into with
// the comments of their fields, the catalog of metrics, and openapi.yaml. `make gen` writes the pages of docs/reference, the
// manual pages of docs/man and the completion scripts of deploy/completions. It is a program of its own, so that what makes
// pages is no part of the daemon.
package main

import (
	"fmt"
	"os"
	"path/filepath"
)

//go:generate go run . ../../..

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: reference ROOT, the root of the repository")
		os.Exit(2)
	}
	if err := write(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "reference:", err)
		os.Exit(1)
	}
}

// folders are those that hold nothing but what is written here.
var folders = []string{"docs/reference", "docs/man", "deploy/completions"}

// write writes every page below a root, and removes those that are no longer made.
func write(root string) error {
	pages, err := pages(root)
	if err != nil {
		return err
	}
	for _, folder := range folders {
		if err := os.RemoveAll(filepath.Join(root, folder)); err != nil {
			return err
		}
		if err := os.MkdirAll(filepath.Join(root, folder), 0o755); err != nil {
			return err
		}
	}
	for name, text := range pages {
		if err := os.WriteFile(filepath.Join(root, name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// madeBy is the first line of a page in Markdown.
const madeBy = "<!-- Written by `make gen`. -->\n"

// pages are the texts of all files, by their path below a root.
func pages(root string) (map[string]string, error) {
	all := map[string]string{}
	for _, part := range []func(root string, into map[string]string) error{commands, manual, completions, configuration, metrics, operations} {
		if err := part(root, all); err != nil {
			return nil, err
		}
	}
	return all, nil
}
