package openapi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	yaml "go.yaml.in/yaml/v4"

	"sluice/internal/integration"
)

// files are a definition's, as trees by their names: integration.yaml, and docs/<resource>.yaml.
func files(d *integration.Definition) map[string]*object {
	main := tree(d.JSON())
	all := map[string]*object{mainFile: main}
	docs := main.object("docs")
	for _, resource := range docs.keys() {
		all["docs/"+resource+".yaml"] = docs.object(resource)
	}
	main.drop("docs")
	resources := main.object("resources")
	for _, name := range resources.keys() {
		r := resources.object(name)
		for _, key := range r.keys() {
			if m := r.object(key); m != nil && m.has("path") {
				m.set("method", strings.ToLower(m.text("method"))) // as people write it
			}
		}
	}
	return all
}

const mainFile = "integration.yaml"

// tree is a JSON document as a tree.
func tree(document []byte) *object {
	v, faults := integration.ReadValue("", document, integration.Limits{Bytes: 1 << 30, Values: 1 << 30, Depth: 200})
	if len(faults) > 0 {
		panic("openapi: a definition's own JSON cannot be read: " + faults.Error())
	}
	o, _ := plain(v).(*object)
	return o
}

// render writes a tree as YAML for people: short things in one line, long texts folded, a line between one method and the next.
func render(file string, t *object) ([]byte, error) {
	return dump(file, build(t, 0))
}

func dump(file string, n *yaml.Node) ([]byte, error) {
	var b bytes.Buffer
	d, err := yaml.NewDumper(&b, yaml.WithIndent(2), yaml.WithLineWidth(140), yaml.WithUnicode())
	if err != nil {
		return nil, err
	}
	if err := d.Dump(n); err != nil {
		return nil, fmt.Errorf("write %s: %w", file, err)
	}
	if err := d.Close(); err != nil {
		return nil, fmt.Errorf("write %s: %w", file, err)
	}
	return spaced(file, b.Bytes()), nil
}

var (
	topLine      = regexp.MustCompile(`^[A-Za-z_#"']`)
	resourceLine = regexp.MustCompile(`^  [A-Za-z_#"']`)
)

// spaced puts an empty line before each method of documentation, and before each resource.
func spaced(file string, text []byte) []byte {
	var out [][]byte
	resources, began := false, false
	for _, l := range bytes.Split(text, []byte("\n")) {
		breaks := file != mainFile && topLine.Match(l) && len(out) > 0 || file == mainFile && (resources && resourceLine.Match(l) && began || bytes.Equal(l, []byte("resources:")))
		if breaks && len(bytes.TrimSpace(out[len(out)-1])) > 0 && bytes.TrimSpace(out[len(out)-1])[0] != '#' {
			out = append(out, nil)
		}
		began = began || resources
		resources = resources || bytes.Equal(l, []byte("resources:"))
		out = append(out, l)
	}
	return bytes.Join(out, []byte("\n"))
}

// shortLine is how long a thing may be that stands in one line.
const shortLine = 110

// build makes YAML of a value. depth is how deep it stands in its file.
func build(value any, depth int) *yaml.Node {
	switch v := value.(type) {
	case *object:
		n := &yaml.Node{Kind: yaml.MappingNode, Tag: "!!map"}
		if depth >= 2 && isShort(v) {
			n.Style = yaml.FlowStyle
		}
		for _, name := range v.names {
			n.Content = append(n.Content, scalar(name, "!!str", true), build(v.values[name], depth+1))
		}
		return n
	case []any:
		n := &yaml.Node{Kind: yaml.SequenceNode, Tag: "!!seq"}
		if isShort(v) || !slices.ContainsFunc(v, func(item any) bool { _, nested := item.(*object); return nested }) && len(raw(v)) < 600 {
			n.Style = yaml.FlowStyle
		}
		for _, item := range v {
			n.Content = append(n.Content, build(item, depth+1))
		}
		return n
	case string:
		return scalar(v, "!!str", false)
	case json.Number:
		tag := "!!int"
		if strings.ContainsAny(v.String(), ".eE") {
			tag = "!!float"
		}
		return scalar(v.String(), tag, true)
	case bool:
		return scalar(fmt.Sprint(v), "!!bool", true)
	}
	return scalar("null", "!!null", true)
}

func isShort(v any) bool { return len(raw(v)) <= shortLine }

var plainText = regexp.MustCompile(`^[A-Za-z/][A-Za-z0-9_./ ()'+-]*$`)

// notTexts are words that some reader of YAML takes for something else than a text.
var notTexts = regexp.MustCompile(`(?i)^(y|n|yes|no|on|off|true|false|null|nan|inf)$`)

func scalar(text, tag string, key bool) *yaml.Node {
	n := &yaml.Node{Kind: yaml.ScalarNode, Tag: tag, Value: text}
	switch {
	case tag != "!!str":
	case !key && len(text) > 120 && line(text) == text && !strings.ContainsRune(text, '\u0085') && !strings.ContainsAny(text, "\u2028\u2029\ufeff") && isPrintable(text):
		n.Style = yaml.FoldedStyle
	case plainText.MatchString(text) && !notTexts.MatchString(text) && !strings.HasSuffix(text, " ") && !strings.Contains(text, " #"):
	default:
		n.Style = yaml.DoubleQuotedStyle
	}
	return n
}

func isPrintable(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r >= 0x7f && r < 0xa0 || r >= 0xfff0 && r <= 0xffff })
}
