package account

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"sluice/internal/integration"
)

var loginWay = &integration.Credentials{Format: "login", Fields: integration.Fields{{Name: "email", Format: "email"}, {Name: "password", Type: "password"}}}

func TestACredentialIsHiddenInWhatAVendorAnswers(t *testing.T) {
	c := newCredential(loginWay, map[string]string{"email": "ann@acme.example", "password": `correct "horse" battery`}, "3|Qm9a8sd7f6as8d7f6a", "", 1)
	for answer, want := range map[string]string{
		`{"token":"3|Qm9a8sd7f6as8d7f6a"}`:                               `{"token":"•••"}`,
		`{"a":"3|Qm9a8sd7f6as8d7f6","email":"ann@acme.example"}`:         `{"a":"3|Qm9a8sd7f6as8d7f6","email":"ann@acme.example"}`,
		`{"you sent":"correct \"horse\" battery, 3|Qm9a8sd7f6as8d7f6a"}`: `{"you sent":"•••, •••"}`,
		`{"a":1}`: `{"a":1}`,
	} {
		if got := string(c.MaskAnswer([]byte(answer))); got != want {
			t.Errorf("%s became %s, want %s", answer, got, want)
		}
	}
	short := newCredential(loginWay, map[string]string{"password": "battery"}, "", "", 1)
	if got := string(short.MaskAnswer([]byte(`{"kind":"battery"}`))); got != `{"kind":"battery"}` {
		t.Errorf("a short password hides a word of the vendor's: %s", got)
	}
}

func TestACredentialIsHiddenHoweverJSONSpellsIt(t *testing.T) {
	const password = `correct "horse"/<battery> & staple`
	c := newCredential(loginWay, map[string]string{"password": password}, "", "", 1)
	within, err := json.Marshal(map[string]string{"pass": password})
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string]string{
		"as few escapes as can be": `{"x":"correct \"horse\"/<battery> & staple"}`,
		"< > & escaped":            `{"x":"correct \"horse\"/\u003cbattery\u003e \u0026 staple"}`,
		"slashes escaped":          `{"x":"correct \"horse\"\/<battery> & staple"}`,
		"JSON in a text":           `{"x":"{\"pass\":\"correct \\\"horse\\\"/<battery> & staple\"}"}`,
		"as Go writes it":          string(within),
	} {
		if got := c.Mask(text); strings.Contains(got, "horse") || !strings.Contains(got, mask) {
			t.Errorf("%s: %s became %s", name, text, got)
		}
		if got := string(c.MaskAnswer([]byte(text))); strings.Contains(got, "horse") {
			t.Errorf("%s: an answer: %s became %s", name, text, got)
		}
	}
}

func TestWhatBasicAuthenticationMakesOfACredentialIsHidden(t *testing.T) {
	basic := integration.Authorizations{{Format: "basic", Username: "{{credentials.user}}", Password: "{{credentials.key}}"}}
	turned := integration.Authorizations{{Format: "basic", Username: "{{credentials.key}}"}}
	def := &integration.Definition{Name: "inlet", Authorization: basic,
		Credentials: integration.Credentials{Format: "static", Token: "{{credentials.key}}", Fields: integration.Fields{{Name: "user"}, {Name: "key", Type: "password"}}},
		Resources:   integration.Resources{{Name: "boats", Methods: []*integration.Method{{Name: "list", Authorization: &turned}}}}}
	var s Service
	h, err := s.hold(def, map[string]string{"user": "ann", "key": "correct-horse-battery"}, nil, &token{}, 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, list := range []integration.Authorizations{basic, turned} {
		a, err := s.Authorize(list, &Values{Definition: def, Credential: h.credential})
		if err != nil {
			t.Fatal(err)
		}
		sent := a.Header[0][1]
		if got := string(h.credential.MaskAnswer([]byte(`{"authorization":"` + sent + `"}`))); got != `{"authorization":"Basic •••"}` {
			t.Errorf("an answer that repeats %s became %s", sent, got)
		}
	}
}

func TestANeedleIsFoundWhereverItStands(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`[abAB|]{12,16}`).Draw(t, "text")
		hay := []byte(rapid.StringMatching(`[abAB|]{0,40}`).Draw(t, "before") + rapid.SampledFrom([]string{"", text}).Draw(t, "it") + rapid.StringMatching(`[abAB|]{0,40}`).Draw(t, "after"))
		n := needlesOf([]string{text})[0]
		if got, want := n.in(hay), bytes.Index(hay, []byte(text)); got != want {
			t.Fatalf("%q in %q: %d, want %d", text, hay, got, want)
		}
	})
}

func BenchmarkMaskAnswer(b *testing.B) {
	c := newCredential(loginWay, map[string]string{"password": "correct horse battery staple"}, "3|Qm9a8sd7f6as8d7f6as8d7f6asdf87as6df8", "", 1)
	page := bytes.Repeat([]byte(`{"uuid":"0192f0c1-7d3a-7c1e-9b1e-2f6d5a1c0b9e","name":"Some deal","value":1234.50,"open":true},`), 43)
	for b.Loop() {
		c.MaskAnswer(page)
	}
}
