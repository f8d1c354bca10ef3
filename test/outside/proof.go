package main

import (
	"bytes"
	"fmt"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

// checkProof reads a C2SP tlog-proof. Where the entry isn't given, it is the one in the proof's extra line.
func checkProof(keys *logKeys, text []byte, entries [][]byte) (string, error) {
	line, rest, _ := cutLine(text)
	if line != "c2sp.org/tlog-proof@v1" {
		return "", fmt.Errorf("the proof does not begin as a tlog-proof does")
	}
	line, rest, _ = cutLine(rest)
	if strings.HasPrefix(line, "extra ") {
		extra, err := decode(strings.TrimPrefix(line, "extra "))
		if err != nil {
			return "", fmt.Errorf("the proof's entry can't be read: %v", err)
		}
		entries = append(entries, extra)
		line, rest, _ = cutLine(rest)
	}
	if len(entries) == 0 {
		return "", fmt.Errorf("the proof has no entry in it, and none was given")
	}
	if !bytes.Equal(entries[0], entries[len(entries)-1]) {
		return "", fmt.Errorf("the proof is of another entry than the one given")
	}
	index, err := parseCount(strings.TrimPrefix(line, "index "))
	if err != nil || !strings.HasPrefix(line, "index ") {
		return "", fmt.Errorf("the proof says no index")
	}
	hashes, rest, err := parseHashes(rest)
	if err != nil {
		return "", err
	}
	tree, err := openCheckpoint(keys, rest)
	if err != nil {
		return "", err
	}
	err = tlog.CheckRecord(hashes, tree.N, tree.Hash, index, tlog.RecordHash(entries[0]))
	if err != nil {
		return "", fmt.Errorf("this is not entry %d of the %d that were signed: %v", index, tree.N, err)
	}
	return fmt.Sprintf("The entry is number %d of the log, under its checkpoint over %d entries.\n", index, tree.N), nil
}

// checkConsistency takes the hashes one a line, as a witness is sent them.
func checkConsistency(keys *logKeys, earlier, later, proof []byte) (string, error) {
	before, err := openCheckpoint(keys, earlier)
	if err != nil {
		return "", fmt.Errorf("of the earlier one: %v", err)
	}
	after, err := openCheckpoint(keys, later)
	if err != nil {
		return "", fmt.Errorf("of the later one: %v", err)
	}
	hashes, rest, err := parseHashes(append(proof, '\n'))
	if err != nil {
		return "", err
	}
	if len(rest) > 0 {
		return "", fmt.Errorf("the consistency proof goes on after its last hash")
	}
	if err := checkGrown(hashes, before, after); err != nil {
		return "", fmt.Errorf("the log of %d entries does not begin with that of %d: %v", after.N, before.N, err)
	}
	return fmt.Sprintf("The log of %d entries begins with that of %d.\n", after.N, before.N), nil
}

// checkGrown is tlog.CheckTree, which knows no empty tree: every log begins with that.
func checkGrown(proof tlog.TreeProof, before, after tlog.Tree) error {
	if before.N > 0 {
		return tlog.CheckTree(proof, after.N, after.Hash, before.N, before.Hash)
	}
	if len(proof) > 0 || before.Hash != emptyRoot {
		return fmt.Errorf("nothing is to be proven of an empty log, whose root is known")
	}
	return nil
}

// parseHashes reads hashes up to a blank line.
func parseHashes(text []byte) (hashes []tlog.Hash, rest []byte, err error) {
	for {
		line, after, ok := cutLine(text)
		if !ok {
			return nil, nil, fmt.Errorf("no blank line ends the proof's hashes")
		}
		if line == "" {
			return hashes, after, nil
		}
		hash, err := parseHash(line)
		if err != nil {
			return nil, nil, fmt.Errorf("hash %d of the proof was altered: %v", len(hashes)+1, err)
		}
		hashes, text = append(hashes, hash), after
	}
}
