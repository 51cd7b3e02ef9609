package jsonscan_test

import (
	"errors"
	"strings"
	"testing"

	"sluice/internal/jsonscan"
)

func TestCheckSaysWhereAndWhy(t *testing.T) {
	for _, test := range []struct {
		name, doc       string
		strict, lenient error
	}{
		{"an object", `{"a":[1,-2.5e+3,true,false,null,"x\u00e9"]}`, nil, nil},
		{"white space around everything", " \t\r\n[ 1 , { \"a\" : 2 } ] \n", nil, nil},
		{"nothing", ``, jsonscan.ErrTruncated, jsonscan.ErrTruncated},
		{"only white space", " \n", jsonscan.ErrTruncated, jsonscan.ErrTruncated},
		{"trailing garbage", `{} x`, jsonscan.ErrSyntax, jsonscan.ErrSyntax},
		{"two documents", `{}{}`, jsonscan.ErrSyntax, jsonscan.ErrSyntax},
		{"a byte order mark", "\xef\xbb\xbf{}", jsonscan.ErrSyntax, nil},
		{"a duplicate name", `{"a":1,"b":2,"a":3}`, jsonscan.ErrDuplicateName, nil},
		{"a duplicate name in two spellings", `{"a":1,"\u0061":3}`, jsonscan.ErrDuplicateName, nil},
		{"one name in two objects", `[{"a":1},{"a":{"a":1}}]`, nil, nil},
		{"a name again after a nested object", `{"a":{"b":1},"b":2,"a":3}`, jsonscan.ErrDuplicateName, nil},
		{"bytes that are not UTF-8", "\"a\xffb\"", jsonscan.ErrUTF8, nil},
		{"a surrogate in UTF-8", "\"\xed\xa0\x80\"", jsonscan.ErrUTF8, nil},
		{"half a surrogate pair", `"\ud83d"`, jsonscan.ErrUTF8, nil},
		{"the second half alone", `"\ude00x"`, jsonscan.ErrUTF8, nil},
		{"two first halves", `"\ud83d\ud83d\ude00"`, jsonscan.ErrUTF8, nil},
		{"a surrogate pair", `"\ud83d\ude00"`, nil, nil},
		{"a bare line break in a text", "\"a\nb\"", jsonscan.ErrSyntax, jsonscan.ErrSyntax},
		{"an unknown escape", `"\x41"`, jsonscan.ErrSyntax, jsonscan.ErrSyntax},
		{"a short escape", `"\u12"`, jsonscan.ErrSyntax, jsonscan.ErrSyntax},
		{"a text without end", `"abcdefghijkl`, jsonscan.ErrTruncated, jsonscan.ErrTruncated},
		{"an escape without end", `"abc\`, jsonscan.ErrTruncated, jsonscan.ErrTruncated},
		{"an object without end", `{"a":1`, jsonscan.ErrTruncated, jsonscan.ErrTruncated},
		{"a trailing comma", `[1,]`, jsonscan.ErrSyntax, jsonscan.ErrSyntax},
		{"a name without quotes", `{a:1}`, jsonscan.ErrSyntax, jsonscan.ErrSyntax},
		{"a leading zero", `01`, jsonscan.ErrSyntax, jsonscan.ErrSyntax},
		{"a plus sign", `+1`, jsonscan.ErrSyntax, jsonscan.ErrSyntax},
		{"a point without digits", `1.`, jsonscan.ErrTruncated, jsonscan.ErrTruncated},
		{"NaN", `NaN`, jsonscan.ErrSyntax, jsonscan.ErrSyntax},
		{"as deep as clients may go", strings.Repeat("[", 512) + strings.Repeat("]", 512), nil, nil},
		{"a level deeper", strings.Repeat("[", 513) + strings.Repeat("]", 513), jsonscan.ErrDepth, nil},
		{"deeper than vendors may go", strings.Repeat("[", 10001) + strings.Repeat("]", 10001), jsonscan.ErrDepth, jsonscan.ErrDepth},
	} {
		t.Run(test.name, func(t *testing.T) {
			for mode, want := range map[jsonscan.Mode]error{jsonscan.Strict: test.strict, jsonscan.Lenient: test.lenient} {
				err := jsonscan.Check([]byte(test.doc), mode)
				if !errors.Is(err, want) || (err == nil) != (want == nil) {
					t.Errorf("mode %d: got %v, want %v", mode, err, want)
				}
				var syntax *jsonscan.SyntaxError
				if err != nil && (!errors.As(err, &syntax) || syntax.Offset < 0 || syntax.Offset > len(test.doc)) {
					t.Errorf("mode %d: no place within the document in %#v", mode, err)
				}
			}
		})
	}
}

func TestManyNamesAreComparedToo(t *testing.T) {
	var doc strings.Builder
	doc.WriteString("{")
	for i := range 1000 {
		doc.WriteString(`"` + strings.Repeat("n", i+1) + `":0,`)
	}
	if unique := doc.String() + `"last":0}`; !jsonscan.Valid([]byte(unique), jsonscan.Strict) {
		t.Error("1001 different names were refused")
	}
	twice := doc.String() + `"nnn":0}`
	if err := jsonscan.Check([]byte(twice), jsonscan.Strict); !errors.Is(err, jsonscan.ErrDuplicateName) {
		t.Errorf("a name that came a thousand names before: got %v", err)
	}
}

func TestErrorsReadAsSentences(t *testing.T) {
	for doc, want := range map[string]string{
		`{"a" 1}`:       `not JSON: found '1', wanted a colon (at byte 5)`,
		`{"a":1,"a":2}`: `a name occurs twice in one object: "a" (at byte 7)`,
		`[1`:            `the document ends too early: wanted a comma or ] (at byte 2)`,
		"[\x80]":        `not JSON: found byte 0x80, wanted a value (at byte 1)`,
	} {
		if err := jsonscan.Check([]byte(doc), jsonscan.Strict); err == nil || err.Error() != want {
			t.Errorf("%s: got %v, want %s", doc, err, want)
		}
	}
}

func TestDropLeavesOutNamesAtEveryDepth(t *testing.T) {
	names := jsonscan.NewSet("secret", "auth_code")
	for _, test := range []struct{ name, doc, want string }{
		{"nothing to drop", `{"a":1,"b":[1.50,-0,1e400]}`, `{"a":1,"b":[1.50,-0,1e400]}`},
		{"the first", `{"secret":1,"a":2}`, `{"a":2}`},
		{"the middle", `{"a":1,"secret":{"x":[1]},"b":2}`, `{"a":1,"b":2}`},
		{"the last", `{"a":1,"secret":null}`, `{"a":1}`},
		{"the only one", `{"secret":1}`, `{}`},
		{"several in a row", `{"secret":1,"auth_code":2,"a":3,"secret":4,"auth_code":5}`, `{"a":3}`},
		{"all of several", `[{"secret":1,"auth_code":2}]`, `[{}]`},
		{"deep inside", `[[{"a":{"b":[{"secret":"x","c":1}]}}]]`, `[[{"a":{"b":[{"c":1}]}}]]`},
		{"the name as a value", `["secret",{"a":"secret"}]`, `["secret",{"a":"secret"}]`},
		{"an escaped spelling", `{"s\u0065cret":1,"\u0073\u0065cret":2,"a":1}`, `{"a":1}`},
		{"a longer name", `{"secrets":1,"secre":2}`, `{"secrets":1,"secre":2}`},
		{"white space everywhere", " { \"a\" : 1 ,\n \"secret\" : 2 , \"b\" : [ 1 , 2 ] } ", `{"a":1,"b":[1,2]}`},
		{"white space, first dropped", "{ \"secret\" : 2 , \"b\" : 3 }", `{"b":3}`},
		{"white space in a text", `{ "a b" : " c " }`, `{"a b":" c "}`},
		{"a byte order mark", "\xef\xbb\xbf {\"a\":1}", `{"a":1}`},
		{"bytes that are not UTF-8", "{\"a\xff\":\"\xc3\x28\"}", "{\"a\ufffd\":\"\ufffd(\"}"},
		{"half a surrogate pair", `["\ud83d","\ud83d\ude00","\udc00\n"]`, "[\"\ufffd\",\"😀\",\"\ufffd\\n\"]"},
		{"escapes that say what they need not", `{"gr\u00F6\u00dfe":"\u20ac \u0041\u0022\u005c\u0009\u007f\u0085\u2028"}`, "{\"größe\":\"€ \\u0041\\u0022\\u005c\\u0009\\u007f\\u0085\u2028\"}"},
		{"duplicate names", `{"a":1,"a":2}`, `{"a":1,"a":2}`},
		{"a bad text inside what is dropped", "{\"secret\":\"\xff\",\"a\":\"ü\"}", `{"a":"ü"}`},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := jsonscan.Drop([]byte(">"), []byte(test.doc), names)
			if err != nil || string(got) != ">"+test.want {
				t.Errorf("got %s (%v), want >%s", got, err, test.want)
			}
		})
	}
	if _, err := jsonscan.Drop(nil, []byte(`{"secret":[}`), names); err == nil {
		t.Error("a document broken inside what is dropped was passed")
	}
}

func TestMembersAndElementsAreRawSpans(t *testing.T) {
	var got []string
	it := jsonscan.Members([]byte(` { "a" : 1.0 , "b\u0063":[ 1 ], "d":"x" } `))
	for it.Next() {
		got = append(got, string(it.Name())+"="+string(it.Value()))
	}
	if want := `"a"=1.0 "b\u0063"=[ 1 ] "d"="x"`; strings.Join(got, " ") != want || it.Err() != nil {
		t.Errorf("got %s (%v), want %s", got, it.Err(), want)
	}
	for doc, want := range map[string]int{`[]`: 0, ` [ ] `: 0, `[1]`: 1, `[[1,2],{"a":[3]},null]`: 3, `{}`: 0, `{"a":1,"b":2}`: 2, "\xef\xbb\xbf[1]": 1} {
		if n, err := jsonscan.Count([]byte(doc)); n != want || err != nil {
			t.Errorf("count of %s: got %d (%v), want %d", doc, n, err, want)
		}
	}
	for _, doc := range []string{``, `1`, `[1`, `[1,]`, `[1 2]`, `[] x`, `{"a"}`, `{"a":}`, `{,}`, `{"a":1}}`} {
		if n, err := jsonscan.Count([]byte(doc)); err == nil {
			t.Errorf("count of %s: got %d, want an error", doc, n)
		}
	}
	if it := jsonscan.Members([]byte(`[1]`)); it.Next() || it.Err() == nil {
		t.Error("an array was taken for an object")
	}
}

func TestFindFollowsDottedPaths(t *testing.T) {
	const doc = `{"data":[{"id":1},{"id":2.50}],"meta":{"next":null,"a.b":{"c":3}},"@odata.nextLink":"u","meta2":1,"m":1,"m":{"x":2}}`
	for path, want := range map[string]string{
		"data": `[{"id":1},{"id":2.50}]`, "data.1.id": `2.50`, "meta.next": `null`, "meta.a.b.c": `3`, "@odata.nextLink": `"u"`,
		"meta2": `1`, "m.x": `2`, "m": `1`,
	} {
		if got, ok := jsonscan.Find([]byte(doc), path); !ok || string(got) != want {
			t.Errorf("%s: got %s (%v), want %s", path, got, ok, want)
		}
	}
	for _, path := range []string{"nothing", "data.2.id", "data.id", "data.-1", "meta.next.x", "met", "data.", ".data"} {
		if got, ok := jsonscan.Find([]byte(doc), path); ok {
			t.Errorf("%s: got %s, want nothing", path, got)
		}
	}
	if got, ok := jsonscan.Find([]byte("\xef\xbb\xbf{\"a\":1}"), "a"); !ok || string(got) != "1" {
		t.Errorf("behind a byte order mark: got %s (%v)", got, ok)
	}
	if got, ok := jsonscan.Find([]byte(" [1] "), ""); !ok || string(got) != "[1]" {
		t.Errorf("the empty path: got %q (%v)", got, ok)
	}
}

func TestContainsNULSeesOnlyTheCharacter(t *testing.T) {
	for doc, want := range map[string]bool{
		`"a\u0000b"`: true, `"a\\u0000b"`: false, `"a\\\u0000b"`: true, `"u0000"`: false, `{"\u0000":1}`: true, `["\\u0000","\u0000"]`: true, `"\u00001"`: true,
	} {
		if got := jsonscan.ContainsNUL([]byte(doc)); got != want {
			t.Errorf("%s: got %v, want %v", doc, got, want)
		}
	}
}

func TestUnquoteAndNameIs(t *testing.T) {
	for raw, want := range map[string]string{
		`""`: "", `"abc"`: "abc", `"\"\\\/\b\f\n\r\t"`: "\"\\/\b\f\n\r\t", `"\u00e9\ud83d\ude00"`: "é😀", `"\ud83dx"`: "\ufffdx",
		"\"a\xffb\"": "a\ufffdb", `"abcdefghijklmnop\u0041"`: "abcdefghijklmnopA",
	} {
		got, err := jsonscan.Unquote([]byte(raw))
		if err != nil || string(got) != want {
			t.Errorf("%s: got %q (%v), want %q", raw, got, err, want)
		}
		if !jsonscan.NameIs([]byte(raw), want) || jsonscan.NameIs([]byte(raw), want+"x") {
			t.Errorf("%s: NameIs is wrong about %q", raw, want)
		}
	}
	for _, raw := range []string{``, `"`, `a`, `"a`, `"a"b`, `"\q"`, `1`} {
		if got, err := jsonscan.Unquote([]byte(raw)); err == nil {
			t.Errorf("%s: got %q, want an error", raw, got)
		}
	}
}

func TestEqualIsByMeaning(t *testing.T) {
	for _, test := range []struct {
		a, b string
		want bool
	}{
		{`3`, `3.0`, true}, {`3`, `30e-1`, true}, {`0`, `-0.0`, true}, {`9007199254740993`, `9007199254740992`, false}, {`1`, `"1"`, false},
		{`1e400`, `10e399`, true}, {`0.1`, `0.10000000000000001`, false}, {`"é"`, `"\u00e9"`, true}, {`null`, `false`, false}, {`true`, `true`, true},
		{`[1,2]`, `[1.0, 2]`, true}, {`[1,2]`, `[1]`, false}, {`[1]`, `[1,2]`, false}, {`{"a":1,"b":[2]}`, `{"b":[2.0],"\u0061":1}`, true},
		{`{"a":1}`, `{"a":1,"b":1}`, false}, {`{"a":1}`, `{"b":1}`, false}, {`x`, `x`, false},
	} {
		if got := jsonscan.Equal([]byte(test.a), []byte(test.b)); got != test.want {
			t.Errorf("%s and %s: got %v, want %v", test.a, test.b, got, test.want)
		}
	}
}

func TestKindOf(t *testing.T) {
	for value, want := range map[string]jsonscan.Kind{
		` null`: jsonscan.Null, `true`: jsonscan.True, `false`: jsonscan.False, `-1`: jsonscan.Number, `7`: jsonscan.Number, `""`: jsonscan.String,
		`{}`: jsonscan.Object, `[]`: jsonscan.Array, ``: jsonscan.Invalid, `x`: jsonscan.Invalid,
	} {
		if got := jsonscan.KindOf([]byte(value)); got != want {
			t.Errorf("%q: got %v, want %v", value, got, want)
		}
	}
}

func TestDropCountsTheElementsOfAnArrayAtTheTop(t *testing.T) {
	for doc, want := range map[string]int{
		`[]`: 0, ` [ ] `: 0, `[1]`: 1, `[[1,2],[3,4,5]]`: 2, `[{"secret":[1,2]},null,"a,b"]`: 3, `{"items":[1,2,3]}`: 0, `"a"`: 0,
	} {
		if _, got, err := jsonscan.DropCount(nil, []byte(doc), jsonscan.NewSet("secret")); got != want || err != nil {
			t.Errorf("%s has %d elements, want %d (%v)", doc, got, want, err)
		}
	}
}
