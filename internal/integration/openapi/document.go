package openapi

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode/utf16"

	"sluice/internal/integration"
	"sluice/internal/prose"
)

// MaxDocument is the most bytes that a document may have.
const MaxDocument = 32 << 20

// What a document may cost. The largest that are published come near a half of it.
var limits = integration.Limits{Bytes: MaxDocument, Values: 1_000_000, Depth: 100, Merge: true}

// document is an OpenAPI document: its tree, and which OpenAPI it is written in.
type document struct {
	root       integration.Value
	swagger    bool // 2.0
	minor      int  // of 3
	source     *url.URL
	inheriting map[string][]string          // schemas by those that they name in allOf; nil: not looked for yet
	spent      int                          // schemas that were converted
	prosaic    map[string]string            // what texts are without what only a page shows: most stand in a document many times
	named      map[string]integration.Value // schemas by what they call themselves: #name by $anchor, an address by $id; nil: not looked for yet
}

var versionForm = regexp.MustCompile(`^3\.(\d+)(\.|$)`)

// read reads a document and finds out its version. What could be read in spite of faults is gone on with: they are told.
func read(data []byte, source string) (*document, integration.Faults, error) {
	root, faults := integration.ReadValue("the document", inUTF8(data), limits)
	if !root.IsObject() {
		if root.Exists() {
			return nil, nil, fmt.Errorf("the document is no OpenAPI document: it must be an object that begins with openapi or swagger")
		}
		return nil, nil, fmt.Errorf("the document cannot be read: %w", faults[:min(1, len(faults))])
	}
	d := &document{root: root, prosaic: map[string]string{}}
	if source != "" {
		d.source, _ = url.Parse(source)
	}
	switch openapi, swagger := root.Get("openapi").Scalar(), root.Get("swagger").Scalar(); {
	case versionForm.MatchString(openapi):
		fmt.Sscan(versionForm.FindStringSubmatch(openapi)[1], &d.minor)
		if d.minor > 2 {
			return nil, nil, fmt.Errorf("the document says openapi: %.20s, and 3.0, 3.1, 3.2 and Swagger 2.0 are read", openapi)
		}
	case swagger == "2.0" || swagger == "2":
		d.swagger = true
	case openapi != "" || swagger != "":
		return nil, nil, fmt.Errorf("the document says version %.20s, and OpenAPI 3.0, 3.1, 3.2 and Swagger 2.0 are read", openapi+swagger)
	default:
		return nil, nil, fmt.Errorf("the document is no OpenAPI document: it says neither openapi: 3.… nor swagger: \"2.0\"")
	}
	if !root.Get("paths").IsObject() || root.Get("paths").Len() == 0 {
		return nil, nil, fmt.Errorf("the document has no paths, so that there is nothing to import")
	}
	return d, faults, nil
}

// inUTF8 is a document that begins with the byte order mark of UTF-16, in UTF-8; all others as they are.
func inUTF8(data []byte) []byte {
	var order binary.ByteOrder = binary.LittleEndian
	switch {
	case bytes.HasPrefix(data, []byte{0xfe, 0xff}):
		order = binary.BigEndian
	case !bytes.HasPrefix(data, []byte{0xff, 0xfe}):
		return data
	}
	units := make([]uint16, 0, len(data)/2)
	for rest := data[2:]; len(rest) > 1; rest = rest[2:] {
		units = append(units, order.Uint16(rest))
	}
	return []byte(string(utf16.Decode(units)))
}

// mostOperations is the most that become methods: an agent that is offered more finds none.
const mostOperations = 5000

// mostSteps bounds a chain of references.
const mostSteps = 50

// resolve follows the references that stand in place of a value. Only those within the document are followed: nothing is ever fetched for one.
func (d *document) resolve(v integration.Value) (integration.Value, error) {
	return follow(v, d.target)
}

func follow(v integration.Value, target func(string) (integration.Value, error)) (integration.Value, error) {
	for range mostSteps {
		ref := v.Get("$ref")
		if !ref.IsText() {
			return v, nil
		}
		to, err := target(ref.Text())
		if err != nil {
			return integration.Value{}, err
		}
		v = to
	}
	return integration.Value{}, fmt.Errorf("its $ref %s leads in a circle", v.Get("$ref").Text())
}

