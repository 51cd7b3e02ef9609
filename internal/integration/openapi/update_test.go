package openapi_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"sluice/internal/integration"
	"sluice/internal/integration/openapi"
)

const firstEdition = `openapi: 3.1.0
info: {title: Lighthouse, description: Lamps on towers.}
servers: [{url: 'https://lights.example/v1'}]
paths:
  /lamps:
    get: {summary: Lamps, parameters: [{name: lit, in: query, schema: {type: boolean}}], responses: {200: {content: {application/json: {schema: {type: array, items: {type: object}}}}}}}
    post: {summary: Hang a lamp, requestBody: {required: true, content: {application/json: {schema: {type: object, required: [watt], properties: {watt: {type: integer}, lens: {type: string}}}}}}}
  /lamps/{id}:
    get: {summary: One lamp}
    delete: {summary: Take a lamp down}
  /stairs: {post: {summary: Build stairs}}
`

// The vendor adds an argument and a path, changes two summaries, and takes a path away.
var secondEdition = strings.NewReplacer(
	"{name: lit, in: query, schema: {type: boolean}}", "{name: lit, in: query, schema: {type: boolean}}, {name: colour, in: query, schema: {type: string}}",
	"summary: Hang a lamp", "summary: Hang up a lamp",
	"summary: One lamp", "summary: One lamp of all",
	"  /stairs: {post: {summary: Build stairs}}\n", "  /bells: {post: {summary: Hang a bell}}\n",
).Replace(firstEdition)

func importInto(t *testing.T, document, dir string) *openapi.Report {
	t.Helper()
	_, report, err := openapi.UpdateFolder([]byte(document), openapi.Options{Check: compiles}, dir)
	if err != nil {
		t.Fatalf("import: %v", err)
	}
	return report
}

func read(t *testing.T, dir, file string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, file))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func edit(t *testing.T, dir, file, old, new string) {
	t.Helper()
	text := read(t, dir, file)
	if strings.Count(text, old) != 1 {
		t.Fatalf("%q is %d times in %s:\n%s", old, strings.Count(text, old), file, text)
	}
	if err := os.WriteFile(filepath.Join(dir, file), []byte(strings.Replace(text, old, new, 1)), 0o644); err != nil {
		t.Fatal(err)
	}
}

