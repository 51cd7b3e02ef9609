// Package spelling tells how far two words are apart, for those who ask "did you mean …?". It imports none of Sluice's packages.
package spelling

import "strings"

// longest bounds what is compared: past it two words are as far apart as can be told.
const longest = 128

// Distance is the fewest characters to put in, take out, change, or swap with their neighbour that make one word of the other (optimal
// string alignment).
func Distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	if len(x) > longest || len(y) > longest {
		return longest
	}
	before, last, row := make([]int, len(y)+1), make([]int, len(y)+1), make([]int, len(y)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(x); i++ {
		row[0] = i
		for j := 1; j <= len(y); j++ {
			cost := 1
			if x[i-1] == y[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(y)]
}

// plain takes out what people put between the words of a name, or leave out.
var plain = strings.NewReplacer("-", "", "_", "", " ", "", ".", "")

// Nearest is the name that is spelled most like a wrong one, "" if none is near. Case and what stands between words do not count.
func Nearest(wrong string, names []string) string {
	best, least := "", len(wrong)/3+1
	folded := strings.ToLower(plain.Replace(wrong))
	for _, name := range names {
		candidate := strings.ToLower(plain.Replace(name))
		d := Distance(folded, candidate)
		if d > least && len(folded) >= 4 && (strings.HasSuffix(candidate, folded) || strings.HasSuffix(folded, candidate) && len(candidate) >= 4 || strings.HasPrefix(candidate, folded)) {
			d = least
		}
		if 5*d >= 2*len(folded) && !strings.HasPrefix(candidate, folded) {
			continue // so much of it is another word
		}
		if d < least || d == least && best == "" {
			best, least = name, d
		}
	}
	return best
}
