package vendor

import (
	"testing"

	"sluice/internal/outbound"
)

func TestTheScopeThatA403MissesIsReadFromItsChallenge(t *testing.T) {
	for challenge, want := range map[string]string{
		`Bearer error="insufficient_scope", scope="hulls.read hulls.write", error_description="More."`: "hulls.read hulls.write",
		`bearer realm="x",scope="a"`:         "a",
		`Bearer scope=a:b, error=x`:          "a:b",
		`DPoP scope="c"`:                     "c",
		`Basic realm="scope", scope="a"`:     "",
		`Bearer error="insufficient_scope"`:  "",
		`Bearer noscope="a"`:                 "",
		`Bearer scope=""`:                    "",
		"Bearer scope=\"a\tb\"":              "",
		`Bearer error_description="scope=x"`: "",
		``:                                   "",
	} {
		if got := missingScope(outbound.Header{{"Www-Authenticate", challenge}}); got != want {
			t.Errorf("%s: got %q, want %q", challenge, got, want)
		}
	}
	if got := missingScope(outbound.Header{{"WWW-Authenticate", `Basic realm="x"`}, {"WWW-Authenticate", `Bearer scope="b"`}}); got != "b" {
		t.Errorf("of two challenges: got %q", got)
	}
}
