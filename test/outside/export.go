package main

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/mod/sumdb/tlog"
)

var emptyRoot = tlog.Hash(sha256.Sum256(nil))

// checkExport recomputes the whole tree from the entries' bytes, and compares everything that was exported with it.
func checkExport(keys *logKeys, directory string) (string, error) {
	newest, err := read(filepath.Join(directory, "checkpoint"))
	if err != nil {
		return "", err
	}
	tree, err := openCheckpoint(keys, newest)
	if err != nil {
		return "", err
	}
	var hashes memory
	for _, bundle := range tilesOfLevel(-1, tree.N) {
		if err := hashBundle(&hashes, bundle, directory); err != nil {
			return "", err
		}
	}
	// First, so that what is said of a tile is about the tile alone.
	if err := hashes.mustLeadTo(tree); err != nil {
		return "", err
	}
	tiles := tilesOf(tree.N)
	for _, tile := range tiles {
		stored, err := readPart(directory, pathOf(tile))
		if err != nil {
			return "", err
		}
		expected, err := tlog.ReadTileData(tile, hashes)
		if err != nil {
			return "", err
		}
		if !bytes.Equal(stored, expected) {
			return "", fmt.Errorf("%s was altered; the entries beneath it are what was signed", pathOf(tile))
		}
	}
	checkpoints, err := checkEarlier(keys, directory, hashes, newest)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("All %d entries, %d tiles and %d checkpoints are what the log signed.\n", tree.N, len(tiles), checkpoints), nil
}

// hashBundle adds the entries of one bundle: each two bytes of length, big-endian, and its bytes.
func hashBundle(hashes *memory, bundle tlog.Tile, directory string) error {
	rest, err := readPart(directory, pathOf(bundle))
	if err != nil {
		return err
	}
	for i := 0; i < bundle.W; i++ {
		if len(rest) < 2 || len(rest)-2 < int(binary.BigEndian.Uint16(rest)) {
			return fmt.Errorf("%s was cut or altered at its entry %d", pathOf(bundle), i)
		}
		end := 2 + int(binary.BigEndian.Uint16(rest))
		if err := hashes.add(bundle.N*tileWidth+int64(i), rest[2:end]); err != nil {
			return err
		}
		rest = rest[end:]
	}
	if len(rest) > 0 {
		return fmt.Errorf("%s goes on after its last entry", pathOf(bundle))
	}
	return nil
}

func (m memory) mustLeadTo(tree tlog.Tree) error {
	root, err := m.rootAt(tree.N)
	if err != nil {
		return err
	}
	if root != tree.Hash {
		return fmt.Errorf("the entries do not lead to the root of the checkpoint over %d of them", tree.N)
	}
	return nil
}

// checkEarlier opens each line's note and compares its root with the tree's of that size. The last is the newest again.
func checkEarlier(keys *logKeys, directory string, hashes memory, newest []byte) (int, error) {
	text, err := readPart(directory, "checkpoints.jsonl")
	if err != nil {
		return 0, err
	}
	last, count := int64(-1), 0
	var message string
	for ; len(text) > 0; count++ {
		line, rest, ok := cutLine(text)
		if !ok {
			return 0, fmt.Errorf("checkpoints.jsonl was cut")
		}
		var size int64
		if size, message, err = parseCheckpointLine(line); err != nil {
			return 0, fmt.Errorf("line %d of checkpoints.jsonl was altered: %v", count+1, err)
		}
		tree, err := openCheckpoint(keys, []byte(message))
		if err != nil {
			return 0, fmt.Errorf("of line %d of checkpoints.jsonl: %v", count+1, err)
		}
		if tree.N != size || tree.N <= last {
			return 0, fmt.Errorf("line %d of checkpoints.jsonl is not what its note says, or out of order", count+1)
		}
		if err := hashes.mustLeadTo(tree); err != nil {
			return 0, err
		}
		last, text = tree.N, rest
	}
	if message != string(newest) {
		return 0, fmt.Errorf("checkpoints.jsonl does not end with the newest checkpoint")
	}
	return count, nil
}

// parseCheckpointLine wants the keys as they are: Go would take them in capitals too.
func parseCheckpointLine(line string) (size int64, message string, err error) {
	var object map[string]json.RawMessage
	if err := json.Unmarshal([]byte(line), &object); err != nil {
		return 0, "", err
	}
	if len(object) != 3 || object["size"] == nil || object["note"] == nil || object["signedAt"] == nil {
		return 0, "", fmt.Errorf("it has not the three keys size, signedAt and note")
	}
	if err := json.Unmarshal(object["size"], &size); err != nil {
		return 0, "", err
	}
	err = json.Unmarshal(object["note"], &message)
	return size, message, err
}

// readPart reads a file without which the export is none: that it is missing is for the log to answer for.
func readPart(directory, path string) ([]byte, error) {
	content, err := os.ReadFile(filepath.Join(directory, filepath.FromSlash(path)))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s is missing", path)
	}
	if err != nil {
		return nil, unreadable{err}
	}
	return content, nil
}
