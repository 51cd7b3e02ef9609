package filetype_test

import (
	"strings"
	"testing"

	"sluice/internal/filetype"
)

const png = "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"

func TestTheTypeOfAFile(t *testing.T) {
	for _, c := range []struct{ when, declared, name, head, want string }{
		{"what is said counts", "image/png", "a.csv", "x", "image/png"},
		{"with its parameters", "text/csv; charset=latin1", "", "", "text/csv; charset=latin1"},
		{"what says nothing gives way to the name", "application/octet-stream", "Rows.CSV", "a,b", "text/csv"},
		{"and to the bytes", "application/octet-stream", "picture", png, "image/png"},
		{"plain text is not all that a name can say", "text/plain", "notes.md", "# x", "text/markdown"},
		{"nothing at all", "", "", "", "text/plain"},
		{"only bytes", "", "", "%PDF-1.7\n", "application/pdf"},
		{"what cannot be read is not said", "nonsense", "", png, "image/png"},
	} {
		if got := filetype.Of(c.declared, c.name, []byte(c.head)); got != c.want {
			t.Errorf("%s: want %q, got %q", c.when, c.want, got)
		}
	}
}

func TestOnlySomeTypesAreTaken(t *testing.T) {
	for _, c := range []struct {
		when                 string
		types                []string
		declared, name, head string
		want                 string // a piece of the refusal; "": taken
	}{
		{"no types", nil, "", "", png, ""},
		{"the type", []string{"text/csv"}, "text/csv", "", "a,b\n1,2\n", ""},
		{"by the name", []string{"text/csv"}, "", "rows.csv", "a;b", ""},
		{"all of a kind", []string{"image/*"}, "", "", png, ""},
		{"anything", []string{"*/*"}, "", "", png, ""},
		{"another", []string{"text/csv", "image/*"}, "application/pdf", "", "%PDF-1.7\n", "application/pdf, and text/csv, image/* is taken"},
		{"what lies about its content", []string{"text/csv"}, "text/csv", "rows.csv", png, "its content is image/png"},
		{"a page that says it is a picture", []string{"image/*"}, "image/png", "", "<!DOCTYPE html><script>", "its content is text/html"},
	} {
		err := filetype.Check(c.types, c.declared, c.name, []byte(c.head))
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: want %q, got %v", c.when, c.want, err)
		}
	}
}

func TestNamesAreMadeHarmless(t *testing.T) {
	for name, want := range map[string]string{
		"report.pdf": "report.pdf", "../../etc/passwd": "passwd", `C:\x\a.txt`: "a.txt", "..": "", " . ": "", "": "",
		"a\r\nb.txt": "ab.txt", "\u202egnp.exe": "gnp.exe", "Größe 1.md": "Größe 1.md", "a\xff.txt": "a.txt",
	} {
		if got := filetype.Name(name); got != want {
			t.Errorf("%q: want %q, got %q", name, want, got)
		}
	}
	if got := filetype.Name(strings.Repeat("ä", 300) + ".pdf"); len(got) > 200 || !strings.HasSuffix(got, "ä.pdf") {
		t.Errorf("a long name became %q (%d bytes)", got, len(got))
	}
	for disposition, want := range map[string]string{
		`attachment; filename="a b.pdf"`: "a b.pdf", `inline; filename*=UTF-8''%C3%BC.pdf`: "ü.pdf", `attachment; filename="../x"`: "x", "attachment": "", "": "",
	} {
		if got := filetype.Named(disposition); got != want {
			t.Errorf("%q: want %q, got %q", disposition, want, got)
		}
	}
}
