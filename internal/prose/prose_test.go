package prose_test

import (
	"testing"

	"sluice/internal/prose"
)

func TestASentenceEndsOnce(t *testing.T) {
	for in, want := range map[string]string{
		"": "", "  ": "", "gone": "gone.", " gone ": "gone.", "gone.": "gone.", "gone!": "gone!", "gone?": "gone?", "größe": "größe.", "it said \"no.\"": "it said \"no.\".",
	} {
		if got := prose.Sentence(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func TestACapitalBeginsWithOne(t *testing.T) {
	for in, want := range map[string]string{"": "", "gone": "Gone", "Gone": "Gone", "7 are": "7 are", "über": "über"} {
		if got := prose.Capital(in); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func TestWhatIsTooLongIsClippedBetweenCharacters(t *testing.T) {
	for in, want := range map[string]string{"": "", "abcd": "abcd", "abcde": "abcd…", "abcöx": "abc…", "öööö": "öö…"} {
		if got := prose.Clip(in, 4); got != want {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}
