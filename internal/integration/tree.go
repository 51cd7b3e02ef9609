package integration

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
	yaml "go.yaml.in/yaml/v4"

	"sluice/internal/prose"
)

// A definition is read in two steps: bytes to a tree of nodes that know their lines (here), and the tree to types (decode.go).
// The tree is the same for YAML and JSON, with aliases written out and scalars told apart by YAML 1.2's core schema (scalar.go).

type kind int

const (
	null kind = iota
	boolean
	number
	text
	list
	object
)

func (k kind) String() string {
	return [...]string{"empty", "true or false", "a number", "a text", "a list", "an object"}[k]
}

// node is one value of a file.
type node struct {
	kind         kind
	text         string   // a text's value, a number's digits, "true" or "false"
	spelled      string   // as the file spells a number or a truth value, where that is not text
	members      []member // of an object, in the order of the file
	items        []*node  // of a list
	line, column int
	override     bool // it stands in an override, and not in the definition
}

type member struct {
	key          string
	line, column int
	value        *node
}

// get returns the member of that name, nil if there is none.
func (n *node) get(key string) *node {
	if n != nil && n.kind == object {
		for i := range n.members {
			if n.members[i].key == key {
				return n.members[i].value
			}
		}
	}
	return nil
}

// Limits that no honest definition reaches. They bound what a hostile one costs.
const (
	maxFile  = 16 << 20 // bytes
	maxDepth = 100
	maxNodes = 1_000_000 // aliases written out
	// Of numbers: those that compare values write them out in full.
	maxDigits   = 1000
	maxExponent = 1000
)

// parseTree reads one file of a definition. A nil node means that the faults say why.
func parseTree(file string, data []byte) (*node, Faults) {
	return parseTreeWithin(file, data, Limits{Bytes: maxFile, Values: maxNodes, Depth: maxDepth})
}

// parseTreeWithin reads one file of YAML or JSON.
func parseTreeWithin(file string, data []byte, limits Limits) (*node, Faults) {
	b := &builder{file: file, limits: limits}
	switch {
	case len(data) > limits.Bytes:
		b.fault(0, 0, "the file has %d bytes, more than the %d that it may have", len(data), limits.Bytes)
		return nil, b.faults
	case !utf8.Valid(data):
		b.fault(1, 1, "the file is not UTF-8: save it in that encoding")
		return nil, b.faults
	}
	data = bytes.TrimPrefix(data, []byte("\ufeff"))
	var root *node
	if trimmed := bytes.TrimLeft(data, " \t\r\n"); len(trimmed) > 0 && trimmed[0] == '{' && jsontext.Value(data).IsValid(jsontext.AllowDuplicateNames(true)) {
		root = b.json(data)
	} else {
		root = b.yaml(data)
	}
	return root, b.faults
}

type builder struct {
	file   string
	limits Limits
	faults Faults
	nodes  int
}

func (b *builder) fault(line, column int, format string, args ...any) {
	if len(b.faults) <= maxFaults { // one more, to know that there are more
		b.faults = append(b.faults, Fault{File: b.file, Line: line, Column: column, Message: prose.Clip(fmt.Sprintf(format, args...), maxMessage)})
	}
}

func (b *builder) yaml(data []byte) *node {
	// The loader makes a node of each value before anything can count them, and its nodes are large: what stands between values is counted first.
	between := 1
	for _, separator := range []string{"\n", ",", "[", "{", "- "} {
		between += bytes.Count(data, []byte(separator))
	}
	if between > b.limits.Values {
		b.fault(0, 0, "the file holds more than %d values", b.limits.Values)
		return nil
	}
	loader, err := yaml.NewLoader(bytes.NewReader(data))
	if err != nil {
		b.fault(0, 0, "%v", err)
		return nil
	}
	var doc, second yaml.Node
	switch err := loader.Load(&doc); {
	case errors.Is(err, io.EOF) || err == nil && len(doc.Content) == 0:
		b.fault(1, 1, "the file is empty")
		return nil
	case err != nil:
		b.syntax(err, data)
		return nil
	}
	switch err := loader.Load(&second); {
	case errors.Is(err, io.EOF):
	case err != nil:
		b.syntax(err, data)
		return nil
	default:
		b.fault(second.Line, second.Column, "the file holds more than one document: take the line of --- out")
		return nil
	}
	return b.build(doc.Content[0], 0)
}

