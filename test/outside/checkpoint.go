package main

import (
	"crypto/ed25519"
	"encoding/base64"
	"fmt"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// logKeys are the keys of one log: all have its origin for a name.
type logKeys struct {
	origin    string
	verifiers note.Verifiers
}

// parseKeys reads verifier keys, one a line. Go takes a key's id in capitals as well, so each is written again and
// compared: of a published key no bit may be another.
func parseKeys(text []byte) (*logKeys, error) {
	keys := &logKeys{}
	var list []note.Verifier
	for _, line := range strings.Split(strings.TrimSuffix(string(text), "\n"), "\n") {
		verifier, err := note.NewVerifier(line)
		if err != nil {
			return nil, fmt.Errorf("%q is no verifier key: %v", line, err)
		}
		// The key itself may have a "+" in it.
		encoded := strings.SplitN(line, "+", 3)[2]
		if again, err := rewriteKey(verifier.Name(), encoded); err != nil || again != line {
			return nil, fmt.Errorf("%q is no verifier key as Go writes it", line)
		}
		if keys.origin != "" && keys.origin != verifier.Name() {
			return nil, fmt.Errorf("the keys are of two logs, %s and %s", keys.origin, verifier.Name())
		}
		keys.origin = verifier.Name()
		list = append(list, verifier)
	}
	keys.verifiers = note.VerifierList(list...)
	return keys, nil
}

func rewriteKey(name, encoded string) (string, error) {
	key, err := decode(encoded)
	if err != nil || len(key) != 1+ed25519.PublicKeySize {
		return "", fmt.Errorf("it is not Ed25519")
	}
	return note.NewEd25519VerifierKey(name, ed25519.PublicKey(key[1:]))
}

// openCheckpoint judges the signatures of a note, and reads the origin, size and root that it states.
func openCheckpoint(keys *logKeys, message []byte) (tlog.Tree, error) {
	opened, err := note.Open(message, keys.verifiers)
	if err != nil {
		return tlog.Tree{}, fmt.Errorf("the checkpoint is not the log's: %v", err)
	}
	for _, signature := range append(opened.Sigs, opened.UnverifiedSigs...) {
		if _, err := decode(signature.Base64); err != nil {
			return tlog.Tree{}, fmt.Errorf("a signature line of the checkpoint was altered: %v", err)
		}
	}
	// tlog.ParseTree takes checkpoints of Go's own database only.
	lines := strings.Split(opened.Text, "\n")
	if len(lines) < 4 || lines[0] != keys.origin {
		return tlog.Tree{}, fmt.Errorf("the checkpoint is not one of %s", keys.origin)
	}
	size, err := parseCount(lines[1])
	if err != nil {
		return tlog.Tree{}, fmt.Errorf("the checkpoint's size is %q", lines[1])
	}
	root, err := parseHash(lines[2])
	if err != nil {
		return tlog.Tree{}, fmt.Errorf("the checkpoint's root is none: %v", err)
	}
	return tlog.Tree{N: size, Hash: root}, nil
}

// decode takes base64 in its one exact form. Go's decoder skips line ends and, unless it is strict, bits that encode nothing.
func decode(text string) ([]byte, error) {
	decoded, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, err
	}
	if base64.StdEncoding.EncodeToString(decoded) != text {
		return nil, fmt.Errorf("%q is not base64 in its exact form", text)
	}
	return decoded, nil
}

func parseHash(text string) (hash tlog.Hash, err error) {
	decoded, err := decode(text)
	if err != nil {
		return hash, err
	}
	if len(decoded) != tlog.HashSize {
		return hash, fmt.Errorf("%q is no hash", text)
	}
	copy(hash[:], decoded)
	return hash, nil
}

// parseCount takes a number in its one exact form: no sign, no leading zero.
func parseCount(text string) (int64, error) {
	count, err := strconv.ParseInt(text, 10, 64)
	if err != nil || count < 0 || strconv.FormatInt(count, 10) != text {
		return 0, fmt.Errorf("%q is no number", text)
	}
	return count, nil
}
