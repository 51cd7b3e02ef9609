package store

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// TextError says why a text cannot be stored: PostgreSQL refuses NUL and broken UTF-8 in a text, SQLite takes both and then cuts or garbles what it
// gives back. Refused here, both behave the same.
type TextError struct{ NUL bool }

func (e *TextError) Error() string {
	if e.NUL {
		return "a text holds a NUL character (U+0000), which cannot be stored: leave it out"
	}
	return "a text is not valid UTF-8 and cannot be stored: send it as UTF-8"
}

// CheckText returns a *TextError if s cannot be stored. Queries check their arguments themselves; a caller that wants to name the field checks first.
func CheckText(s string) error {
	if strings.IndexByte(s, 0) >= 0 {
		return &TextError{NUL: true}
	}
	if !utf8.ValidString(s) {
		return &TextError{}
	}
	return nil
}

// CheckName takes a name that a person gives to something: s without white space around it, or what is wrong with it, to follow the word for it. Whether it may be
// empty is for others to say.
func CheckName(s string, most int) (name, fault string) {
	name = strings.TrimSpace(s)
	switch err := CheckText(name); {
	case err != nil:
		return "", "cannot be stored: " + err.Error()
	case utf8.RuneCountInString(name) > most:
		return "", fmt.Sprintf("is longer than %d characters: shorten it", most)
	case strings.ContainsFunc(name, unicode.IsControl):
		return "", "holds a control character: leave it out"
	}
	return name, ""
}

// CleanText is s with each NUL and each broken byte sequence replaced by U+FFFD: for what must be recorded whatever it holds.
func CleanText(s string) string {
	if CheckText(s) == nil {
		return s
	}
	return strings.ToValidUTF8(strings.ReplaceAll(s, "\x00", "\uFFFD"), "\uFFFD")
}