func (b *builder) syntax(err error, data []byte) {
	var one *yaml.LoadError
	var many *yaml.LoadErrors
	if errors.As(err, &many) && len(many.Errors) > 0 {
		one = many.Errors[0]
	} else if !errors.As(err, &one) {
		b.fault(0, 0, "not YAML: %v", err)
		return
	}
	message := one.Message
	if one.ContextMsg != "" {
		message += " (" + one.ContextMsg + ")"
	}
	if lines := bytes.SplitN(data, []byte("\n"), one.Mark.Line+1); one.Mark.Line > 0 && one.Mark.Line <= len(lines) && bytes.HasPrefix(bytes.TrimLeft(lines[one.Mark.Line-1], " "), []byte("\t")) {
		message += ": the line begins with a tab, and YAML is indented by spaces"
	}
	b.fault(one.Mark.Line, one.Mark.Column, "not YAML: %s", message)
}

// build copies a YAML node, aliases written out. It returns nil, having said why, when the tree grows past its limits.
func (b *builder) build(y *yaml.Node, depth int) *node {
	if b.nodes++; b.nodes > b.limits.Values {
		if b.nodes == b.limits.Values+1 {
			b.fault(y.Line, y.Column, "the file grows past %d values when its aliases are written out", b.limits.Values)
		}
		return nil
	}
	if depth > b.limits.Depth {
		b.fault(y.Line, y.Column, "nested more than %d deep, or an alias that holds itself", b.limits.Depth)
		b.nodes = b.limits.Values + 1 // one such fault is enough
		return nil
	}
	n := &node{line: y.Line, column: y.Column}
	switch y.Kind {
	case yaml.AliasNode:
		return b.build(y.Alias, depth+1)
	case yaml.SequenceNode:
		n.kind = list
		for _, c := range y.Content {
			item := b.build(c, depth+1)
			if item == nil {
				return nil
			}
			n.items = append(n.items, item)
		}
	case yaml.MappingNode:
		n.kind = object
		seen := make(map[string]int, len(y.Content)/2)
		for i := 0; i+1 < len(y.Content); i += 2 {
			k, v := y.Content[i], y.Content[i+1]
			if k.Kind == yaml.AliasNode {
				k = k.Alias
			}
			if k.Tag == "!!merge" && b.limits.Merge {
				continue // below, when all that is written out is known
			}
			if k.Kind != yaml.ScalarNode || k.Tag == "!!merge" {
				b.fault(k.Line, k.Column, "a key must be a plain word; YAML 1.2 has no merge keys (<<): write the members out")
				continue
			}
			value := b.build(v, depth+1)
			if value == nil {
				return nil
			}
			b.add(n, member{k.Value, k.Line, k.Column, value}, seen)
		}
		if b.limits.Merge && !b.merge(n, y, seen, depth) {
			return nil
		}
	case yaml.ScalarNode:
		var problem string
		if n.kind, n.text, problem = scalar(y); problem != "" {
			b.fault(y.Line, y.Column, "%s", problem)
		}
		if n.text != y.Value && (n.kind == number || n.kind == boolean) {
			n.spelled = y.Value
		}
		b.checkNumber(n)
	default:
		b.fault(y.Line, y.Column, "not a value")
		return nil
	}
	return n
}

// merge adds the members of the objects behind merge keys, which a mapping has beside its own: what is there already stays. It reports whether all of it
// could be read.
func (b *builder) merge(n *node, y *yaml.Node, seen map[string]int, depth int) bool {
	for i := 0; i+1 < len(y.Content); i += 2 {
		if y.Content[i].Tag != "!!merge" {
			continue
		}
		from := b.build(y.Content[i+1], depth+1)
		if from == nil {
			return false
		}
		sources := []*node{from}
		if from.kind == list {
			sources = from.items
		}
		for _, source := range sources {
			for _, m := range source.members {
				if _, own := seen[m.key]; !own {
					b.add(n, m, seen)
				}
			}
		}
	}
	return true
}

