package integration

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"sluice/internal/prose"
	"sluice/internal/spelling"
)

// Fault is one thing that is wrong with a definition: where it stands, and in one sentence what is wrong and how to mend it.
type Fault struct {
	File    string // as named below the definition's folder: docs/users.yaml
	Line    int    // from 1; 0 where no line is to blame, as for a missing file
	Column  int    // from 1, in runes; 0 with Line 0
	Message string

	// Advice marks what is worth mending while the definition works all the same: it does not keep it from being loaded.
	Advice bool
}

// String is the fault as compilers print theirs: file:line:column: message.
func (f Fault) String() string {
	if f.Line == 0 {
		return f.File + ": " + f.Message
	}
	return fmt.Sprintf("%s:%d:%d: %s", f.File, f.Line, f.Column, f.Message)
}

// Faults is everything that is wrong with a definition, in the order of its files. As an error it is one fault a line.
type Faults []Fault

func (fs Faults) Error() string {
	lines := make([]string, len(fs))
	for i, f := range fs {
		lines[i] = f.String()
	}
	return strings.Join(lines, "\n")
}

// Fatal returns the faults that keep a definition from being loaded.
func (fs Faults) Fatal() Faults {
	var fatal Faults
	for _, f := range fs {
		if !f.Advice {
			fatal = append(fatal, f)
		}
	}
	return fatal
}

// sort puts the faults in reading order and drops repeats, which come of an anchor that is used twice. The definition's own file comes first.
func (fs *Faults) sort() {
	slices.SortStableFunc(*fs, func(a, b Fault) int {
		if a.File != b.File {
			if a.File == mainFile || b.File == mainFile {
				return map[bool]int{true: -1, false: 1}[a.File == mainFile]
			}
			return strings.Compare(a.File, b.File)
		}
		return cmp.Or(a.Line-b.Line, a.Column-b.Column)
	})
	*fs = slices.Compact(*fs)
	fs.cut()
}

// cut keeps as many faults, and as much advice, as one wants to read.
func (fs *Faults) cut() {
	kept, dropped := map[bool]int{}, 0
	*fs = slices.DeleteFunc(*fs, func(f Fault) bool {
		if kept[f.Advice]++; kept[f.Advice] > maxFaults {
			dropped++
			return true
		}
		return false
	})
	if dropped > 0 {
		*fs = append(*fs, Fault{File: mainFile, Message: "there is more to say, when this is mended", Advice: true})
	}
}

// What is told at most: more helps nobody, and a definition may be hostile.
const (
	maxFaults  = 200
	maxMessage = 600
)

// suggest returns what near says, or a list of the known words where none is near and they are few.
func suggest(word string, known []string) string {
	if s := near(word, known); s != "" || len(known) == 0 || len(known) > 24 {
		return s
	}
	return "; known: " + strings.Join(known, ", ")
}

// near returns `; did you mean "x"?` for the known word that is spelled most like the one written, or nothing.
func near(word string, known []string) string {
	if len(known) > 1000 { // to compare with all of them takes its time
		return ""
	}
	if best := spelling.Nearest(prose.Clip(word, 64), known); best != "" {
		return fmt.Sprintf("; did you mean %q?", best)
	}
	return ""
}
