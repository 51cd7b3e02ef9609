package sluice

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode"
)

var (
	link    = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	heading = regexp.MustCompile(`(?m)^#+ +(.+)$`)
	code    = regexp.MustCompile("(?ms)^ *```.*?^ *```")
)

// pages are the texts that people read, by their paths.
func pages(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	read := func(path string) {
		raw, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		all[path] = code.ReplaceAllString(string(raw), "")
	}
	read("README.md")
	err := filepath.WalkDir("docs", func(path string, e fs.DirEntry, err error) error {
		if err == nil && filepath.Ext(path) == ".md" {
			read(path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// anchor is what a heading is reached by, as GitHub makes it.
func anchor(heading string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsLetter(r), unicode.IsDigit(r), r == '-', r == '_':
			return unicode.ToLower(r)
		case r == ' ':
			return '-'
		}
		return -1
	}, heading)
}

func TestEveryLinkOfTheDocumentationLeadsSomewhere(t *testing.T) {
	all := pages(t)
	for path, text := range all {
		for _, found := range link.FindAllStringSubmatch(text, -1) {
			target, fragment, _ := strings.Cut(found[1], "#")
			if strings.Contains(target, "://") {
				continue
			}
			to := path
			if target != "" {
				to = filepath.Join(filepath.Dir(path), target)
			}
			if _, err := os.Stat(to); err != nil {
				t.Errorf("%s links to %s, which there is not", path, found[1])
				continue
			}
			if fragment == "" {
				continue
			}
			there := false
			for _, h := range heading.FindAllStringSubmatch(all[to], -1) {
				there = there || anchor(h[1]) == fragment
			}
			if !there {
				t.Errorf("%s links to %s, and %s has no such heading", path, found[1], to)
			}
		}
	}
}

func TestEveryPageOfTheDocumentationIsReachedFromItsIndex(t *testing.T) {
	all := pages(t)
	reached, next := map[string]bool{}, []string{filepath.Join("docs", "README.md")}
	for len(next) > 0 {
		path := next[0]
		next = next[1:]
		if reached[path] {
			continue
		}
		reached[path] = true
		for _, found := range link.FindAllStringSubmatch(all[path], -1) {
			target, _, _ := strings.Cut(found[1], "#")
			if to := filepath.Join(filepath.Dir(path), target); all[to] != "" {
				next = append(next, to)
			}
		}
	}
	for path := range all {
		if !reached[path] && path != "README.md" {
			t.Errorf("nobody who begins at docs/README.md comes to %s", path)
		}
	}
}

// A picture that no page shows is one that nobody looks at when it grows old.
func TestEveryPictureOfTheDocumentationIsShown(t *testing.T) {
	var shown strings.Builder
	for _, text := range pages(t) {
		shown.WriteString(text)
	}
	pictures, err := filepath.Glob("docs/images/*")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range pictures {
		if !strings.Contains(shown.String(), "images/"+filepath.Base(path)+")") {
			t.Errorf("no page shows %s", path)
		}
	}
}