func load(t *testing.T, dir string) *integration.Definition {
	t.Helper()
	d, err := integration.Load(os.DirFS(dir), ".")
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestAFolderSaysWhatTheDefinitionSays(t *testing.T) {
	dir := t.TempDir()
	importInto(t, firstEdition, dir)
	d, _ := take(t, firstEdition)
	if loaded := load(t, dir); loaded.Digest != d.Digest {
		t.Errorf("what is loaded differs from what was made:\n%s\n%s", loaded.JSON(), d.JSON())
	}
	const want = `create:
  description: Hang a lamp
  body_schema: {type: object, required: [watt], properties: {watt: {type: integer}, lens: {type: string}}}
`
	if got := read(t, dir, "docs/lamps.yaml"); !strings.Contains(got, "\n\n"+want) {
		t.Errorf("docs/lamps.yaml is\n%s\nwant in it\n%s", got, want)
	}
}

func TestTextsSurviveTheFolder(t *testing.T) {
	odd := []string{"no", "on", "null", "~", "2020-02-29", "0x1F", "1e3", ".5", "-", "- a", "a: b", "a #b", "#a", "'", `"`, `\`, "a\nb", " a", "a ", "\t", "é🚢", "\u2028", "\u0085", "&a", "*a", "!a", "%a", "@a", "`a`",
		"{a}", "[a]", "a,b", "?", "<<", "=", "|", ">", strings.Repeat("long words ", 30) + "end", strings.Repeat("long  words ", 30) + "end", strings.Repeat("x", 300), strings.Repeat("a: b ", 60) + "c"}
	d, _ := take(t, firstEdition)
	for i, text := range odd {
		d.Headers = map[string]string{}
		d.Description, d.Resources[0].Methods[0].Doc.Description = text, text+"."
		d.Resources[0].Tags = []string{"a"}
		dir := t.TempDir()
		if err := openapi.WriteFolder(d, dir); err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		loaded, err := integration.Load(os.DirFS(dir), ".")
		if err != nil {
			t.Errorf("%d: %q cannot be read again: %v\n%s", i, text, err, read(t, dir, "integration.yaml"))
			continue
		}
		if loaded.Description != text || loaded.Resources[0].Methods[0].Doc.Description != text+"." {
			t.Errorf("%q came back as %q", text, loaded.Description)
		}
	}
}

func TestTheSameDocumentChangesNothing(t *testing.T) {
	dir := t.TempDir()
	importInto(t, firstEdition, dir)
	edit(t, dir, "integration.yaml", "label: Lighthouse", "label: The Lighthouse # as it is called")
	before := map[string]string{}
	for _, file := range []string{"integration.yaml", "docs/lamps.yaml", "imported.json"} {
		before[file] = read(t, dir, file)
	}
	importInto(t, firstEdition, dir)
	for file, want := range before {
		if got := read(t, dir, file); got != want {
			t.Errorf("%s was\n%s\nand is\n%s", file, want, got)
		}
	}
}

func TestWhatWasChangedByHandStays(t *testing.T) {
	dir := t.TempDir()
	importInto(t, firstEdition, dir)
	edit(t, dir, "integration.yaml", "label: Lighthouse", "label: The Lighthouse # as it is called")
	edit(t, dir, "integration.yaml", "    delete: {method: delete, path: \"/lamps/{{id}}\"}\n", "    blink: {method: post, path: \"/lamps/{{id}}/blink\"} # not in their document\n")
	text := read(t, dir, "docs/lamps.yaml")
	at := strings.Index(text, "\ndelete:")
	if err := os.WriteFile(filepath.Join(dir, "docs/lamps.yaml"), []byte(text[:at]), 0o644); err != nil {
		t.Fatal(err)
	}
	edit(t, dir, "docs/lamps.yaml", "description: Hang a lamp", "description: Hang a lamp. Ask for the wattage first. # ours")
	edit(t, dir, "docs/lamps.yaml", "lit: {type: boolean}", "lit: {type: boolean, description: Only those that burn}")
	edit(t, dir, "docs/stairs.yaml", "Build stairs", "Build stairs up")

	report := importInto(t, secondEdition, dir)
	d := load(t, dir)
	lamps, _ := d.Resource("lamps")
	var names []string
	for _, m := range lamps.Methods {
		names = append(names, m.Name)
	}
	for what, c := range map[string]struct{ got, want string }{
		"the label":                   {d.Label, "The Lighthouse"},
		"methods":                     {strings.Join(names, " "), "list get create blink"},
		"a description changed twice": {methodOf(t, d, "lamps", "create").Doc.Description, "Hang a lamp. Ask for the wattage first."},
		"one changed in the document": {methodOf(t, d, "lamps", "get").Doc.Description, "One lamp of all"},
		"an argument, and one more":   {string(methodOf(t, d, "lamps", "list").Doc.QuerySchema), `{"type":"object","properties":{"lit":{"type":"boolean","description":"Only those that burn"},"colour":{"type":"string"}}}`},
		"what is new":                 {methodOf(t, d, "bells", "create").Doc.Description, "Hang a bell"},
		"comments":                    {comments(read(t, dir, "integration.yaml") + read(t, dir, "docs/lamps.yaml")), "# as it is called # not in their document # ours"},
	} {
		if c.got != c.want {
			t.Errorf("%s: got %s, want %s", what, c.got, c.want)
		}
	}
	if _, ok := d.Resource("stairs"); ok {
		t.Error("what is gone from the document is still there")
	}
	if _, err := os.Stat(filepath.Join(dir, "docs/stairs.yaml")); err == nil {
		t.Error("docs/stairs.yaml is still there")
	}
	notes := strings.Join(report.Notes, "\n")
	for _, want := range []string{"docs.lamps.create.description was changed by hand and in the document: the hand's stays", "docs.stairs.create is gone from the document, and what was changed by hand with it"} {
		if !strings.Contains(notes, want) {
			t.Errorf("the notes lack %q:\n%s", want, notes)
		}
	}
	if len(report.LeftOut) != 1 || report.LeftOut[0].Method != "DELETE" || !strings.Contains(report.LeftOut[0].Reason, "by hand") {
		t.Errorf("left out %v, want the DELETE that was taken out by hand", report.LeftOut)
	}
	importInto(t, secondEdition, dir)
	if again := load(t, dir); again.Digest != d.Digest {
		t.Error("a third import changes what the second one made")
	}
}

func comments(text string) string {
	var all []string
	for line := range strings.SplitSeq(text, "\n") {
		if i := strings.Index(line, "# "); i >= 0 {
			all = append(all, line[i:])
		}
	}
	return strings.Join(all, " ")
}

func TestAFolderThatWasNotImportedIsLeftAlone(t *testing.T) {
	for name, c := range map[string]struct{ file, text, words string }{
		"a definition by hand":     {"imported.json", "", "was not imported"},
		"a file that was edited":   {"imported.json", "{}", "not as an import left it"},
		"a definition with faults": {"integration.yaml", "name: x\n", "not right"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			importInto(t, firstEdition, dir)
			before := read(t, dir, "docs/lamps.yaml")
			path := filepath.Join(dir, c.file)
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
			if c.text != "" {
				if err := os.WriteFile(path, []byte(c.text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			_, _, err := openapi.UpdateFolder([]byte(secondEdition), openapi.Options{}, dir)
			if err == nil || !strings.Contains(err.Error(), c.words) {
				t.Errorf("the error is %v, want %q in it", err, c.words)
			}
			if read(t, dir, "docs/lamps.yaml") != before {
				t.Error("something was written all the same")
			}
		})
	}
}

func TestWhatHandAndDocumentCannotBeTogetherIsRefused(t *testing.T) {
	dir := t.TempDir()
	importInto(t, firstEdition, dir)
	edit(t, dir, "docs/lamps.yaml", "description: One lamp\n", "description: One lamp\n  examples: [{title: The first, arguments: {id: '1'}}]\n")
	before := read(t, dir, "docs/lamps.yaml")
	changed := strings.Replace(firstEdition, "/lamps/{id}:\n    get: {summary: One lamp}", "/lamps/{id}:\n    get: {summary: One lamp, parameters: [{name: id, in: path, required: true, schema: {type: integer}}]}", 1)
	_, _, err := openapi.UpdateFolder([]byte(changed), openapi.Options{}, dir)
	if err == nil || !strings.Contains(err.Error(), "changed by hand does not go with the document") {
		t.Errorf("the error is %v", err)
	}
	if read(t, dir, "docs/lamps.yaml") != before {
		t.Error("something was written all the same")
	}
}
