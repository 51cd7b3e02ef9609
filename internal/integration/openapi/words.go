package openapi

import (
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// plainLetters are letters that have no mark to take off.
var plainLetters = strings.NewReplacer("ß", "ss", "æ", "ae", "Æ", "Ae", "ø", "o", "Ø", "O", "œ", "oe", "Œ", "Oe", "đ", "d", "Đ", "D", "ð", "d", "þ", "th", "ł", "l", "Ł", "L", "ı", "i")

// ascii is a text in ASCII letters where it is Latin; other scripts are gone from it.
func ascii(s string) string {
	s = norm.NFD.String(plainLetters.Replace(s))
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.Is(unicode.Mn, r):
			return -1
		case r < 0x80:
			return r
		}
		return ' '
	}, s)
}

// splitWords splits a name as it is written in code: listShips, list_ships, list-ships, HTTPServer. The words are small letters and digits.
func splitWords(s string) []string {
	var words []string
	var word []byte
	flush := func() {
		if len(word) > 0 {
			words = append(words, strings.ToLower(string(word)))
			word = nil
		}
	}
	plain := ascii(s)
	for i := range len(plain) {
		c := plain[i]
		upper := c >= 'A' && c <= 'Z'
		switch {
		case upper:
			if i > 0 {
				before := plain[i-1]
				small := before >= 'a' && before <= 'z' || before >= '0' && before <= '9'
				next := i+1 < len(plain) && plain[i+1] >= 'a' && plain[i+1] <= 'z'
				if small || next && before >= 'A' && before <= 'Z' {
					flush()
				}
			}
			word = append(word, c)
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9':
			word = append(word, c)
		default:
			flush()
		}
	}
	flush()
	return words
}

// snake is words as a name of ours, "" where there are none.
func snake(words []string) string {
	name := strings.Join(words, "_")
	if name != "" && name[0] >= '0' && name[0] <= '9' {
		name = "n" + name
	}
	return name
}

// short is a few characters that stand for a text, always the same ones.
func short(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:3])
}

// Words whose plural is not made by the rule, or that end in s and are no plural.
var (
	irregular = map[string]string{"people": "person", "children": "child", "men": "man", "women": "woman", "statuses": "status", "addresses": "address", "aliases": "alias",
		"analyses": "analysis", "indices": "index", "matrices": "matrix", "vertices": "vertex", "criteria": "criterion", "media": "medium", "buses": "bus", "lives": "life", "leaves": "leaf",
		"shelves": "shelf", "wolves": "wolf", "knives": "knife", "quizzes": "quiz", "movies": "movie", "cookies": "cookie", "caches": "cache", "databases": "database", "canvases": "canvas",
		"axes": "axis", "taxes": "tax", "ties": "tie", "pies": "pie", "selfies": "selfie", "zombies": "zombie", "calories": "calorie"}
	singular = []string{"news", "series", "species", "status", "address", "access", "process", "progress", "business", "class", "analysis", "basis", "bus", "lens", "alias", "bonus",
		"census", "virus", "focus", "canvas", "gas", "atlas", "radius", "always", "has", "is", "as", "this", "us", "its", "plus", "express", "https", "dns", "sms", "css", "aws", "gps", "tls", "os",
		"ios", "ids", "sales", "success", "compass", "pass", "across", "loss", "less", "press", "stress", "chess", "mass", "glass", "grass", "boss", "cross", "dress", "guess", "kiss", "miss", "toss",
		"statistics", "stats", "analytics", "physics", "economics", "logistics", "apparatus"}
	// collective are plurals that are mostly one thing.
	collective = []string{"hours", "settings", "preferences", "metrics", "details", "credentials", "permissions", "limits", "options", "properties"}
)

// singularOf is a plural's singular, or the word itself.
func singularOf(word string) string {
	if one, ok := irregular[word]; ok {
		return one
	}
	n := len(word)
	switch {
	case n < 3 || word[n-1] != 's' || slices.Contains(singular, word):
		return word
	case strings.HasSuffix(word, "ies") && n > 4:
		return word[:n-3] + "y"
	case strings.HasSuffix(word, "sses"), strings.HasSuffix(word, "shes"), strings.HasSuffix(word, "ches"), strings.HasSuffix(word, "xes"), strings.HasSuffix(word, "zes") && !strings.HasSuffix(word, "izes"):
		return word[:n-2]
	case strings.HasSuffix(word, "ss"), strings.HasSuffix(word, "us"), strings.HasSuffix(word, "is"):
		return word
	}
	return word[:n-1]
}

// isPlural reports whether a word most likely names many things.
func isPlural(word string) bool {
	return singularOf(word) != word && !slices.Contains(collective, word)
}

// singularName is a name with its last word in the singular.
func singularName(name string) string {
	i := strings.LastIndexByte(name, '_') + 1
	return name[:i] + singularOf(name[i:])
}
