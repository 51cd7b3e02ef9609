package toolset

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"sluice/internal/jsonscan"
	"sluice/internal/spelling"
)

// mostFaults is how many wrong arguments one answer names.
const mostFaults = 10

// Error says what is wrong, a sentence for each fault.
func (e *ArgumentError) Error() string {
	var b strings.Builder
	for i, f := range e.Faults {
		if i > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(f.String())
	}
	return b.String()
}

// String is the fault as a sentence.
func (f Fault) String() string {
	s := f.Message
	if f.Argument != "" {
		s = f.Argument + " " + f.Message
	}
	if !strings.HasSuffix(s, ".") && !strings.HasSuffix(s, "?") {
		s += "."
	}
	return s
}

// findings gathers faults while arguments are checked, and knows where in them the check stands. What is there is spelled out only when something is
// wrong; until then nothing is allocated.
type findings struct {
	faults []Fault
	meant  []string // arguments that were given by another name
	places [8]place // the way from an argument to the value that is looked at
	deeper []place  // the rest of the way
	depth  int
}

// place is a step into a value: a member's name, or an element's index.
type place struct {
	name  string
	index int // where name is empty
}

func (f *findings) none() bool { return len(f.faults) == 0 }

func (f *findings) enter(name string, index int) {
	if f.depth < len(f.places) {
		f.places[f.depth] = place{name, index}
	} else {
		f.deeper = append(f.deeper[:f.depth-len(f.places)], place{name, index})
	}
	f.depth++
}

func (f *findings) leave() { f.depth-- }

// here spells out where the check stands: filters[0].field.
func (f *findings) here() string {
	var b strings.Builder
	for i := range f.depth {
		var p place
		if i < len(f.places) {
			p = f.places[i]
		} else {
			p = f.deeper[i-len(f.places)]
		}
		switch {
		case p.name == "":
			b.WriteString("[" + strconv.Itoa(p.index) + "]")
		case i > 0:
			b.WriteString("." + p.name)
		default:
			b.WriteString(p.name)
		}
	}
	return b.String()
}

// wrong adds a fault at the place where the check stands.
func (f *findings) wrong(format string, args ...any) { f.add(f.here(), format, args...) }

func (f *findings) add(argument, format string, args ...any) {
	if len(f.faults) < mostFaults {
		f.faults = append(f.faults, Fault{Argument: argument, Message: fmt.Sprintf(format, args...)})
	}
}

// describe says what came, shortened: the text "urgent", the number 3, an array. What is secret is only named by its type.
func describe(value []byte, secret bool) string {
	kind := jsonscan.KindOf(value)
	if secret {
		return kind.String()
	}
	switch kind {
	case jsonscan.Null:
		return "null"
	case jsonscan.True, jsonscan.False:
		return "the boolean " + string(value)
	case jsonscan.Number:
		return "the number " + shorten(string(value))
	case jsonscan.String:
		return "the text " + quoted(text(value))
	}
	return kind.String()
}

func quoted(s string) string { return string(jsonscan.AppendQuote(nil, shorten(s))) }

func shorten(s string) string {
	const most = 60
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	return string([]rune(s)[:most-1]) + "…"
}

// offer says which names there are, with the nearest first if one is near.
func offer(wrong string, names []string) string {
	if near := spelling.Nearest(wrong, names); near != "" {
		return "did you mean " + near + "?"
	}
	const most = 30
	if len(names) == 0 {
		return "there are none"
	}
	if len(names) > most {
		return fmt.Sprintf("there are %s and %d more", strings.Join(names[:most], ", "), len(names)-most)
	}
	if len(names) == 1 {
		return "there is only " + names[0]
	}
	return "there are " + strings.Join(names, ", ")
}

func counted(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