// checkNumber refuses a number that nobody could compare.
func (b *builder) checkNumber(n *node) {
	if n.kind != number {
		return
	}
	_, exponent, _ := strings.Cut(strings.ToLower(n.text), "e")
	if e, err := strconv.Atoi(exponent); len(n.text) > maxDigits || exponent != "" && (err != nil || e > maxExponent || e < -maxExponent) {
		b.fault(n.line, n.column, "%s is a number beyond 1e%d: quote it if it is a text", prose.Clip(n.text, 20), maxExponent)
		n.text = "0"
	}
}

// add appends a member. An object or a list stands where its key does, so that what is wrong with it as a whole is told there. seen are the keys so far
// with their lines.
func (b *builder) add(n *node, m member, seen map[string]int) {
	if line, twice := seen[m.key]; twice {
		b.fault(m.line, m.column, "%q is here a second time (first in line %d): delete one of the two", m.key, line)
		return
	}
	seen[m.key] = m.line
	if m.value.kind == object || m.value.kind == list {
		m.value.line, m.value.column = m.line, m.column
	}
	n.members = append(n.members, m)
}

// json reads a valid JSON document, whose strings YAML would not always take (surrogate pairs).
func (b *builder) json(data []byte) *node {
	dec := jsontext.NewDecoder(bytes.NewReader(data), jsontext.AllowDuplicateNames(true))
	at := &position{data: data}
	return b.jsonValue(dec, at, 0)
}

func (b *builder) jsonValue(dec *jsontext.Decoder, at *position, depth int) *node {
	line, column := at.next(dec)
	if b.nodes++; b.nodes > b.limits.Values {
		if b.nodes == b.limits.Values+1 {
			b.fault(line, column, "the file holds more than %d values", b.limits.Values)
		}
		return nil
	}
	tok, err := dec.ReadToken()
	if err != nil || depth > b.limits.Depth {
		b.fault(line, column, "nested more than %d deep", b.limits.Depth)
		return nil
	}
	n := &node{line: line, column: column}
	switch tok.Kind() {
	case 'n':
	case 't', 'f':
		n.kind, n.text = boolean, tok.String()
	case '"':
		n.kind, n.text = text, tok.String()
	case '0':
		n.kind, n.text = number, tok.String()
		b.checkNumber(n)
	case '[':
		n.kind = list
		for dec.PeekKind() != ']' {
			item := b.jsonValue(dec, at, depth+1)
			if item == nil {
				return nil
			}
			n.items = append(n.items, item)
		}
		dec.ReadToken()
	case '{':
		n.kind = object
		seen := map[string]int{}
		for dec.PeekKind() != '}' {
			line, column := at.next(dec)
			key, err := dec.ReadToken()
			if err != nil {
				return nil
			}
			name := key.String()
			value := b.jsonValue(dec, at, depth+1)
			if value == nil {
				return nil
			}
			b.add(n, member{name, line, column, value}, seen)
		}
		dec.ReadToken()
	}
	return n
}

// position turns a decoder's growing offset into line and column. It goes over the bytes once: a stored definition is one long line.
type position struct {
	data         []byte
	offset       int
	line, column int // of offset, from 0
}

// next is the place of the token that the decoder reads next.
func (p *position) next(dec *jsontext.Decoder) (line, column int) {
	end := int(dec.InputOffset())
	for end < len(p.data) && strings.IndexByte(" \t\r\n,:", p.data[end]) >= 0 {
		end++
	}
	for ; p.offset < end; p.offset++ {
		switch b := p.data[p.offset]; {
		case b == '\n':
			p.line, p.column = p.line+1, 0
		case utf8.RuneStart(b):
			p.column++
		}
	}
	return p.line + 1, p.column + 1
}
