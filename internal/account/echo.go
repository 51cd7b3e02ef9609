package account

import (
	"bytes"
	"strings"
)

// A vendor may answer with the credential that it was called with: a profile that shows its key, a debugging answer that repeats the request. Each answer is
// searched for that, on the way of every call, so that the search has to cost next to nothing where there is nothing.

// minEchoed is the shortest value that is hidden in an answer. A vendor's data may hold a short password as a word of its own, and a word that is gone from it
// would be a lie.
const minEchoed = 12

// needle is a text that is searched for by its rarest byte.
type needle struct {
	text []byte
	at   int // of the rarest byte in it
}

func needlesOf(secrets []string) []needle {
	var all []needle
	for _, secret := range secrets {
		if len(secret) < minEchoed {
			continue
		}
		n := needle{text: []byte(secret)}
		for i := range n.text {
			if commonness(n.text[i]) < commonness(n.text[n.at]) {
				n.at = i
			}
		}
		all = append(all, n)
	}
	return all
}

// commonness ranks bytes by how often JSON has them, roughly.
func commonness(c byte) int {
	switch {
	case c >= 'a' && c <= 'z':
		return 100 - strings.IndexByte("etaoinsrhldcumfpgwybvkxjqz", c)
	case c >= '0' && c <= '9':
		return 70
	case strings.IndexByte(`":,{}[]-_./ `, c) >= 0:
		return 120
	case c >= 'A' && c <= 'Z':
		return 50 - strings.IndexByte("ETAOINSRHLDCUMFPGWYBVKXJQZ", c)
	}
	return 10
}

// in reports where a text begins in b, -1 where it does not stand there.
func (n *needle) in(b []byte) int {
	for from := n.at; from < len(b); {
		i := bytes.IndexByte(b[from:], n.text[n.at])
		if i < 0 {
			return -1
		}
		if start := from + i - n.at; bytes.HasPrefix(b[start:], n.text) {
			return start
		}
		from += i + 1
	}
	return -1
}

// MaskAnswer hides the credential's own secret values in what a vendor answered. It returns b itself where they are not in it, as nearly always.
func (c *Credential) MaskAnswer(b []byte) []byte {
	if c == nil {
		return b
	}
	for i := range c.echoed {
		if c.echoed[i].in(b) >= 0 {
			b = bytes.ReplaceAll(b, c.echoed[i].text, []byte(mask))
		}
	}
	return b
}
