package main

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"time"
)

const gib = int64(1) << 30

// volume is a disk or a share of the cloud.
type volume struct {
	ID string `json:"id"`
	// The name that CreateVolume was called with: a call that is repeated finds its volume again.
	Name   string `json:"name"`
	Type   string `json:"type"`
	Zone   string `json:"zone,omitempty"`
	SizeGi int64  `json:"sizeGi,omitempty"`
	// Whether several nodes may attach it.
	Shared bool `json:"shared,omitempty"`
	// The node that it is attached to, the last of several.
	Node string `json:"node,omitempty"`
	// The snapshot or volume that it was made from.
	Source string `json:"source,omitempty"`
}

// snapshot is a copy of a volume at one moment.
type snapshot struct {
	ID     string    `json:"id"`
	Name   string    `json:"name"`
	Volume string    `json:"volume"`
	SizeGi int64     `json:"sizeGi"`
	Taken  time.Time `json:"taken"`
}

// store is everything that the cloud has. Its lock is held for the length of one call.
type store struct {
	sync.Mutex
	shown     string
	next      int
	volumes   map[string]*volume
	snapshots map[string]*snapshot
}

func newStore(shown string) *store {
	s := &store{shown: shown, volumes: map[string]*volume{}, snapshots: map[string]*snapshot{}}
	s.show()
	return s
}

// id makes the id of something new, told apart by its prefix.
func (s *store) id(prefix string) string {
	s.next++
	return fmt.Sprintf("%s-%04d", prefix, s.next)
}

func (s *store) volumeNamed(name string) *volume {
	for _, volume := range s.volumes {
		if volume.Name == name {
			return volume
		}
	}
	return nil
}

func (s *store) snapshotNamed(name string) *snapshot {
	for _, snapshot := range s.snapshots {
		if snapshot.Name == name {
			return snapshot
		}
	}
	return nil
}

// show writes what there is, by name; the file is replaced at once, so that nobody reads half of it.
func (s *store) show() {
	if s.shown == "" {
		return
	}
	content := struct {
		Volumes   []*volume   `json:"volumes"`
		Snapshots []*snapshot `json:"snapshots"`
	}{Volumes: []*volume{}, Snapshots: []*snapshot{}}
	for _, volume := range s.volumes {
		content.Volumes = append(content.Volumes, volume)
	}
	for _, snapshot := range s.snapshots {
		content.Snapshots = append(content.Snapshots, snapshot)
	}
	slices.SortFunc(content.Volumes, func(a, b *volume) int { return strings.Compare(a.Name, b.Name) })
	slices.SortFunc(content.Snapshots, func(a, b *snapshot) int { return strings.Compare(a.Name, b.Name) })
	text, err := json.MarshalIndent(content, "", "  ")
	if err == nil {
		err = os.WriteFile(s.shown+".new", append(text, '\n'), 0o600)
	}
	if err == nil {
		err = os.Rename(s.shown+".new", s.shown)
	}
	if err != nil {
		fmt.Fprintf(os.Stderr, "%s cannot be written: %v\n", s.shown, err)
	}
}
