package openapi

import (
	"html"
	"regexp"
	"strings"
	"unicode/utf8"

	"sluice/internal/prose"
)

// Documents are written for a page: with HTML, Markdown and tables. A model reads plain sentences, and pays for each.

var (
	tags   = regexp.MustCompile(`<!--[\s\S]*?-->|</?[a-zA-Z][^<>]{0,500}>`)
	links  = regexp.MustCompile(`!?\[([^\[\]]*)\]\((?:[^()\s]|\([^()]*\))*(?:\s+"[^"]*")?\)`)
	ticks  = regexp.MustCompile("```[\\s\\S]*?(```|$)")
	rulers = regexp.MustCompile(`(?m)^\s*(#+\s|\*{3,}|-{3,}|={3,}|\|[-:| ]+\|\s*$|>\s?)`)
	spaces = regexp.MustCompile(`\s+`)
	bold   = regexp.MustCompile(`(\*\*|__)([^*_\n]+)(\*\*|__)`)
)

// line is a text in one line.
func line(s string) string { return strings.TrimSpace(spaces.ReplaceAllString(s, " ")) }

// readable is a text without what only a page shows.
func readable(s string) string {
	if len(s) > 20_000 {
		s = prose.Clip(s, 20_000)
	}
	s = ticks.ReplaceAllString(s, " ")
	s = tags.ReplaceAllString(s, " ")
	s = links.ReplaceAllString(s, "$1")
	s = rulers.ReplaceAllString(s, "")
	s = bold.ReplaceAllString(s, "$2")
	return line(html.UnescapeString(s))
}

// shorten keeps what fits of a text, whole sentences where one ends in time.
func shorten(s string, most int) string {
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	cut := string([]rune(s)[:most])
	end := -1
	for _, stop := range []string{". ", "! ", "? ", "; "} {
		end = max(end, strings.LastIndex(cut, stop))
	}
	if end > len(cut)/3 {
		return strings.TrimRight(cut[:end+1], "; ")
	}
	if space := strings.LastIndexByte(cut, ' '); space > len(cut)/2 {
		cut = cut[:space]
	}
	return strings.TrimRight(cut, " ,;:") + "…"
}

// brief is the description of a schema, shorter the deeper it stands.
func (d *document) brief(s string, depth int) string {
	if s == "" {
		return ""
	}
	plain, known := d.prosaic[s]
	if !known {
		plain = readable(s)
		d.prosaic[s] = plain
	}
	return shorten(plain, []int{400, 300, 160}[min(depth, 2)])
}

// describe is a tool's description: the operation's summary, and what else it says of itself.
func (o *operation) describe() string {
	const most = 1000
	first, rest := o.summary(), readable(o.description())
	if first == "" {
		first, rest = rest, ""
	}
	if first == "" {
		if words := splitWords(o.id()); len(words) > 0 {
			first = strings.ToUpper(words[0][:1]) + strings.Join(words, " ")[1:]
		} else {
			first = o.String()
		}
	}
	if strings.HasPrefix(rest, first) {
		rest = strings.TrimLeft(strings.TrimPrefix(rest, first), " .:")
	}
	if o.isDeprecated() {
		rest = strings.TrimSpace("The vendor calls this deprecated. " + rest)
	}
	if rest == "" {
		return shorten(first, most)
	}
	return shorten(stop(first)+" "+rest, most)
}

// stop ends a sentence.
func stop(s string) string {
	if s == "" || strings.ContainsAny(s[len(s)-1:], ".!?:") {
		return s
	}
	return s + "."
}