// target is what a reference names.
func (d *document) target(ref string) (integration.Value, error) {
	address, fragment, _ := strings.Cut(ref, "#")
	in := d.root
	if address != "" && !d.isSelf(address) {
		if in = d.byName(address); !in.Exists() {
			return integration.Value{}, fmt.Errorf("$ref %s leads out of the document, and nothing is fetched: put what it names into the document", prose.Clip(ref, 80))
		}
	}
	v := at(in, fragment)
	if !v.Exists() && fragment != "" && fragment[0] != '/' {
		v = d.byName("#" + fragment)
	}
	if !v.Exists() {
		return v, fmt.Errorf("$ref %s leads to nothing", prose.Clip(ref, 80))
	}
	return v, nil
}

// at is the value at a JSON pointer in a URL's fragment, which many documents write without the encoding that it needs there.
func at(in integration.Value, fragment string) integration.Value {
	if decoded, err := url.PathUnescape(fragment); err == nil {
		if v := in.Find(decoded); v.Exists() {
			return v
		}
	}
	return in.Find(fragment)
}

// isSelf reports whether an address is the document's own: where it came from, or what it calls itself (OpenAPI 3.2, "$self").
func (d *document) isSelf(address string) bool {
	if address == d.root.Get("$self").Text() {
		return true
	}
	to, err := url.Parse(address)
	if err != nil || d.source == nil {
		return false
	}
	own := *d.source
	own.Fragment = ""
	return d.source.ResolveReference(to).String() == own.String()
}

// byName is the first schema of the document that calls itself so.
func (d *document) byName(name string) integration.Value {
	if d.named == nil {
		d.named = map[string]integration.Value{}
		d.nameAll(d.root)
	}
	return d.named[name]
}

func (d *document) nameAll(v integration.Value) {
	for keyword, mark := range map[string]string{"$anchor": "#", "$dynamicAnchor": "#", "$id": ""} {
		if name := v.Get(keyword).Text(); name != "" && !d.named[mark+name].Exists() {
			d.named[mark+name] = v
		}
	}
	for _, member := range v.Members() {
		d.nameAll(member)
	}
	for item := range v.Items() {
		d.nameAll(item)
	}
}

// operation is one method of one path, as the document has it.
type operation struct {
	*document
	method, path string // get, /users/{id}
	item         integration.Value
	shared       integration.Value // what the item refers to by $ref; itself otherwise
	own          integration.Value
}

// String names an operation as people do.
func (o *operation) String() string { return strings.ToUpper(o.method) + " " + o.path }

func (o *operation) id() string          { return o.own.Get("operationId").Scalar() }
func (o *operation) summary() string     { return line(o.own.Get("summary").Scalar()) }
func (o *operation) description() string { return o.own.Get("description").Scalar() }
func (o *operation) isDeprecated() bool  { return o.own.Get("deprecated").IsTrue() }

// inherited is a member of the operation, else of its path, else of the document.
func (o *operation) inherited(name string) integration.Value {
	for _, from := range []integration.Value{o.own, o.item, o.shared, o.root} {
		if v := from.Get(name); v.Exists() {
			return v
		}
	}
	return integration.Value{}
}

var (
	verbs      = []string{"get", "post", "put", "patch", "delete"}
	otherVerbs = []string{"head", "options", "trace", "query"}
)

// operations are all that the document has, in its order; left is told of each that cannot be a tool.
func (d *document) operations(left func(method, path, reason string)) []*operation {
	var all []*operation
	for path, item := range d.root.Get("paths").Members() {
		if strings.HasPrefix(path, "x-") {
			continue
		}
		shared, err := d.resolve(item)
		if err != nil || !shared.IsObject() {
			left("*", path, sentence("the path cannot be read", err))
			continue
		}
		found := map[string]bool{}
		for _, from := range []integration.Value{item, shared} {
			for method, own := range from.Members() {
				switch lower := strings.ToLower(method); {
				case found[lower]:
				case slices.Contains(verbs, lower):
					found[lower] = true
					if len(all) >= mostOperations {
						left(strings.ToUpper(method), path, fmt.Sprintf("a definition has at most %d methods", mostOperations))
						continue
					}
					if !own.IsObject() {
						left(strings.ToUpper(method), path, "the operation is no object")
						continue
					}
					all = append(all, &operation{document: d, method: lower, path: path, item: item, shared: shared, own: own})
				case slices.Contains(otherVerbs, lower):
					found[lower] = true
					left(strings.ToUpper(method), path, "a tool's method is GET, POST, PUT, PATCH or DELETE")
				case method == "additionalOperations":
					for name := range own.Members() {
						left(name, path, "a tool's method is GET, POST, PUT, PATCH or DELETE")
					}
				}
			}
		}
	}
	return all
}

func sentence(what string, err error) string {
	if err != nil {
		return what + ": " + err.Error()
	}
	return what
}
