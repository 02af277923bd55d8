// Package freeport answers: on which loopback port may a server be started in a moment, with nobody else there first?
package freeport

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
	"sync"
)

// The ports that are handed out: below those that Linux (32768), macOS and Windows (49152) give to outgoing connections
// and to listeners on port 0. A port from there can be taken at any moment between the choice and its use.
const first, last = 20000, 29999

var (
	mu     sync.Mutex
	claims []net.PacketConn // held until the process ends
)

// Address is a free TCP address on the loopback interface, as host:port. No other call, in this process or in another,
// returns it before this process ends: the claim is the UDP port of the same number, which is the system's to free.
func Address() (string, error) {
	mu.Lock()
	defer mu.Unlock()
	var failed error
	start := rand.IntN(last - first + 1)
	for i := range last - first + 1 {
		address := net.JoinHostPort("127.0.0.1", strconv.Itoa(first+(start+i)%(last-first+1)))
		if failed = claim(address); failed == nil {
			return address, nil
		}
	}
	return "", fmt.Errorf("no port from %d to %d on 127.0.0.1 is free: %w", first, last, failed)
}

func claim(address string) error {
	claimed, err := net.ListenPacket("udp", address)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return errors.Join(err, claimed.Close())
	}
	claims = append(claims, claimed)
	return listener.Close()
}
