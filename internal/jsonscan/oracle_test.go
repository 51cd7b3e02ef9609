package jsonscan_test

import (
	"bytes"
	"io"
	"math/big"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"

	"sluice/internal/jsonscan"
)

// The oracle is jsontext, another reading of the same RFC. It knows no depth of 512 and no byte order mark, so those are left to the tables.
var lenient = []jsontext.Options{jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)}

func addSeeds(f *testing.F) {
	for _, seed := range []string{
		`{"a":[1,-2.5e+3,true,false,null,"xé\u00e9\ud83d\ude00"],"secret":{"b":1},"c":{}}`, `{"a":1,"a":2}`, "\"\xff\xed\xa0\x80\"", `"\ud83d"`, `[1,]`, `{"a":}`, ` [ ] `,
		`{"secret":1,"x":2,"secret":[]}`, `{"s\u0065cret" : 1 , "x" : [ 1 , 2 ] }`, `01`, `1.`, `-`, `"\u00"`, `{"":0}`, `[[[{}]]]`, "\"abcdefgh\n\"", `"abcdefg\"hijklmnop\\"`,
		`1E400`, `-0.0e-0`, `nul`, `"` + strings.Repeat("é", 20) + `"`, "{\"a\xff\":1,\"a\ufffd\":2}",
	} {
		f.Add([]byte(seed))
	}
}

func tooDeepOrMarked(doc []byte) bool {
	return bytes.Count(doc, []byte("["))+bytes.Count(doc, []byte("{")) > jsonscan.StrictDepth || bytes.HasPrefix(doc, []byte("\xef\xbb\xbf"))
}

func FuzzCheckAgreesWithJSONText(f *testing.F) {
	addSeeds(f)
	f.Fuzz(func(t *testing.T, doc []byte) {
		if tooDeepOrMarked(doc) {
			return
		}
		if got, want := jsonscan.Valid(doc, jsonscan.Strict), jsontext.Value(doc).IsValid(); got != want {
			t.Errorf("strict: got %v (%v), want %v", got, jsonscan.Check(doc, jsonscan.Strict), want)
		}
		if got, want := jsonscan.Valid(doc, jsonscan.Lenient), jsontext.Value(doc).IsValid(lenient...); got != want {
			t.Errorf("lenient: got %v (%v), want %v", got, jsonscan.Check(doc, jsonscan.Lenient), want)
		}
	})
}

func FuzzDropAgreesWithJSONText(f *testing.F) {
	addSeeds(f)
	names := jsonscan.NewSet("secret")
	f.Fuzz(func(t *testing.T, doc []byte) {
		if tooDeepOrMarked(doc) {
			return
		}
		got, err := jsonscan.Drop(nil, doc, names)
		if !jsontext.Value(doc).IsValid(lenient...) {
			if err == nil {
				t.Fatalf("a malformed document was copied as %q", got)
			}
			return
		}
		if err != nil {
			t.Fatalf("a good document was refused: %v", err)
		}
		if want := tokens(t, doc, "secret"); tokens(t, got, "") != want {
			t.Errorf("got %s, want %s", tokens(t, got, ""), want)
		}
		if !jsontext.Value(got).IsValid(jsontext.AllowDuplicateNames(true)) {
			t.Errorf("the copy is not valid UTF-8: %q", got)
		}
		again, err := jsonscan.Drop(nil, got, jsonscan.Set{})
		if err != nil || !bytes.Equal(again, got) {
			t.Errorf("a second copy differs: %q (%v), was %q", again, err, got)
		}
	})
}

// tokens spells a document as one token a line, without members of the given name; texts decoded, numbers as they are.
func tokens(t *testing.T, doc []byte, without string) string {
	d := jsontext.NewDecoder(bytes.NewReader(doc), lenient...)
	var out strings.Builder
	for {
		kind, _ := d.StackIndex(d.StackDepth())
		_, length := d.StackIndex(d.StackDepth())
		name := kind == '{' && length%2 == 0
		token, err := d.ReadToken()
		if err == io.EOF {
			return out.String()
		}
		if err != nil {
			t.Fatalf("oracle: %v in %q", err, doc)
		}
		if name && token.Kind() == '"' && without != "" && token.String() == without {
			if err := d.SkipValue(); err != nil {
				t.Fatalf("oracle: %v", err)
			}
			continue
		}
		out.WriteString(token.Kind().String() + " " + token.String() + "\n")
	}
}

