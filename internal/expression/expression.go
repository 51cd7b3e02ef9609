// Package expression runs the small jq programs of a definition (https://jqlang.org/manual/) over a vendor's answer, within bounds: a definition may be
// a tenant's own, and neither it nor a vendor may use up the machine.
//
// It imports prose alone. A program is compiled once, and refused there if it uses what could grow without bound: definitions of functions,
// reduce, foreach and what else loops, and changes at computed places. What is left is a few steps, of which each is held to what it may make (see bound.go), and an end in time between them.
package expression

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/itchyny/gojq"

	"sluice/internal/prose"
)

const (
	maxSource = 4 << 10  // bytes of a program
	maxInput  = 4 << 20  // of an answer that one is run over
	maxOutput = 10 << 20 // of what it yields
	maxTime   = 250 * time.Millisecond
)

// Expression is a compiled program. It is safe for concurrent use.
type Expression struct {
	source string
	code   *gojq.Code
}

// functions are those of jq that a program may use: none that loops, reads anything but its input, or makes much of little.
var functions = strings.Fields(`
	abs add all any arrays ascii_downcase ascii_upcase booleans capture ceil contains del empty endswith entries error explode false finites first flatten floor
	from_entries fromdate fromdateiso8601 fromjson getpath group_by gsub has implode in index indices infinite inside isempty isnormal isvalid iterables join
	keys keys_unsorted last length limit ltrim ltrimstr map map_values match max max_by min min_by mktime nan normals not nth null nulls numbers objects paths
	pick recurse rindex round rtrim rtrimstr scalars scan select sort sort_by split splits sqrt startswith strftime strings strptime sub test to_entries toarray
	toboolean todate todateiso8601 tojson tonumber tostring trim true trimstr trunc type unique unique_by values with_entries`)

// Compile reads a program. The error says what in it is not jq, or not allowed.
func Compile(source string) (*Expression, error) {
	if len(source) > maxSource {
		return nil, fmt.Errorf("the expression has %d bytes, more than the %d that one may have", len(source), maxSource)
	}
	query, err := gojq.Parse(source)
	if err != nil {
		return nil, fmt.Errorf("%q is not jq: %w", source, err)
	}
	w := &walker{found: map[*gojq.Func]*pattern{}}
	if err := w.walk(reflect.ValueOf(query)); err != nil {
		return nil, fmt.Errorf("%q is not allowed: %w", source, err)
	}
	query.FuncDefs = prelude
	code, err := gojq.Compile(query, w.natives()...)
	if err != nil {
		return nil, fmt.Errorf("%q is not jq: %w", source, err)
	}
	return &Expression{source: source, code: code}, nil
}

// walker goes over a program's syntax tree, refuses what is not allowed, and puts checks to what is left.
type walker struct {
	found    map[*gojq.Func]*pattern
	patterns []*pattern // by the number that their checks name them by
}

func (w *walker) walk(v reflect.Value) error {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return nil
		}
		if err := w.visit(v.Interface()); err != nil {
			return err
		}
		if err := w.walk(v.Elem()); err != nil {
			return err
		}
		w.guard(v.Interface())
	case reflect.Struct:
		for i := range v.NumField() {
			if err := w.walk(v.Field(i)); err != nil {
				return err
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			if err := w.walk(v.Index(i)); err != nil {
				return err
			}
		}
	}
	return nil
}

func (w *walker) visit(node any) error {
	switch n := node.(type) {
	case *gojq.FuncDef:
		return fmt.Errorf("functions cannot be defined (%s)", n.Name)
	case *gojq.Import:
		return errors.New("nothing can be imported")
	case *gojq.Reduce, *gojq.Foreach, *gojq.Label:
		return errors.New("reduce, foreach and label cannot be used")
	case *gojq.Func:
		if strings.HasPrefix(n.Name, "$") && n.Name != "$ENV" && n.Name != "$__loc__" {
			return nil
		}
		if !slices.Contains(functions, n.Name) {
			return fmt.Errorf("the function %s cannot be used", n.Name)
		}
		switch n.Name {
		case "recurse":
			if len(n.Args) > 0 {
				return errors.New("recurse takes no arguments here")
			}
		case "del", "pick":
			for _, arg := range n.Args {
				if !isPlain(arg) {
					return fmt.Errorf("%s takes %s", n.Name, plainPath)
				}
			}
		case "join": // what is put between many things must not be one of them
			for _, arg := range n.Args {
				if t := arg.Term; t == nil || t.Str == nil || len(t.Str.Queries) > 0 {
					return errors.New("the argument of join must be a text, written out")
				}
			}
		case "match", "test", "capture", "scan", "splits", "sub", "gsub", "split":
			if n.Name == "split" && len(n.Args) < 2 || len(n.Args) == 0 {
				return nil
			}
			var err error
			if w.found[n], err = newPattern(n); err != nil {
				return err
			}
		}
	case *gojq.Query:
		switch n.Op {
		case gojq.OpAssign, gojq.OpModify, gojq.OpUpdateAdd, gojq.OpUpdateSub, gojq.OpUpdateMul, gojq.OpUpdateDiv, gojq.OpUpdateMod, gojq.OpUpdateAlt:
			if !isPlain(n.Left) {
				return fmt.Errorf("%s changes %s", n.Op, plainPath)
			}
			if n.Op == gojq.OpUpdateMul || n.Op == gojq.OpUpdateSub {
				return fmt.Errorf("%s cannot be used: write .a |= . - 1, or .a |= tonumber * 2", n.Op)
			}
		case gojq.OpMul:
			if !numeric(n.Left) || !numeric(n.Right) {
				return errors.New("* is for numbers: write (.a | tonumber) * 2")
			}
		}
	}
	return nil
}

