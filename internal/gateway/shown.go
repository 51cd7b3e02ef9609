package gateway

import (
	"bytes"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"sluice/internal/jsonscan"
	"sluice/internal/prose"
	"sluice/internal/vendor"
)

// How names and values stand in a question: as a person reads them, and so that none can be taken for a part of the sentence.

const (
	// maxShown is the most characters of one value in a question.
	maxShown = 80
	// maxNamed is the most objects whose names are read for a question, each by a call. What is beyond stands as its id.
	maxNamed = 4
)

// label is what people call a custom field, or an argument. A name that is no custom field's is said in words.
func (a *asking) label(name string, custom bool) string {
	if custom && a.said != nil && a.said.check.Set != nil {
		for _, f := range a.said.check.Set.Fields {
			if f.Key == name && f.Label != "" {
				return plain(f.Label)
			}
		}
	}
	if stem, ok := strings.CutSuffix(name, "_uuid"); ok {
		name = stem
	} else if stem, ok := strings.CutSuffix(name, "_id"); ok {
		name = stem
	}
	return words(name)
}

// value shows a value that an argument or a field has: an id as the name of what it is of, where that can be read.
func (a *asking) value(name string, value []byte) string {
	switch jsonscan.KindOf(value) {
	case jsonscan.Null:
		return "nothing"
	case jsonscan.Array:
		var all []string
		for it := jsonscan.Elements(value); it.Next(); {
			if holds(it.Value()) {
				return clipped(string(value))
			}
			all = append(all, a.value(name, it.Value()))
		}
		if len(all) == 0 {
			return "nothing"
		}
		return enumerate(all)
	case jsonscan.Object:
		return clipped(string(value))
	case jsonscan.String:
		text := scalar(value)
		if uuid.MatchString(text) {
			if named := a.named(name, text); named != "" {
				return named
			}
		}
		return plain(text)
	}
	return scalar(value)
}

// named is the name of the object whose id an argument holds, "" where it cannot be told.
func (a *asking) named(argument, id string) string {
	if given := textAt(a.asked.Arguments, argument); given != "" && given != id && id == textAt(a.prepared.Arguments, argument) {
		return plain(given) // the caller said it by name
	}
	if reference, ok := a.tool.Resource.References[argument]; ok {
		return a.nameOf(reference.Resource, id)
	}
	if r := owner(a.c.Tools.Definition, a.tool.Resource, argument); r != nil {
		return a.nameOf(r.Name, id)
	}
	return ""
}

// nameOf reads the name of an object by its id, "" where it has none or cannot be read.
func (a *asking) nameOf(resource, id string) string {
	key := resource + "\x00" + id
	if name, known := a.names[key]; known {
		return name
	}
	if a.reads == maxNamed || a.ended != nil || a.err != nil {
		return ""
	}
	a.reads++
	response, err := a.g.read(a.ctx, a.c, resource, "get", quoted(id), a.prepared.Arguments)
	switch {
	case err != nil:
		a.err = err
		return ""
	case response == nil:
		a.reads--
		return ""
	case response.Outcome == vendor.RateLimited:
		a.ended = resultOf(a.tool, response)
		a.ended.Message = prose.Sentence("Nothing was sent. What it would do could not be found out: " + a.ended.Message)
		return ""
	case response.Outcome != vendor.OK:
		return ""
	}
	name := nameIn(response.Body)
	if name != "" {
		name = plain(name)
	}
	a.names[key] = name
	return name
}

// nameMembers are where things have their names.
var nameMembers = []string{"name", "title", "label", "subject"}

func nameIn(object []byte) string {
	for _, at := range nameMembers {
		if value := jsonscan.Member(object, at); jsonscan.KindOf(value) == jsonscan.String {
			if name := strings.TrimSpace(scalar(value)); name != "" {
				return name
			}
		}
	}
	return ""
}

// scalar is a value that is no list and no object, as text.
func scalar(value []byte) string {
	if jsonscan.KindOf(value) == jsonscan.String {
		b, _ := jsonscan.Unquote(value)
		return string(b)
	}
	return string(bytes.TrimSpace(value))
}

// tame is a text that cannot be taken for anything but a name or a value within a sentence, unless it has one of the words that the sentence itself is made of.
var (
	tame    = regexp.MustCompile(`^[\p{L}\p{N}][\p{L}\p{N}._@/&+'-]*( [\p{L}\p{N}&+-][\p{L}\p{N}._@/&+'-]*){0,4}$`)
	joining = regexp.MustCompile(`(?i)(^| )(on|of|to|and|with|from|is)( |$)`)
)

// plain is a text within a sentence: as it is where it is short and cannot be taken for a part of the sentence, else within quotation marks, so that whoever
// wrote it does not write the question.
func plain(text string) string {
	if utf8.RuneCountInString(text) <= maxShown/2 && tame.MatchString(text) && !joining.MatchString(text) {
		return text
	}
	text = strings.Map(func(r rune) rune {
		switch {
		case r == '"' || r == '“' || r == '”':
			return '\''
		case unicode.IsSpace(r):
			return ' '
		case !unicode.IsPrint(r):
			return -1
		}
		return r
	}, text)
	return "“" + clipped(text) + "”"
}

func clipped(text string) string {
	if utf8.RuneCountInString(text) <= maxShown {
		return text
	}
	return string([]rune(text)[:maxShown]) + "…"
}
