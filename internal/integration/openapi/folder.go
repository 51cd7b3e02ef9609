package openapi

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	yaml "go.yaml.in/yaml/v4"

	"sluice/internal/integration"
)

// importedFile holds beside a definition what was imported, which tells the next time what was changed by hand.
const importedFile = "imported.json"

// UpdateFolder imports a document into a folder: a new one, or one that was imported into before, whose hand-made changes stay.
func UpdateFolder(document []byte, opt Options, dir string) (*integration.Definition, *Report, error) {
	before, mine, err := readFolder(dir)
	if err != nil {
		return nil, nil, err
	}
	definition, imported, report, err := Update(document, opt, before, mine)
	if err != nil {
		return nil, report, err
	}
	if err := WriteFolder(definition, dir); err != nil {
		return nil, report, err
	}
	if err := writeFile(filepath.Join(dir, importedFile), append(imported.JSON(), '\n')); err != nil {
		return nil, report, err
	}
	return definition, report, nil
}

// readFolder reads what an earlier import wrote; both are nil where there is nothing yet.
func readFolder(dir string) (before, mine *integration.Definition, err error) {
	if _, err := os.Stat(filepath.Join(dir, mainFile)); errors.Is(err, fs.ErrNotExist) {
		return nil, nil, nil
	}
	if mine, err = integration.Load(os.DirFS(dir), "."); err != nil {
		return nil, nil, fmt.Errorf("%s holds a definition that is not right, so that nothing is imported over it: %w", dir, err)
	}
	data, err := os.ReadFile(filepath.Join(dir, importedFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, fmt.Errorf("%s holds a definition that was not imported (it has no %s): give another folder", dir, importedFile)
	}
	if err != nil {
		return nil, nil, err
	}
	if before, err = integration.Parse(data); err != nil {
		return nil, nil, fmt.Errorf("%s is not as an import left it: put it back, or import into another folder: %w", filepath.Join(dir, importedFile), err)
	}
	return before, mine, nil
}

// WriteFolder writes a definition as integration.yaml and docs/<resource>.yaml. Where the folder has such files, those that say the same are not touched, and in
// the others what says the same stays with the comments on it. Documentation of resources that the definition does not have is removed.
func WriteFolder(d *integration.Definition, dir string) error {
	if err := os.MkdirAll(filepath.Join(dir, "docs"), 0o755); err != nil {
		return err
	}
	all := files(d)
	for _, name := range sortedKeys(all) {
		path := filepath.Join(dir, filepath.FromSlash(name))
		text, err := renderOver(name, path, all[name])
		if err != nil {
			return err
		}
		if text == nil {
			continue
		}
		if err := writeFile(path, text); err != nil {
			return err
		}
	}
	entries, err := os.ReadDir(filepath.Join(dir, "docs"))
	if err != nil {
		return err
	}
	for _, e := range entries {
		name := strings.TrimSuffix(e.Name(), ".yml") // a hand's other ending is the same file
		if name != e.Name() {
			name += ".yaml"
		}
		if ext := filepath.Ext(e.Name()); all["docs/"+name] == nil && (ext == ".yaml" || ext == ".yml") && !e.IsDir() {
			if err := os.Remove(filepath.Join(dir, "docs", e.Name())); err != nil {
				return err
			}
		}
	}
	return nil
}

// renderOver is a file's new text; nil where it says that already.
func renderOver(name, path string, want *object) ([]byte, error) {
	old, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return render(name, want)
	}
	if err != nil {
		return nil, err
	}
	v, faults := integration.ReadValue(name, old, limits)
	if len(faults) > 0 {
		return nil, faults
	}
	have := plain(v)
	if equal(sorted(have), sorted(want)) {
		return nil, nil
	}
	loader, err := yaml.NewLoader(bytes.NewReader(old))
	if err != nil {
		return nil, err
	}
	var doc yaml.Node
	if err := loader.Load(&doc); err != nil || len(doc.Content) == 0 {
		return nil, fmt.Errorf("read %s again: %w", path, err)
	}
	doc.Content[0] = over(doc.Content[0], asObject(have), want, 0)
	return dump(name, &doc)
}

// over is a mapping with what is wanted in it: members that say it already stay as they are written.
func over(n *yaml.Node, have, want *object, depth int) *yaml.Node {
	if n.Kind != yaml.MappingNode || have == nil {
		return build(want, depth)
	}
	kept := n.Content[:0:0]
	var written []string
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], n.Content[i+1]
		name := key.Value
		if !want.has(name) {
			continue
		}
		written = append(written, name)
		switch inner := asObject(want.get(name)); {
		case equal(sorted(have.get(name)), sorted(want.get(name))):
		case inner != nil && value.Kind == yaml.MappingNode && value.Style&yaml.FlowStyle == 0:
			value = over(value, asObject(have.get(name)), inner, depth+1)
		default:
			comment := value.LineComment
			value = build(want.get(name), depth+1)
			value.LineComment = comment
		}
		kept = append(kept, key, value)
	}
	for _, name := range want.names {
		if !slices.Contains(written, name) {
			kept = append(kept, scalar(name, "!!str", true), build(want.values[name], depth+1))
		}
	}
	n.Content = kept
	return n
}

// writeFile replaces a file whole, so that what is interrupted leaves the old one.
func writeFile(path string, text []byte) error {
	if old, err := os.ReadFile(path); err == nil && bytes.Equal(old, text) {
		return nil
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".import-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(text)
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = os.Chmod(f.Name(), 0o644)
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	return err
}