const plainPath = "what is named by members, [] and select, such as .items[].name"

// isPlain reports whether a query names what is there: a position in a list, which could be far behind its end, it does not.
func isPlain(q *gojq.Query) bool {
	if q == nil || len(q.FuncDefs) > 0 {
		return false
	}
	if q.Op == gojq.OpPipe && len(q.Patterns) == 0 || q.Op == gojq.OpComma {
		return isPlain(q.Left) && isPlain(q.Right)
	}
	t := q.Term
	if t == nil {
		return false
	}
	switch t.Type {
	case gojq.TermTypeIdentity:
	case gojq.TermTypeIndex:
		if !isMember(t.Index) {
			return false
		}
	case gojq.TermTypeQuery:
		if !isPlain(t.Query) {
			return false
		}
	case gojq.TermTypeFunc:
		if t.Func.Name != "select" {
			return false
		}
	default:
		return false
	}
	return !slices.ContainsFunc(t.SuffixList, func(s *gojq.Suffix) bool { return s.Index != nil && !isMember(s.Index) })
}

func isMember(i *gojq.Index) bool {
	return i.Name != "" || i.Str != nil && len(i.Str.Queries) == 0
}

// numeric reports whether a query can only yield a number, by its form.
func numeric(q *gojq.Query) bool {
	if q == nil {
		return false
	}
	switch q.Op {
	case gojq.OpPipe:
		return numeric(q.Right)
	case gojq.OpSub, gojq.OpDiv, gojq.OpMod, gojq.OpMul:
		return numeric(q.Left) && numeric(q.Right)
	}
	if t := q.Term; t != nil && len(t.SuffixList) == 0 {
		if t.Type == gojq.TermTypeNumber {
			return true
		}
		if t.Query != nil {
			return numeric(t.Query)
		}
		if t.Func != nil {
			return slices.Contains([]string{"tonumber", "length", "floor", "ceil", "round"}, t.Func.Name)
		}
	}
	return false
}

// Run runs the program over a JSON document. The result is JSON: what it yields; null for nothing, and an array for several. A number that
// is only passed on keeps every digit.
func (e *Expression) Run(ctx context.Context, document []byte) ([]byte, error) {
	if len(document) > maxInput {
		return nil, fmt.Errorf("the answer has more than the %d MiB that an expression is run over", maxInput>>20)
	}
	if longNumber(document) {
		return nil, fmt.Errorf("the answer holds a number of more than %d digits", maxDigits)
	}
	ctx, cancel := context.WithTimeout(ctx, maxTime)
	defer cancel()
	d := json.NewDecoder(bytes.NewReader(document))
	d.UseNumber()
	var input any
	if err := d.Decode(&input); err != nil && err != io.EOF {
		return nil, fmt.Errorf("read the answer: %w", err)
	}
	var outputs [][]byte
	size := 0
	for it := e.code.RunWithContext(ctx, input); ; {
		v, ok := it.Next()
		if !ok {
			break
		}
		if err, ok := v.(error); ok {
			if ctx.Err() != nil {
				return nil, fmt.Errorf("%q took longer than %v", e.source, maxTime)
			}
			if halt, ok := errors.AsType[*gojq.HaltError](err); ok && halt.Value() == nil {
				break
			}
			return nil, fmt.Errorf("%q: %s", e.source, prose.Clip(err.Error(), 200))
		}
		if weight(v, maxWeight) > maxWeight {
			return nil, fmt.Errorf("%q yields more than %d MiB", e.source, maxOutput>>20)
		}
		b, err := gojq.Marshal(v)
		if err != nil {
			return nil, fmt.Errorf("%q: %w", e.source, err)
		}
		if size += len(b) + 1; size > maxOutput {
			return nil, fmt.Errorf("%q yields more than %d MiB", e.source, maxOutput>>20)
		}
		outputs = append(outputs, b)
	}
	switch len(outputs) {
	case 0:
		return []byte("null"), nil
	case 1:
		return outputs[0], nil
	}
	return slices.Concat([]byte("["), bytes.Join(outputs, []byte(",")), []byte("]")), nil
}

// Holds runs a program that is a question and reports whether its answer is true: everything but false and null is.
func (e *Expression) Holds(ctx context.Context, document []byte) (bool, error) {
	out, err := e.Run(ctx, document)
	return err == nil && string(out) != "null" && string(out) != "false", err
}
