package expression

import (
	"errors"
	"fmt"
	"math/big"
	"regexp"
	"regexp/syntax"
	"strings"

	"github.com/itchyny/gojq"
)

// A program is stopped between its steps when its time is up, but a step cannot be stopped: the text of a value that holds another ten thousand times, a number
// multiplied with itself thirty times, a pattern that is found at each of a million characters. So every step's result is weighed, and the few that take more
// than their input's size in time look at that first.
const (
	maxWeight = 4 << 20 // values of a result, and eights of bytes of its texts: four MiB of JSON stay far below
	maxDigits = 10000   // of a number
	maxPairs  = 1 << 27 // comparisons where each of one is held against each of another
	maxMatch  = 1 << 28 // bytes that are gone through for a pattern
)

// weight is how many values a value is made of, each counted where it stands, also where one is held several times. It does not count far past most.
func weight(v any, most int) int {
	n := 1
	switch v := v.(type) {
	case string:
		n += len(v) / 8
	case *big.Int:
		if v.BitLen() > 4*maxDigits {
			return most + 1
		}
	case []any:
		for i := 0; i < len(v) && n <= most; i++ {
			n += weight(v[i], most-n)
		}
	case map[string]any:
		for name, member := range v {
			if n += len(name)/8 + weight(member, most-n); n > most {
				break
			}
		}
	}
	return n
}

// fits passes on what is not too much. It is jq, so that it may stand in a path.
var fits = parsed(`if heavy_ then error("a step makes too much of it") else . end`)

// prelude has the functions that look at their input first, each by the name of what it stands for.
var prelude = parsed(`
	def within_($b): if manypairs_($b) then error("too many things are compared with too many") else . end;
	def readable_: if digits_ then error("it holds a number of more than 10000 digits") else . end;
	def contains_($b): within_($b) | contains($b);
	def inside_($b): within_($b) | inside($b);
	def index_($b): within_($b) | index($b);
	def rindex_($b): within_($b) | rindex($b);
	def indices_($b): within_($b) | indices($b);
	def minus_($a; $b): ($a | within_($b)) - $b;
	def tonumber_: readable_ | tonumber;
	def fromjson_: readable_ | fromjson;
	.`).FuncDefs

func parsed(source string) *gojq.Query {
	q, err := gojq.Parse(source)
	if err != nil {
		panic(err)
	}
	return q
}

// natives are what the checks are made of.
func (w *walker) natives() []gojq.CompilerOption {
	is := func(name string, args int, f func(v any, args []any) bool) gojq.CompilerOption {
		return gojq.WithFunction(name, args, args, func(v any, args []any) any { return f(v, args) })
	}
	return []gojq.CompilerOption{
		is("heavy_", 0, func(v any, _ []any) bool { return weight(v, maxWeight) > maxWeight }),
		is("manypairs_", 1, func(v any, args []any) bool {
			if _, text := v.(string); text {
				return false
			}
			return weight(v, maxWeight)*weight(args[0], maxWeight) > maxPairs
		}),
		is("digits_", 0, func(v any, _ []any) bool {
			s, ok := v.(string)
			return ok && longNumber(s)
		}),
		is("longmatch_", 1, func(v any, args []any) bool {
			s, ok := v.(string)
			i, known := args[0].(int)
			return ok && known && w.patterns[i].long(s)
		}),
	}
}

// longNumber reports whether a text holds more digits in a row than a number may have: to read or to print one takes the square of its length.
func longNumber[T string | []byte](s T) bool {
	n := 0
	for i := range len(s) {
		if c := s[i]; c < '0' || c > '9' {
			n = 0
		} else if n++; n > maxDigits {
			return true
		}
	}
	return false
}

// pattern is a regular expression that a program uses.
type pattern struct {
	re     *regexp.Regexp
	size   int // steps of its own that one character may take
	global bool
}

// newPattern reads the arguments of a function that takes a pattern.
func newPattern(n *gojq.Func) (*pattern, error) {
	var texts []string
	for _, arg := range n.Args {
		if t := arg.Term; t == nil || t.Str == nil || len(t.Str.Queries) > 0 || len(t.SuffixList) > 0 {
			return nil, fmt.Errorf("the arguments of %s must be texts, written out", n.Name)
		}
		texts = append(texts, arg.Term.Str.Str)
	}
	flags := ""
	if at := len(texts) - 1; at > 0 && (n.Name != "sub" && n.Name != "gsub" || at > 1) {
		flags = texts[at]
	}
	p := &pattern{global: strings.Contains(flags, "g") || n.Name != "match" && n.Name != "test" && n.Name != "capture" && n.Name != "sub"}
	parsed, err := syntax.Parse(texts[0], syntax.Perl)
	if err == nil {
		var program *syntax.Prog
		if program, err = syntax.Compile(parsed.Simplify()); err == nil {
			p.size = len(program.Inst)
			p.re, err = regexp.Compile(texts[0])
		}
	}
	if err != nil {
		return nil, errors.New(strings.TrimPrefix(err.Error(), "error parsing regexp: "))
	}
	return p, nil
}

// long reports whether a text is too long for the pattern: it may be read once for each step of it, and is read once more for each match and group.
func (p *pattern) long(s string) bool {
	if p.size*len(s) > maxMatch {
		return true
	}
	if !p.global || len(s) == 0 {
		return false
	}
	most := maxMatch / len(s) / (1 + p.re.NumSubexp())
	return len(p.re.FindAllStringIndex(s, most+1)) > most
}

// guard puts the checks to a step that a term or a query is. It comes after what is within it was gone through.
func (w *walker) guard(node any) {
	switch n := node.(type) {
	case *gojq.Term:
		switch {
		case n.Func != nil && strings.HasPrefix(n.Func.Name, "$"):
		case n.Func != nil, n.Array != nil, n.Object != nil, n.Format != "", n.Str != nil && len(n.Str.Queries) > 0:
			inner := *n
			inner.SuffixList = nil
			step := &gojq.Query{Term: &inner}
			if f := n.Func; f != nil {
				if p := w.found[f]; p != nil {
					check := parsed(fmt.Sprintf(`if longmatch_(%d) then error("the text is too long for the pattern") else . end`, len(w.patterns)))
					w.patterns = append(w.patterns, p)
					step = &gojq.Query{Left: check, Op: gojq.OpPipe, Right: step}
				}
				switch f.Name {
				case "contains", "inside", "index", "rindex", "indices", "tonumber", "fromjson":
					inner.Func = &gojq.Func{Name: f.Name + "_", Args: f.Args}
				}
			}
			*n = gojq.Term{Type: gojq.TermTypeQuery, Query: &gojq.Query{Left: step, Op: gojq.OpPipe, Right: fits}, SuffixList: n.SuffixList}
		}
	case *gojq.Query:
		inner := *n
		switch n.Op {
		case gojq.OpAdd, gojq.OpMul, gojq.OpAssign, gojq.OpModify, gojq.OpUpdateAdd, gojq.OpUpdateSub, gojq.OpUpdateMul, gojq.OpUpdateDiv, gojq.OpUpdateMod, gojq.OpUpdateAlt:
			*n = gojq.Query{Left: &inner, Op: gojq.OpPipe, Right: fits, FuncDefs: n.FuncDefs}
		case gojq.OpSub:
			*n = gojq.Query{Term: &gojq.Term{Type: gojq.TermTypeFunc, Func: &gojq.Func{Name: "minus_", Args: []*gojq.Query{n.Left, n.Right}}}}
		}
	}
}
