package spelling_test

import (
	"strings"
	"testing"

	"sluice/internal/spelling"
)

func TestDistance(t *testing.T) {
	for _, test := range []struct {
		a, b string
		want int
	}{
		{"", "", 0}, {"list", "list", 0}, {"", "list", 4}, {"list", "lists", 1}, {"lsit", "list", 1}, {"Zürich", "Zurich", 1}, {"get", "delete", 4},
		{strings.Repeat("a", 200), "a", 128},
	} {
		if got := spelling.Distance(test.a, test.b); got != test.want {
			t.Errorf("Distance(%.10q, %.10q) = %d, want %d", test.a, test.b, got, test.want)
		}
		if there, back := spelling.Distance(test.a, test.b), spelling.Distance(test.b, test.a); there != back {
			t.Errorf("%.10q and %.10q are %d apart one way and %d the other", test.a, test.b, there, back)
		}
	}
}

func TestNearest(t *testing.T) {
	settings := []string{"database", "listen", "log_format", "log_level", "public_url"}
	for wrong, want := range map[string]string{
		"databse": "database", "DATABASE": "database", "loglevel": "log_level", "log-levle": "log_level", "url": "", "data": "database", "colour": "", "": "",
	} {
		if got := spelling.Nearest(wrong, settings); got != want {
			t.Errorf("Nearest(%q) = %q, want %q", wrong, got, want)
		}
	}
}
