package screen

import (
	"io"
	"os"

	"golang.org/x/term"
)

// Keys has a terminal pass on every key at once, and calls quit when it is q, Ctrl-C or Ctrl-D. What it returns makes the terminal
// as it was. What isn't a terminal is left alone.
func Keys(in *os.File, quit func()) (restore func(), err error) {
	fd := int(in.Fd())
	if !term.IsTerminal(fd) {
		return func() {}, nil
	}
	before, err := term.MakeRaw(fd)
	if err != nil {
		return func() {}, err
	}
	go pressed(in, quit) // nothing ends a read of a terminal but a key or the end of the program
	return func() { _ = term.Restore(fd, before) }, nil
}

const (
	ctrlC = 3
	ctrlD = 4
)

// pressed reads keys until one means quit, or there are no more.
func pressed(in io.Reader, quit func()) {
	key := make([]byte, 1)
	for {
		n, err := in.Read(key)
		if n == 1 {
			switch key[0] {
			case 'q', 'Q', ctrlC, ctrlD:
				quit()
				return
			}
		}
		if err != nil {
			return
		}
	}
}
