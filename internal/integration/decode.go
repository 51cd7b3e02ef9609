package integration

import (
	"cmp"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"sluice/internal/prose"
)

// decoder turns a tree into the types of definition.go by their yaml tags. It goes on after a fault, so that one run tells all.
type decoder struct {
	file   string
	faults Faults
}

// nodeDecoder is a type that reads itself.
type nodeDecoder interface {
	decodeNode(d *decoder, n *node, at string)
}

var rawMessage = reflect.TypeFor[json.RawMessage]()

func (d *decoder) fault(line, column int, format string, args ...any) {
	if len(d.faults) <= maxFaults { // one more, to know that there are more
		d.faults = append(d.faults, Fault{File: d.file, Line: line, Column: column, Message: prose.Clip(fmt.Sprintf(format, args...), maxMessage)})
	}
}

// decode reads n into out. at is the place in words (resources.users.list.path), for messages.
func (d *decoder) decode(n *node, out reflect.Value, at string) {
	if out.CanAddr() {
		if own, ok := out.Addr().Interface().(nodeDecoder); ok && n.kind != null {
			own.decodeNode(d, n, at)
			return
		}
	}
	if out.Type() == rawMessage {
		out.SetBytes(n.raw())
		return
	}
	if n.kind == null && out.Kind() != reflect.Interface {
		d.fault(n.line, n.column, "%s is empty: give it a value, or take the line out", at)
		return
	}
	switch out.Kind() {
	case reflect.Pointer:
		out.Set(reflect.New(out.Type().Elem()))
		d.decode(n, out.Elem(), at)
	case reflect.Interface:
		if v := n.value(); v != nil {
			out.Set(reflect.ValueOf(v))
		}
	case reflect.String:
		if n.kind == number || n.kind == boolean {
			d.fault(n.line, n.column, "%s must be a text, not %s: put %q in quotes", at, n.kind, n.text)
		} else if d.want(n, text, at) {
			out.SetString(n.text)
		}
	case reflect.Bool:
		if d.want(n, boolean, at) {
			out.SetBool(n.text == "true")
		}
	case reflect.Int:
		if !d.want(n, number, at) {
			return
		}
		i, err := strconv.Atoi(n.text)
		if err != nil || i < 0 {
			d.fault(n.line, n.column, "%s must be a whole number from 0, not %s", at, n.text)
			return
		}
		out.SetInt(int64(i))
	case reflect.Slice:
		if !d.want(n, list, at) {
			return
		}
		out.Set(reflect.MakeSlice(out.Type(), len(n.items), len(n.items)))
		for i, item := range n.items {
			d.decode(item, out.Index(i), fmt.Sprintf("%s[%d]", at, i))
		}
	case reflect.Map:
		if !d.want(n, object, at) {
			return
		}
		out.Set(reflect.MakeMapWithSize(out.Type(), len(n.members)))
		for _, m := range n.members {
			v := reflect.New(out.Type().Elem()).Elem()
			d.decode(m.value, v, join(at, m.key))
			out.SetMapIndex(reflect.ValueOf(m.key), v)
		}
	case reflect.Struct:
		if d.want(n, object, at) {
			d.members(n, out, at, nil)
		}
	default:
		panic("integration: no way to read a " + out.Type().String())
	}
}

// members reads an object's members into a struct. other, where given, takes the members that the struct has no field for; otherwise they are faults.
func (d *decoder) members(n *node, out reflect.Value, at string, other func(m member)) {
	keys, fields := yamlKeys(out.Type())
	d.required(n, out.Type(), at)
	for _, m := range n.members {
		if len(d.faults) > maxFaults {
			return
		}
		if i := slices.Index(keys, m.key); i >= 0 {
			d.decode(m.value, out.Field(fields[i]), join(at, m.key))
		} else if other != nil {
			other(m)
		} else {
			d.fault(m.line, m.column, "%q is not known%s%s", m.key, within(at), suggest(m.key, keys))
		}
	}
}

