package openapi

import (
	"regexp"
	"strconv"
	"strings"
)

// A pattern is checked here by RE2 and shown to clients, which compile it as ECMAScript does with the flag u (JSON Schema 2020-12, "pattern"). One that only one of the
// two takes would cost the tool there; documents, written for languages of all kinds, have many.

// pattern is an expression in words that both take, where it can be said in them.
func pattern(source string) (string, bool) {
	if found := literalPattern.FindStringSubmatch(source); found != nil { // as JavaScript writes one
		if source = found[1]; found[2] != "" {
			return "", false
		}
	}
	p := &patternReader{rest: source}
	for p.rest != "" && !p.odd {
		p.step()
	}
	if p.odd || p.class {
		return "", false
	}
	if _, err := regexp.Compile(p.b.String()); err != nil {
		return "", false
	}
	return p.b.String(), true
}

var literalPattern = regexp.MustCompile(`^/(\^.*)/([a-z]*)$`)

// patternReader goes through an expression once.
type patternReader struct {
	rest  string
	b     strings.Builder
	class bool // between brackets
	set   bool // what was last read in a class is a set of its own, \d
	start bool // nothing was read in a class yet
	odd   bool // something has no place in both
}

func (p *patternReader) take(n int, as string) {
	p.rest = p.rest[n:]
	p.b.WriteString(as)
	p.start, p.set = false, false
}

var (
	repetition     = regexp.MustCompile(`^\{\d+(,\d*)?\}`)
	upTo           = regexp.MustCompile(`^\{(,\d+\})`)
	byNumber       = regexp.MustCompile(`^\\(?:u([0-9a-fA-F]{4})|[ux]\{([0-9a-fA-F]{1,6})\})`)
	category       = regexp.MustCompile(`^\\([pP])(?:([LMNPSZC])|\{(\^?)([LMNPSZC][a-z]?)\})`)
	namedGroup     = regexp.MustCompile(`^\(\?P?(<[A-Za-z_]\w*>)`)
	startsWithASet = regexp.MustCompile(`^\\[dDwWsSpP]`)
)

func (p *patternReader) step() {
	switch c := p.rest[0]; {
	case c == '\\':
		p.escape()
	case p.class:
		p.inClass(c)
	case c == '[':
		p.class = true
		if p.take(1, "["); strings.HasPrefix(p.rest, "^") {
			p.take(1, "^")
		}
		p.start = true
	case strings.HasPrefix(p.rest, "(?"):
		if named := namedGroup.FindStringSubmatch(p.rest); named != nil {
			p.take(len(named[0]), "(?"+named[1])
		} else if p.odd = !strings.HasPrefix(p.rest, "(?:"); !p.odd { // flags, and what looks around
			p.take(3, "(?:")
		}
	case c == '{':
		if found := repetition.FindString(p.rest); found != "" {
			p.take(len(found), found)
		} else if found := upTo.FindStringSubmatch(p.rest); found != nil {
			p.take(len(found[0]), "{0"+found[1])
		} else {
			p.take(1, `\{`)
		}
	case c == '}' || c == ']':
		p.take(1, `\`+string(c))
	default:
		p.take(1, p.rest[:1]) // of a longer character the bytes follow one by one
	}
}

// inClass reads what stands between brackets and is no escape.
func (p *patternReader) inClass(c byte) {
	switch {
	case c == ']' && p.start, strings.HasPrefix(p.rest, "[:"), strings.HasPrefix(p.rest, "&&"): // empty in one, a bracket in the other; POSIX's names; Java's sets in common
		p.odd = true
	case c == ']':
		p.class = false
		p.take(1, "]")
	case c == '-' && (p.start || p.set || strings.HasPrefix(p.rest, "-]") || startsWithASet.MatchString(p.rest[1:])): // itself, and no range
		p.take(1, `\-`)
	default:
		p.take(1, p.rest[:1])
	}
}

func (p *patternReader) escape() {
	if len(p.rest) < 2 {
		p.odd = true
		return
	}
	c := p.rest[1]
	isLetter := c|0x20 >= 'a' && c|0x20 <= 'z'
	if found := byNumber.FindStringSubmatch(p.rest); found != nil {
		code, _ := strconv.ParseUint(found[1]+found[2], 16, 32)
		literal := string(rune(code))
		if code < 0x80 {
			literal = `\x` + string("0123456789abcdef"[code>>4]) + string("0123456789abcdef"[code&15])
		}
		p.odd = p.odd || code >= 0xd800 && code < 0xe000
		p.take(len(found[0]), literal)
		return
	}
	if found := category.FindStringSubmatch(p.rest); found != nil {
		p.odd = p.odd || found[3] != ""
		p.take(len(found[0]), `\`+found[1]+"{"+found[2]+found[4]+"}")
		p.set = p.class
		return
	}
	switch {
	case strings.IndexByte("dDwWsS", c) >= 0:
		p.take(2, p.rest[:2])
		p.set = p.class
	case strings.IndexByte(`tnrfvx\^$.*+?()[]{}|`, c) >= 0, c == 'b' && !p.class, c == 'B' && !p.class, c == '-' && p.class:
		p.take(2, p.rest[:2])
	case c == 'A' && !p.class:
		p.take(2, "^")
	case (c == 'z' || c == 'Z') && !p.class:
		p.take(2, "$")
	case isLetter || c >= '0' && c <= '9':
		p.odd = true
	default:
		p.take(2, string(c)) // it stands for itself without
	}
}
