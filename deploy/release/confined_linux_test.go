package main

import (
	"strconv"
	"strings"
	"syscall"
)

// confined has a program see a folder as its root, as a user "ID:ID".
func confined(root, user string) *syscall.SysProcAttr {
	id, _, _ := strings.Cut(user, ":")
	number, err := strconv.ParseUint(id, 10, 32)
	if err != nil {
		return nil
	}
	return &syscall.SysProcAttr{Chroot: root, Credential: &syscall.Credential{Uid: uint32(number), Gid: uint32(number)}}
}