// required tells of the keys that must be there and are not: those that are never left out of the stored JSON.
func (d *decoder) required(n *node, t reflect.Type, at string) {
	for i := range t.NumField() {
		key := t.Field(i).Tag.Get("yaml")
		if _, rest, _ := strings.Cut(t.Field(i).Tag.Get("json"), ","); key == "" || key == "-" || rest != "" {
			continue
		}
		place := at
		if place == "" {
			place = "the definition"
		}
		switch value := n.get(key); {
		case value == nil:
			d.fault(n.line, n.column, "%s has no %s", place, missing(t.Name(), key))
		case value.kind == text && strings.TrimSpace(value.text) == "":
			d.fault(value.line, value.column, "%s has an empty %s", place, missing(t.Name(), key))
		}
	}
}

// want reports whether the node is of that kind, and says so if it is not.
func (d *decoder) want(n *node, k kind, at string) bool {
	if n.kind == k {
		return true
	}
	mend := ""
	switch {
	case k == list && n.kind < list:
		mend = fmt.Sprintf(": write [%s]", prose.Clip(n.text, 64))
	case k == boolean:
		mend = ": write true or false"
	}
	d.fault(n.line, n.column, "%s must be %s, not %s%s", at, k, n.kind, mend)
	return false
}

// yamlKeys lists the keys that a struct has in YAML, and the fields they fill.
func yamlKeys(t reflect.Type) (keys []string, fields []int) {
	for i := range t.NumField() {
		if key := t.Field(i).Tag.Get("yaml"); key != "" && key != "-" {
			keys, fields = append(keys, key), append(fields, i)
		}
	}
	return keys, fields
}

func join(at, key string) string {
	if at == "" {
		return key
	}
	return at + "." + key
}

func within(at string) string {
	if at == "" {
		return ""
	}
	return " in " + at
}

// standardMethods are those with a meaning of their own, in the order in which a resource shows them.
var standardMethods = []string{"list", "get", "create", "update", "delete"}

func (rs *Resources) decodeNode(d *decoder, n *node, at string) {
	if !d.want(n, object, at) {
		return
	}
	for _, m := range n.members {
		r := &Resource{Name: m.key}
		*rs = append(*rs, r)
		if m.value.kind != object {
			d.fault(m.line, m.column, "%s must be an object of methods, not %s", join(at, m.key), m.value.kind)
			continue
		}
		d.members(m.value, reflect.ValueOf(r).Elem(), join(at, m.key), func(mm member) { d.method(r, mm, join(at, m.key)) })
		r.order()
	}
}

// method reads a member of a resource that is none of its own keys. Whatever has a method and a path is a method; the rest is a slip of the pen.
func (d *decoder) method(r *Resource, m member, at string) {
	keys, _ := yamlKeys(reflect.TypeFor[Resource]())
	verb, path := m.value.get("method"), m.value.get("path")
	if verb == nil && path == nil {
		d.fault(m.line, m.column, "%q is not known in %s%s", m.key, at, cmp.Or(near(m.key, keys), ": a method is an object with method and path, and else there are "+strings.Join(keys, ", ")))
		return
	}
	method := &Method{Name: m.key, Resource: r}
	d.decode(m.value, reflect.ValueOf(method).Elem(), join(at, m.key))
	r.Methods = append(r.Methods, method)
}

// order sorts the methods: the standard ones first, then the others as they came.
func (r *Resource) order() {
	rank := func(m *Method) int {
		if i := slices.Index(standardMethods, m.Name); i >= 0 {
			return i
		}
		return len(standardMethods)
	}
	slices.SortStableFunc(r.Methods, func(a, b *Method) int { return rank(a) - rank(b) })
}

func (as *Authorizations) decodeNode(d *decoder, n *node, at string) {
	*as = Authorizations{}
	items := []*node{n}
	if n.kind == list {
		items = n.items
	}
	for i, item := range items {
		var a Authorization
		place := at
		if n.kind == list {
			place = fmt.Sprintf("%s[%d]", at, i)
		}
		d.decode(item, reflect.ValueOf(&a).Elem(), place)
		*as = append(*as, a)
	}
}

// decodeNode takes an HTTP method in either case.
func (m *Method) decodeNode(d *decoder, n *node, at string) {
	if d.want(n, object, at) {
		d.members(n, reflect.ValueOf(m).Elem(), at, nil)
		m.HTTPMethod = strings.ToUpper(m.HTTPMethod)
	}
}
