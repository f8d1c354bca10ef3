// A small C2SP witness for the tests, in another language than what it witnesses: Go's own note opens the checkpoint, and Go's
// own tlog says whether the log only grew. It forgets everything when it ends.
//
//	witness NAME LOG_VKEY…
//
// It prints its address and its verifier key, and serves until its standard input closes.
package main

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

type seen struct {
	tree   tlog.Tree
	signed string
}

type witness struct {
	name string
	key  ed25519.PrivateKey
	id   []byte
	logs map[string]note.Verifier

	mu   sync.Mutex
	seen map[string]seen
}

func main() {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	must(err)
	key := append([]byte{4}, public...)
	name := os.Args[1]
	id := sha256.Sum256(append([]byte(name+"\n"), key...))
	w := &witness{name: name, key: private, id: id[:4], logs: map[string]note.Verifier{}, seen: map[string]seen{}}
	for _, vkey := range os.Args[2:] {
		verifier, err := note.NewVerifier(vkey)
		must(err)
		w.logs[verifier.Name()] = verifier
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	must(err)
	fmt.Printf("http://%s %s+%s+%s\n", listener.Addr(), name, hex.EncodeToString(w.id), base64.StdEncoding.EncodeToString(key))
	go func() {
		io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	must(http.Serve(listener, w))
}

func (w *witness) ServeHTTP(response http.ResponseWriter, request *http.Request) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if request.Method == http.MethodPost && request.URL.Path == "/add-checkpoint" {
		body, err := io.ReadAll(io.LimitReader(request.Body, 1<<16))
		if err == nil {
			w.add(response, string(body))
		}
		return
	}
	for origin, seen := range w.seen {
		hash := sha256.Sum256([]byte(origin))
		if request.Method == http.MethodGet && request.URL.Path == "/"+hex.EncodeToString(hash[:])+"/checkpoint" {
			io.WriteString(response, seen.signed)
			return
		}
	}
	http.NotFound(response, request)
}

func (w *witness) add(response http.ResponseWriter, body string) {
	refuse := func(status int, why string) { http.Error(response, why, status) }
	head, signed, found := strings.Cut(body, "\n\n")
	lines := strings.Split(head, "\n")
	old, err := strconv.ParseInt(strings.TrimPrefix(lines[0], "old "), 10, 64)
	if !found || err != nil || !strings.HasPrefix(lines[0], "old ") || len(lines) > 64 {
		refuse(http.StatusBadRequest, "malformed request")
		return
	}
	var proof tlog.TreeProof
	for _, line := range lines[1:] {
		hash, err := tlog.ParseHash(line)
		if err != nil {
			refuse(http.StatusBadRequest, "malformed proof")
			return
		}
		proof = append(proof, hash)
	}
	origin, rest, _ := strings.Cut(signed, "\n")
	verifier, known := w.logs[origin]
	if !known {
		refuse(http.StatusNotFound, "unknown log")
		return
	}
	opened, err := note.Open([]byte(signed), note.VerifierList(verifier))
	if err != nil {
		refuse(http.StatusForbidden, err.Error())
		return
	}
	fields := strings.SplitN(rest, "\n", 3)
	size, err := strconv.ParseInt(fields[0], 10, 64)
	root, wrong := tlog.ParseHash(fields[1])
	if err != nil || wrong != nil || old > size {
		refuse(http.StatusBadRequest, "malformed checkpoint")
		return
	}
	last := w.seen[origin].tree
	if old != last.N {
		response.Header().Set("Content-Type", "text/x.tlog.size")
		response.WriteHeader(http.StatusConflict)
		fmt.Fprintf(response, "%d\n", last.N)
		return
	}
	switch {
	case old == size && old > 0 && root != last.Hash:
		refuse(http.StatusConflict, "another root")
		return
	case (old == 0 || old == size) && len(proof) > 0:
		refuse(http.StatusUnprocessableEntity, "a proof of nothing")
		return
	case old > 0 && old < size:
		if err := tlog.CheckTree(proof, size, root, last.N, last.Hash); err != nil {
			refuse(http.StatusUnprocessableEntity, err.Error())
			return
		}
	}
	now := time.Now().Unix()
	signature := ed25519.Sign(w.key, []byte(fmt.Sprintf("cosignature/v1\ntime %d\n%s", now, opened.Text)))
	var payload bytes.Buffer
	payload.Write(w.id)
	must(binary.Write(&payload, binary.BigEndian, uint64(now)))
	payload.Write(signature)
	line := fmt.Sprintf("\u2014 %s %s\n", w.name, base64.StdEncoding.EncodeToString(payload.Bytes()))
	w.seen[origin] = seen{tlog.Tree{N: size, Hash: root}, signed + line}
	io.WriteString(response, line)
}

func must(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
