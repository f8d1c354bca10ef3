// Outside checks what Countersign writes with somebody else's code: Go's own golang.org/x/mod/sumdb/note and tlog. It
// shares nothing with src/ledger, so that both can't be wrong in the same way.
//
// It ends with 0 where what it was given holds, with 1 where it does not, and with 2 where it could not be read.
package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
)

const usage = `outside checkpoint  VKEY CHECKPOINT             is this note the log's checkpoint?
outside proof       VKEY PROOF [ENTRY]          is this entry (else the one in the proof) in the log?
outside consistency VKEY EARLIER LATER PROOF    did the log only grow from one checkpoint to the other?
outside export      VKEY DIRECTORY              is all of this export what the log signed?
outside vectors                                 prints the golden vectors

All are files. VKEY has the log's key; where it was rotated, each on its line.
`

// errUsage stands for arguments that fit no command.
var errUsage = errors.New("usage")

// unreadable is for what says nothing about the log: a file that isn't there.
type unreadable struct{ error }

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

func run(args []string, stdout, stderr io.Writer) int {
	sentence, err := check(args, stdout)
	var missing unreadable
	switch {
	case errors.Is(err, errUsage):
		fmt.Fprint(stderr, usage)
		return 2
	case errors.As(err, &missing):
		fmt.Fprintf(stderr, "outside: it can't be read: %v.\n", err)
		return 2
	case err != nil:
		fmt.Fprintf(stdout, "It does not hold: %v.\n", err)
		return 1
	}
	fmt.Fprint(stdout, sentence)
	return 0
}

// check runs one command and says in a sentence what it found to hold.
func check(args []string, stdout io.Writer) (string, error) {
	if len(args) == 1 && args[0] == "vectors" {
		return "", writeVectors(stdout)
	}
	if len(args) < 3 {
		return "", errUsage
	}
	command, rest := args[0], args[2:]
	switch {
	case command == "checkpoint" && len(rest) == 1:
	case command == "proof" && (len(rest) == 1 || len(rest) == 2):
	case command == "consistency" && len(rest) == 3:
	case command == "export" && len(rest) == 1:
	default:
		return "", errUsage
	}
	key, err := read(args[1])
	if err != nil {
		return "", err
	}
	keys, err := parseKeys(key)
	if err != nil {
		return "", err
	}
	if command == "export" {
		return checkExport(keys, rest[0])
	}
	files := make([][]byte, len(rest))
	for i, name := range rest {
		if files[i], err = read(name); err != nil {
			return "", err
		}
	}
	switch command {
	case "checkpoint":
		tree, err := openCheckpoint(keys, files[0])
		return fmt.Sprintf("The checkpoint over %d entries is the log's.\n", tree.N), err
	case "proof":
		return checkProof(keys, files[0], files[1:])
	default:
		return checkConsistency(keys, files[0], files[1], files[2])
	}
}

func read(name string) ([]byte, error) {
	content, err := os.ReadFile(name)
	if err != nil {
		return nil, unreadable{err}
	}
	return content, nil
}

// cutLine splits off the first line; ok is false where there is no newline any more.
func cutLine(text []byte) (line string, rest []byte, ok bool) {
	before, after, ok := bytes.Cut(text, []byte("\n"))
	return string(before), after, ok
}
