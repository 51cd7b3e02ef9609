package toolset

import (
	"slices"
	"strings"
	"unicode"

	"sluice/internal/jsonscan"
	"sluice/internal/spelling"
)

// pagingWords are what other interfaces page by.
var pagingWords = []string{"page", "page_number", "page_size", "pagesize", "per_page", "offset", "skip", "start", "size", "page_token"}

// stranger says what is wrong with an argument that a tool does not have, and which one of its own is meant, where that is plain. What was meant is then not
// called missing as well: two sentences about one slip are one too many.
func (t *Tool) stranger(name string, value []byte, f *findings) {
	shown := shorten(name)
	inside, known := t.wrapped(value)
	meant := t.meant(name)
	switch {
	case inside:
		f.meant = append(f.meant, known...)
		f.add(shown, "is not an argument of %s: give what is in it as the arguments themselves", t.Name)
	case meant != "":
		f.meant = append(f.meant, meant)
		f.add(shown, "is not an argument of %s: did you mean %s?", t.Name, meant)
	case t.plan.list && slices.Contains(pagingWords, strings.Join(wordsOf(name), "_")):
		f.add(shown, "is not an argument: Sluice pages by itself, use limit and next_cursor")
	default:
		f.add(shown, "is not an argument of %s: %s", t.Name, offer(name, t.plan.names()))
	}
}

// wrapped reports whether a value is an object that holds arguments, all of which the tool has, and which.
func (t *Tool) wrapped(value []byte) (bool, []string) {
	if jsonscan.KindOf(value) == jsonscan.String {
		value, _ = jsonscan.Unquote(value) // whole objects are written as text, too
		if !jsonscan.Valid(value, jsonscan.Strict) {
			return false, nil
		}
	}
	if jsonscan.KindOf(value) != jsonscan.Object {
		return false, nil
	}
	var known []string
	for it := jsonscan.Members(value); it.Next(); {
		name, _ := jsonscan.Unquote(it.Name())
		if _, ok := t.plan.byName[string(name)]; !ok {
			return false, nil
		}
		known = append(known, string(name))
	}
	return len(known) > 0, known
}

// meant is the argument that a wrong name means, "" where that is not plain. What a name says beside "id" counts first: uuid, taskId and task_uuid mean the id of a
// task, pipelineId and pipeline_name its pipeline_uuid.
func (t *Tool) meant(wrong string) string {
	names := t.plan.names()
	said := subject(wordsOf(wrong))
	if i := t.plan.argument(inPath, "id"); i >= 0 && t.plan.args[i].fixed == nil {
		own := wordsOf(singularOf(t.Resource))
		about := func(name string) bool { return slices.Equal(subject(wordsOf(name)), said) }
		if hasSuffix(own, said) && !(len(said) > 0 && slices.ContainsFunc(names, about)) {
			return t.plan.args[i].name
		}
	}
	if len(said) == 0 {
		return ""
	}
	var whole, part []string
	for _, name := range names {
		switch about := subject(wordsOf(name)); {
		case slices.Equal(about, said):
			whole = append(whole, name)
		case len(about) > len(said) && (hasSuffix(about, said) || slices.Equal(about[:len(said)], said)):
			part = append(part, name)
		}
	}
	switch {
	case len(whole) == 1:
		return whole[0]
	case len(whole) == 0 && len(part) == 1:
		return part[0]
	}
	return spelling.Nearest(wrong, names)
}

// wordsOf are the words of a name, in whichever way it is put together: pipeline_stage, pipelineStage, Pipeline-Stage.
func wordsOf(name string) []string {
	var words []string
	var word []rune
	end := func() {
		if len(word) > 0 {
			words, word = append(words, strings.ToLower(string(word))), nil
		}
	}
	last := rune(0)
	for _, r := range shorten(name) {
		switch {
		case !unicode.IsLetter(r) && !unicode.IsDigit(r):
			end()
		case unicode.IsUpper(r) && unicode.IsLower(last):
			end()
			word = append(word, r)
		default:
			word = append(word, r)
		}
		last = r
	}
	end()
	return words
}

// subject is what a name's words are about, without those that only say that it is an id or, after others, a name.
func subject(words []string) []string {
	if n := len(words); n > 0 && slices.Contains([]string{"id", "ids", "uuid", "uuids", "guid"}, words[n-1]) || n > 1 && words[n-1] == "name" {
		return words[:n-1]
	}
	return words
}

func hasSuffix(words, end []string) bool {
	return len(words) >= len(end) && slices.Equal(words[len(words)-len(end):], end)
}

// oneGap writes what people put between words in one way.
var oneGap = strings.NewReplacer(" ", "_", "-", "_")

// sameWords is a text as it is compared where only one of few is possible: case, and which gap is between words, do not count.
func sameWords(s string) string { return oneGap.Replace(strings.ToLower(strings.TrimSpace(s))) }

// spelled is the option that a text means which is spelled in another way: "In Progress" for in_progress. Of two that it could mean it is none.
func (r *rule) spelled(kind jsonscan.Kind, value []byte) ([]byte, bool) {
	if kind != jsonscan.String {
		return nil, false
	}
	said := sameWords(text(value))
	var found []byte
	for i := range r.options {
		if o := &r.options[i]; o.kind == jsonscan.String && said != "" && sameWords(o.text) == said {
			if found != nil {
				return nil, false
			}
			found = o.raw
		}
	}
	return found, found != nil
}
