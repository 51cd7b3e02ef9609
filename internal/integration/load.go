package integration

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"reflect"
	"slices"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

const (
	mainFile = "integration.yaml"
	docsDir  = "docs"
)

// Load reads the definition in a folder: integration.yaml and docs/*.yaml. Where it is broken, the error is a Faults that tells everything at once.
func Load(fsys fs.FS, dir string) (*Definition, error) {
	files, err := readFolder(fsys, dir)
	if err != nil {
		return nil, err
	}
	return ParseFiles(files)
}

// Validate returns everything that is wrong with the definition in a folder, what is only advice too.
func Validate(fsys fs.FS, dir string) (*Definition, Faults) {
	files, err := readFolder(fsys, dir)
	if err != nil {
		var faults Faults
		if !errors.As(err, &faults) {
			faults = Faults{{File: dir, Message: err.Error()}}
		}
		return nil, faults
	}
	return parse(files)
}

// ParseFiles reads a definition from its files by their names below the folder: integration.yaml, docs/users.yaml.
func ParseFiles(files map[string][]byte) (*Definition, error) {
	d, faults := parse(files)
	if fatal := faults.Fatal(); len(fatal) > 0 {
		return nil, fatal
	}
	return d, nil
}

// Parse reads a definition from one document: JSON as (*Definition).JSON writes it, or YAML of that shape.
func Parse(document []byte) (*Definition, error) {
	return ParseFiles(map[string][]byte{mainFile: document})
}

func readFolder(fsys fs.FS, dir string) (map[string][]byte, error) {
	files := map[string][]byte{}
	read := func(name string) error {
		full := path.Join(dir, name)
		info, err := fs.Stat(fsys, full)
		if err != nil {
			return err
		}
		if info.Size() > maxFile {
			return Faults{{File: name, Message: fmt.Sprintf("the file has %d bytes, more than the %d that a definition's file may have", info.Size(), maxFile)}}
		}
		files[name], err = fs.ReadFile(fsys, full)
		return err
	}
	if err := read(mainFile); errors.Is(err, fs.ErrNotExist) {
		return nil, Faults{{File: mainFile, Message: fmt.Sprintf("there is no such file in %s: a definition's folder holds integration.yaml and docs/<resource>.yaml", dir)}}
	} else if err != nil {
		return nil, err
	}
	entries, err := fs.ReadDir(fsys, path.Join(dir, docsDir))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	for _, e := range entries {
		if e.IsDir() || path.Ext(e.Name()) != ".yaml" && path.Ext(e.Name()) != ".yml" {
			continue
		}
		if err := read(path.Join(docsDir, e.Name())); err != nil {
			return nil, err
		}
	}
	return files, nil
}

// document is a definition's files as trees: what a fault's line is found in.
type document struct {
	broken bool // something in the files could not be read as it is
	main   *node
	docs   map[string]docFile // resource → its documentation
}

type docFile struct {
	file string
	root *node
}

// parse reads and checks. The definition is nil when it could not be read at all; otherwise it is whole, but not to be used when a fault is fatal.
func parse(files map[string][]byte) (*Definition, Faults) {
	var faults Faults
	root, broken := parseTree(mainFile, files[mainFile])
	faults = append(faults, broken...)
	doc := document{main: root, docs: map[string]docFile{}}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if name == mainFile {
			continue
		}
		folder, base := path.Split(name)
		if folder != docsDir+"/" {
			faults = append(faults, Fault{File: name, Message: "only integration.yaml and docs/<resource>.yaml belong to a definition"})
			continue
		}
		root, broken := parseTree(name, files[name])
		faults = append(faults, broken...)
		if root != nil {
			doc.docs[strings.TrimSuffix(base, path.Ext(base))] = docFile{name, root}
		}
	}
	doc.broken = len(faults) > 0
	if root == nil {
		faults.sort()
		return nil, faults
	}

	d, more := doc.definition()
	faults = append(faults, more...)
	faults.sort()
	if len(faults.Fatal()) == 0 {
		d.Digest = d.digest()
	}
	return d, faults
}

// definition makes a definition of the trees, and checks it.
func (doc document) definition() (*Definition, Faults) {
	d := &Definition{}
	var faults Faults
	dec := &decoder{file: mainFile}
	root := doc.main
	inline := dec.definition(root, d)
	faults = append(faults, dec.faults...)
	if inline != nil {
		for _, m := range inline.members {
			if other, ok := doc.docs[m.key]; ok {
				faults = append(faults, Fault{File: mainFile, Line: m.line, Column: m.column,
					Message: fmt.Sprintf("docs.%s is also a file, %s: keep one of the two", m.key, other.file)})
				continue
			}
			doc.docs[m.key] = docFile{mainFile, m.value}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(doc.docs)) {
		faults = append(faults, attach(d, name, doc.docs[name])...)
	}
	v := &validator{doc: doc, def: d, told: map[bool]int{}, compiled: map[string]*jsonschema.Schema{}}
	v.definition()
	return d, append(faults, v.faults...)
}

// definition reads integration.yaml and returns what it holds under docs, the one key that is no field of the type.
func (d *decoder) definition(root *node, out *Definition) (docs *node) {
	if !d.want(root, object, "the file") {
		return nil
	}
	d.members(root, reflect.ValueOf(out).Elem(), "", func(m member) {
		if m.key == docsDir {
			if d.want(m.value, object, docsDir) {
				docs = m.value
			}
			return
		}
		keys, _ := yamlKeys(reflect.TypeFor[Definition]())
		d.fault(m.line, m.column, "%q is not known%s", m.key, suggest(m.key, append(keys, docsDir)))
	})
	return docs
}

// attach reads one resource's documentation and hangs it on the methods.
func attach(d *Definition, resource string, doc docFile) Faults {
	dec := &decoder{file: doc.file}
	if !dec.want(doc.root, object, "the documentation of "+resource) {
		return dec.faults
	}
	r, ok := d.Resource(resource)
	if !ok {
		dec.fault(doc.root.line, doc.root.column, "there is no resource %q to document%s", resource, suggest(resource, d.resourceNames()))
		return dec.faults
	}
	for _, m := range doc.root.members {
		record := &Documentation{}
		dec.decode(m.value, reflect.ValueOf(record).Elem(), m.key)
		method, ok := r.Method(m.key)
		if !ok {
			dec.fault(m.line, m.column, "%s has no method %q to document%s", resource, m.key, suggest(m.key, r.methodNames()))
			continue
		}
		method.Doc = record
	}
	return dec.faults
}

// Resource returns the resource of that name.
func (d *Definition) Resource(name string) (*Resource, bool) {
	for _, r := range d.Resources {
		if r.Name == name {
			return r, true
		}
	}
	return nil, false
}

// Method returns the method of that name.
func (r *Resource) Method(name string) (*Method, bool) {
	for _, m := range r.Methods {
		if m.Name == name {
			return m, true
		}
	}
	return nil, false
}

func (d *Definition) resourceNames() []string {
	names := make([]string, len(d.Resources))
	for i, r := range d.Resources {
		names[i] = r.Name
	}
	return names
}

func (r *Resource) methodNames() []string {
	names := make([]string, len(r.Methods))
	for i, m := range r.Methods {
		names[i] = m.Name
	}
	return names
}
