package offheap

import "syscall"

// What madvise is asked for, by the numbers of Linux: that memory may lie in huge pages, and to move it there at once.
const (
	adviceHuge     = 14
	adviceCollapse = 25 // since Linux 6.1
)

func join(raw []byte) {
	_ = syscall.Madvise(raw, adviceHuge) // a system that doesn't do either leaves all as it is
	_ = syscall.Madvise(raw, adviceCollapse)
}
