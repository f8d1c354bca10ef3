package main

import (
	"fmt"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

// tileHeight is C2SP's: 256 hashes to a tile.
const tileHeight = 8

const tileWidth = 1 << tileHeight

// memory is a tree as tlog stores one: some two hashes for each entry.
type memory []tlog.Hash

func (m memory) ReadHashes(indexes []int64) ([]tlog.Hash, error) {
	hashes := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		if index >= int64(len(m)) {
			return nil, fmt.Errorf("hash %d is not there", index)
		}
		hashes[i] = m[index]
	}
	return hashes, nil
}

func (m *memory) add(number int64, entry []byte) error {
	hashes, err := tlog.StoredHashes(number, entry, m)
	*m = append(*m, hashes...)
	return err
}

// rootAt is the root of the first size entries. tlog knows no empty tree.
func (m memory) rootAt(size int64) (tlog.Hash, error) {
	if size == 0 {
		return emptyRoot, nil
	}
	return tlog.TreeHash(size, m)
}

// tilesOf names every tile of a tree of size entries, the partial last one of each level included.
func tilesOf(size int64) (tiles []tlog.Tile) {
	for level := 0; size>>(tileHeight*level) > 0; level++ {
		tiles = append(tiles, tilesOfLevel(level, size)...)
	}
	return tiles
}

// tilesOfLevel takes -1 for the bundles of entries, as tlog does.
func tilesOfLevel(level int, size int64) (tiles []tlog.Tile) {
	width := size
	if level > 0 {
		width = size >> (tileHeight * level)
	}
	for number := int64(0); number*tileWidth < width; number++ {
		tile := tlog.Tile{H: tileHeight, L: level, N: number, W: tileWidth}
		if left := width - number*tileWidth; left < tileWidth {
			tile.W = int(left)
		}
		tiles = append(tiles, tile)
	}
	return tiles
}

// pathOf is C2SP's: Go's own with the height left out, and "entries" for "data".
func pathOf(tile tlog.Tile) string {
	path := strings.Replace(tile.Path(), "tile/8/", "tile/", 1)
	return strings.Replace(path, "tile/data/", "tile/entries/", 1)
}
