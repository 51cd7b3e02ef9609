// Package prose holds what sentences need that are put together of parts, by whoever tells people and models what was wrong. It imports nothing of ours.
package prose

import "strings"

// Sentence is s without white space around it, and with an end: a full stop, if it has none of its own.
func Sentence(s string) string {
	if s = strings.TrimSpace(s); s == "" || strings.ContainsAny(s[len(s)-1:], ".!?") {
		return s
	}
	return s + "."
}

// Capital is s with its first letter, if that is one of a to z, as a capital.
func Capital(s string) string {
	if s != "" && 'a' <= s[0] && s[0] <= 'z' {
		return string(s[0]-'a'+'A') + s[1:]
	}
	return s
}

// Clip is s, or its first n bytes and an ellipsis: what somebody else made as long as they liked must not make a message as long. No character is cut in two.
func Clip(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "") + "…"
}
