package freeport

import (
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

const asProgram = "FREEPORT_TEST_AS_PROGRAM"

// TestMain also is the other program of the test below: it says which addresses it got, and holds them until it is told.
func TestMain(m *testing.M) {
	if os.Getenv(asProgram) == "" {
		os.Exit(m.Run())
	}
	for range 200 {
		address, err := Address()
		if err != nil {
			panic(err)
		}
		os.Stdout.WriteString(address + "\n")
	}
	os.Stdout.WriteString("\n")
	_, _ = os.Stdin.Read(make([]byte, 1))
}

func TestNoAddressIsGivenTwice(t *testing.T) {
	var mu sync.Mutex
	given := map[string]bool{}
	give := func(address string) {
		mu.Lock()
		defer mu.Unlock()
		require.False(t, given[address], address)
		given[address] = true
	}
	for range 4 {
		other := exec.Command(os.Args[0])
		other.Env = append(os.Environ(), asProgram+"=1")
		in, err := other.StdinPipe()
		require.NoError(t, err)
		out, err := other.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, other.Start())
		defer func() { require.NoError(t, in.Close()); require.NoError(t, other.Wait()) }()
		var said strings.Builder
		for buf := make([]byte, 4096); !strings.HasSuffix(said.String(), "\n\n"); {
			n, err := out.Read(buf)
			require.NoError(t, err)
			said.Write(buf[:n])
		}
		for _, address := range strings.Fields(said.String()) {
			give(address)
		}
	}
	for range 200 {
		address, err := Address()
		require.NoError(t, err)
		give(address)
	}
	require.Len(t, given, 1000)
}

func TestAnAddressThatIsInUseIsNotGiven(t *testing.T) {
	address, err := Address()
	require.NoError(t, err)
	listener, err := net.Listen("tcp", address)
	require.NoError(t, err, "it can be listened on")
	defer listener.Close()
	require.ErrorContains(t, claim(address), "address already in use")
}
