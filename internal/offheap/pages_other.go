//go:build !unix

package offheap

func pages(int) []byte { return nil }