func FuzzIterationAgreesWithJSONText(f *testing.F) {
	addSeeds(f)
	f.Fuzz(func(t *testing.T, doc []byte) {
		n, err := jsonscan.Count(doc)
		if tooDeepOrMarked(doc) {
			return
		}
		kind := jsontext.Value(doc).Kind()
		if !jsontext.Value(doc).IsValid(lenient...) || kind != '{' && kind != '[' {
			if err == nil {
				t.Errorf("%d parts were found in what has none", n)
			}
			return
		}
		if err != nil {
			t.Fatalf("a good document was refused: %v", err)
		}
		d := jsontext.NewDecoder(bytes.NewReader(doc), lenient...)
		d.ReadToken()
		it := jsonscan.Elements(doc)
		if kind == '{' {
			it = jsonscan.Members(doc)
		}
		for it.Next() {
			if kind == '{' {
				token, _ := d.ReadToken()
				if !jsonscan.NameIs(it.Name(), token.String()) {
					t.Fatalf("name: got %s, want %s", it.Name(), token)
				}
			}
			value, err := d.ReadValue()
			if err != nil || !bytes.Equal(value, it.Value()) || !bytes.Equal(doc[it.Offset():it.Offset()+len(value)], value) {
				t.Fatalf("value: got %s, want %s (%v)", it.Value(), value, err)
			}
			n--
		}
		if n != 0 || it.Err() != nil {
			t.Errorf("count and iteration differ by %d (%v)", n, it.Err())
		}
	})
}

func FuzzQuoteAgreesWithJSONText(f *testing.F) {
	for _, seed := range []string{"", "abc", "\"quoted\" and \\slashed\\", "\x00\x01\x1f\x7f\n\t\r\b\f", "é\u2028\u2029😀", "\xff\xfea\xed\xa0\x80b\xc3", `{"a":["b"]}`, "12345678\"", "1234567é1234567\xff"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := jsonscan.AppendQuote([]byte("x"), s)
		want, _ := jsontext.AppendQuote([]byte("x"), s)
		if !bytes.Equal(got, want) {
			t.Fatalf("got %s, want %s", got, want)
		}
		if inPieces := jsonscan.AppendEscaped(make([]byte, 0, 3), []byte(s)); !bytes.Equal(inPieces, want[2:len(want)-1]) {
			t.Fatalf("without quotes: got %s, want %s", inPieces, want[2:len(want)-1])
		}
		back, err := jsonscan.Unquote(got[1:])
		if err != nil || string(back) != strings.ToValidUTF8(s, "\ufffd") && string(back) != string([]rune(s)) {
			t.Errorf("read back as %q (%v)", back, err)
		}
	})
}

func FuzzUnquoteAgreesWithJSONText(f *testing.F) {
	addSeeds(f)
	f.Fuzz(func(t *testing.T, raw []byte) {
		got, err := jsonscan.Unquote(raw)
		if !jsontext.Value(raw).IsValid(lenient...) || len(raw) == 0 || raw[0] != '"' || raw[len(raw)-1] != '"' {
			if err == nil {
				t.Errorf("%q was read as %q", raw, got)
			}
			return
		}
		want, _ := jsontext.AppendUnquote(nil, raw)
		if err != nil || !bytes.Equal(got, want) {
			t.Errorf("got %q (%v), want %q", got, err, want)
		}
	})
}

func FuzzNumbersAgreeWithBigRat(f *testing.F) {
	for _, seed := range [][2]string{{"3", "3.0"}, {"-0", "0"}, {"1e2", "100"}, {"0.001", "1e-3"}, {"9007199254740993", "9007199254740992"}, {"12.50", "125e-1"}, {"-1", "-2"}, {"-9223372036854775808", "9223372036854775808"}, {"100e-2", "0.0"}} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, a, b string) {
		x, y := ratio(a), ratio(b)
		if x == nil || y == nil {
			return
		}
		if got, want := jsonscan.CompareNumbers([]byte(a), []byte(b)), x.Cmp(y); got != want {
			t.Errorf("%s against %s: got %d, want %d", a, b, got, want)
		}
		if got, want := jsonscan.IsInteger([]byte(a)), x.IsInt(); got != want {
			t.Errorf("%s whole: got %v, want %v", a, got, want)
		}
		digits, ok := jsonscan.AppendInteger(nil, []byte(a))
		if ok != x.IsInt() || ok && string(digits) != x.Num().String() {
			t.Errorf("%s in plain digits: got %s (%v)", a, digits, ok)
		}
		n, ok := jsonscan.Int([]byte(a))
		if want := x.IsInt() && x.Num().IsInt64(); ok != want || ok && int64(n) != x.Num().Int64() {
			t.Errorf("%s as int: got %d (%v), want %v", a, n, ok, x)
		}
	})
}

// ratio reads a JSON number of a size that the oracle can bear.
func ratio(s string) *big.Rat {
	if jsontext.Value(s).Kind() != '0' || !jsontext.Value(s).IsValid() || strings.TrimSpace(s) != s || len(s) > 200 {
		return nil
	}
	if _, exponent, ok := strings.Cut(strings.ToLower(s), "e"); ok && len(strings.TrimLeft(exponent, "+-0")) > 2 {
		return nil
	}
	r, _ := new(big.Rat).SetString(s)
	return r
}
