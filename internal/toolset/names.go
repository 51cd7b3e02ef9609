package toolset

import (
	"strconv"
	"strings"
)

// longestName is the most characters that every client accepts in a property's name.
const longestName = 64

func isLegalName(name string) bool {
	if name == "" || len(name) > longestName {
		return false
	}
	for i := range len(name) {
		if !isLegalNameByte(name[i]) {
			return false
		}
	}
	return true
}

func isLegalNameByte(c byte) bool {
	return c-'a' < 26 || c-'A' < 26 || c-'0' < 10 || c == '_' || c == '.' || c == '-'
}

// legalise gives each name of an object one that every client accepts, the same at each compilation: filter[lang] becomes filter_lang. Names that
// are legal stay.
func legalise(names []string) []string {
	taken := map[string]bool{}
	for _, name := range names {
		if isLegalName(name) {
			taken[name] = true
		}
	}
	legal := make([]string, len(names))
	for i, name := range names {
		if legal[i] = name; !isLegalName(name) {
			legal[i] = unused(legalName(name), taken)
			taken[legal[i]] = true
		}
	}
	return legal
}

// legalNames is legalise as a map.
func legalNames(names []string) map[string]string {
	legal := make(map[string]string, len(names))
	for i, name := range legalise(names) {
		legal[names[i]] = name
	}
	return legal
}

func legalName(name string) string {
	if isLegalName(name) {
		return name
	}
	var b strings.Builder
	for i := range len(name) {
		switch c := name[i]; {
		case isLegalNameByte(c):
			b.WriteByte(c)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "_"):
			b.WriteByte('_')
		}
	}
	legal := strings.TrimRight(b.String(), "_")
	if legal == "" {
		return "argument"
	}
	return legal[:min(len(legal), longestName)]
}

// unused is name, or name with the first number that makes it new.
func unused(name string, taken map[string]bool) string {
	unique := name
	for n := 2; taken[unique]; n++ {
		suffix := "_" + strconv.Itoa(n)
		unique = name[:min(len(name), longestName-len(suffix))] + suffix
	}
	return unique
}
