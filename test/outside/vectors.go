package main

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

const vectorOrigin = "vectors.example.com/ledger/1"

// The sizes lie where trees and tiles change their form; the last is C2SP's own example of three levels.
var vectorSizes = []int64{0, 1, 2, 3, 255, 256, 257, 511, 512, 1000, 65536, 70000}

// Tiles of larger trees are many: of those only the last of each level is listed, and the digest over all.
const allTilesUpTo = 1000

type vectors struct {
	Origin      string              `json:"origin"`
	Seed        string              `json:"seed"`
	Vkey        string              `json:"vkey"`
	KeyID       string              `json:"keyId"`
	Note        string              `json:"note"`
	Entry       string              `json:"entry"`
	Trees       []treeVector        `json:"trees"`
	Inclusion   []inclusionVector   `json:"inclusion"`
	Consistency []consistencyVector `json:"consistency"`
}

type treeVector struct {
	Size       int64             `json:"size"`
	Root       string            `json:"root"`
	Checkpoint string            `json:"checkpoint"`
	Tiles      map[string]string `json:"tiles"`
	AllTiles   string            `json:"allTiles"`
}

type inclusionVector struct {
	Index  int64    `json:"index"`
	Size   int64    `json:"size"`
	Hashes []string `json:"hashes"`
}

type consistencyVector struct {
	Earlier int64    `json:"earlier"`
	Size    int64    `json:"size"`
	Hashes  []string `json:"hashes"`
}

// vectorEntry is the entry with this number.
func vectorEntry(number int64) []byte {
	return []byte(fmt.Sprintf("entry %d", number))
}

// writeVectors prints the same bytes each time: the seed is fixed, and Ed25519 takes no chance.
func writeVectors(out io.Writer) error {
	// Of this seed, the public key's base64 has both a "+", which also parts a verifier key, and a "/".
	seed := sha256.Sum256([]byte("countersign golden vectors, 7"))
	signer, vkey, err := vectorSigner(seed[:])
	if err != nil {
		return err
	}
	signed, err := note.Sign(&note.Note{Text: "Who signs this\n\nsigns both paragraphs.\n"}, signer)
	if err != nil {
		return err
	}
	made := vectors{
		Origin: vectorOrigin,
		Seed:   hex.EncodeToString(seed[:]),
		Vkey:   vkey,
		KeyID:  fmt.Sprintf("%08x", signer.KeyHash()),
		Note:   string(signed),
		Entry:  "entry N, where N is its index",
	}
	var hashes memory
	for number := int64(0); number < vectorSizes[len(vectorSizes)-1]; number++ {
		if err := hashes.add(number, vectorEntry(number)); err != nil {
			return err
		}
	}
	for i, size := range vectorSizes {
		tree, err := makeTree(hashes, size, signer)
		if err != nil {
			return err
		}
		made.Trees = append(made.Trees, tree)
		if err := made.addProofs(hashes, size, vectorSizes[:i]); err != nil {
			return err
		}
	}
	encoder := json.NewEncoder(out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", " ")
	return encoder.Encode(made)
}

func vectorSigner(seed []byte) (note.Signer, string, error) {
	private := ed25519.NewKeyFromSeed(seed)
	vkey, err := note.NewEd25519VerifierKey(vectorOrigin, private.Public().(ed25519.PublicKey))
	if err != nil {
		return nil, "", err
	}
	verifier, err := note.NewVerifier(vkey)
	if err != nil {
		return nil, "", err
	}
	secret := base64.StdEncoding.EncodeToString(append([]byte{1}, seed...))
	signer, err := note.NewSigner(fmt.Sprintf("PRIVATE+KEY+%s+%08x+%s", vectorOrigin, verifier.KeyHash(), secret))
	return signer, vkey, err
}

func makeTree(hashes memory, size int64, signer note.Signer) (tree treeVector, err error) {
	root, err := hashes.rootAt(size)
	if err != nil {
		return tree, err
	}
	text := fmt.Sprintf("%s\n%d\n%s\n", vectorOrigin, size, root)
	signed, err := note.Sign(&note.Note{Text: text}, signer)
	if err != nil {
		return tree, err
	}
	tree = treeVector{Size: size, Root: root.String(), Checkpoint: string(signed), Tiles: map[string]string{}}
	all := sha256.New()
	tiles := tilesOf(size)
	for i, tile := range tiles {
		data, err := tlog.ReadTileData(tile, hashes)
		if err != nil {
			return tree, err
		}
		all.Write(data)
		last := i+1 == len(tiles) || tiles[i+1].L != tile.L
		if last || size <= allTilesUpTo {
			digest := sha256.Sum256(data)
			tree.Tiles[pathOf(tile)] = hex.EncodeToString(digest[:])
		}
	}
	tree.AllTiles = hex.EncodeToString(all.Sum(nil))
	return tree, nil
}

// addProofs proves, in the tree of size entries, its edges and middle, and every earlier tree.
func (v *vectors) addProofs(hashes memory, size int64, earlier []int64) error {
	for _, index := range indexesOf(size) {
		proof, err := tlog.ProveRecord(size, index, hashes)
		if err != nil {
			return err
		}
		v.Inclusion = append(v.Inclusion, inclusionVector{index, size, textOf(proof)})
	}
	for _, before := range earlier {
		if before == 0 {
			continue
		}
		proof, err := tlog.ProveTree(size, before, hashes)
		if err != nil {
			return err
		}
		v.Consistency = append(v.Consistency, consistencyVector{before, size, textOf(proof)})
	}
	return nil
}

func indexesOf(size int64) (indexes []int64) {
	seen := map[int64]bool{}
	for _, index := range []int64{0, 1, size / 2, size - 2, size - 1} {
		if index >= 0 && index < size && !seen[index] {
			seen[index] = true
			indexes = append(indexes, index)
		}
	}
	return indexes
}

// textOf yields a list even of no hashes, where Go's nil would become null.
func textOf(hashes []tlog.Hash) []string {
	text := []string{}
	for _, hash := range hashes {
		text = append(text, hash.String())
	}
	return text
}
