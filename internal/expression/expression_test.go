package expression

import (
	"strings"
	"testing"
)

func TestRun(t *testing.T) {
	tests := []struct{ source, document, want string }{
		{".data.items", `{"data":{"items":[1,2.50,12345678901234567890,1e400]}}`, `[1,2.50,12345678901234567890,1e400]`},
		{".a", `{}`, `null`},
		{"empty", `{}`, `null`},
		{".[]", `[1,2]`, `[1,2]`},
		{`map(select(.on) | {id, name: (.first + " " + .last)})`, `[{"id":"1","first":"a","last":"b","on":true},{"on":false}]`, `[{"id":"1","name":"a b"}]`},
		{`if .meta.page < .meta.pages then .meta.page + 1 else null end`, `{"meta":{"page":1,"pages":3}}`, `2`},
		{`(.page | tonumber) * 2`, `{"page":"21"}`, `42`},
		{`.links[] | select(.rel == "next") | .href`, `{"links":[{"rel":"self","href":"a"},{"rel":"next","href":"b"}]}`, `"b"`},
		{`del(.secret, .items[].etag, (.items[] | select(.old)))`, `{"secret":1,"items":[{"id":1,"etag":"x"},{"id":2,"old":true}]}`, `{"items":[{"id":1}]}`},
		{`.items[] |= pick(.id, .owner.name) | .n += 1 | .last = null | .items = [limit(1; .items[])]`, `{"n":1,"items":[{"id":1,"x":2,"owner":{"name":"a","y":3}},{"id":2}]}`, `{"items":[{"id":1,"owner":{"name":"a"}}],"last":null,"n":2}`},
		{`.errors | length > 0`, `{"errors":[1]}`, `true`},
		{`[scan("a(.)?")], sub("a";"-"), gsub("A";"-";"i"), split(", *";"g"), [splits("b")], test("^ab"), capture("(?<x>.)").x`, `"ab, ab"`, `[[["b"],["b"]],"-b, ab","-b, -b",["ab","ab"],["a",", a",""],true,"a"]`},
		{`(.a - .b), (.n - 2 - 1), (.a | contains(["x"])), (["x"] as $x | $x | inside(["x", "y"])), (.a | index("y")), (.s | tonumber - 1)`, `{"a":["x","y"],"b":["x"],"n":5,"s":"3"}`, `[["y"],2,true,true,1,2]`},
	}
	for _, test := range tests {
		e, err := Compile(test.source)
		if err != nil {
			t.Errorf("%s: %v", test.source, err)
			continue
		}
		if got, err := e.Run(t.Context(), []byte(test.document)); err != nil || string(got) != test.want {
			t.Errorf("%s: want %s, got %s, %v", test.source, test.want, got, err)
		}
	}
}

func TestHolds(t *testing.T) {
	e, err := Compile(".errors")
	if err != nil {
		t.Fatal(err)
	}
	for document, want := range map[string]bool{`{"errors":[]}`: true, `{"errors":null}`: false, `{}`: false, `{"errors":false}`: false, `{"errors":0}`: true} {
		if got, err := e.Holds(t.Context(), []byte(document)); err != nil || got != want {
			t.Errorf("%s: want %v, got %v, %v", document, want, got, err)
		}
	}
}

func TestWhatCouldUseUpTheMachineIsRefused(t *testing.T) {
	for _, source := range []string{
		`"x" * 2000000000`, `. * .n`, `[range(1e9)]`, `def f: f; f`, `repeat(.)`, `until(false; .)`, `while(true; .)`, `recurse(.)`, `reduce .[] as $x (.; . + .)`,
		`foreach .[] as $x (0; 1)`, `label $x | break $x`, `env`, `$ENV`, `input`, `inputs`, `input_filename`, `now`, `getpath(["a"]) | halt`, `import "a" as a; .`,
		strings.Repeat(".|", 4000) + ".", `combinations`, `.[1e9] = 1`, `.a[2] |= 2`, `.[.n] += 1`, `.. |= [., .]`, `.[1:1e9] = []`, `getpath(["a", 1e9]) = 1`, `.a as $x | .b[$x] = 1`, `del(.[1e9])`, `.a *= 2`, `.a -= .b`, `walk([., .])`, `transpose`, `join(.a)`, `gsub(""; .a)`,
		`pick(.[1e9])`, `test(.a)`, `scan("(")`, `match(["a", "g"])`, `.[`, `nonsense`,
	} {
		if _, err := Compile(source); err == nil {
			t.Errorf("%.60s: want it refused", source)
		}
	}
}

// A step cannot be stopped, so each of these would take minutes, or all of the memory.
func TestAStepThatWouldMakeMuchOfLittleFails(t *testing.T) {
	many := "[" + strings.Repeat(`"a",`, 20000) + `"a"]`
	text := `"` + strings.Repeat("x", 1<<20) + `"`
	for _, c := range []struct{ source, document, want string }{
		{". as $d | map($d)", many, "too much"},
		{". as $d | .[] |= $d", many, "too much"},
		{". as $d | .[] = $d", many, "too much"},
		{`{a: .} | ` + strings.Repeat(".a += .a|", 30) + ".", many, "too much"},
		{`. as $d | .[] |= $d - .`, "[" + many + strings.Repeat(","+many, 30) + "]", "too many"},
		{". as $d | map($d) | sort", many, "too much"},
		{". as $d | [.[] | {(.): $d}] | tojson", many, "too much"},
		{strings.Repeat("(.+.)|", 30) + ".", many, "too much"},
		{strings.Repeat(`"\(.)\(.)"|`, 30) + ".", text, "too much"},
		{strings.Repeat("[.,.]|", 30) + ".", "1", "too much"},
		{strings.Repeat("@sh|", 100) + ".", `"''"`, "too much"},
		{"7|" + strings.Repeat("length*length|", 60) + ".", "null", "too much"},
		{`[match("x"; "g")]`, text, "too long for the pattern"},
		{`gsub("";"y")`, text, "too long for the pattern"},
		{`test("(.?){1000}y")`, text, "too long for the pattern"},
		{`. - map(.)`, many, "too many"},
		{`contains([.[] | .])`, many, "too many"},
		{`. as $d | $d | inside($d)`, many, "too many"},
		{`indices([.[] | .])`, many, "too many"},
		{`map("1") | join("") | tonumber`, many, "10000 digits"},
		{`map("1") | join("") | fromjson`, many, "10000 digits"},
		{`. % 3`, strings.Repeat("7", 1<<20), "10000 digits"},
	} {
		e, err := Compile(c.source)
		if err != nil {
			t.Errorf("%.60s: %v", c.source, err)
			continue
		}
		if _, err := e.Run(t.Context(), []byte(c.document)); err == nil || !strings.Contains(err.Error(), c.want) && !strings.Contains(err.Error(), "took longer") {
			t.Errorf("%.60s: want an error with %q, got %.300v", c.source, c.want, err)
		}
	}
}

func TestAFaultInTheAnswerIsTold(t *testing.T) {
	e, err := Compile(".a.b")
	if err != nil {
		t.Fatal(err)
	}
	for _, document := range []string{`{"a":"text"}`, `{"a":`, `[`} {
		if _, err := e.Run(t.Context(), []byte(document)); err == nil {
			t.Errorf("%s: want an error", document)
		}
	}
	if _, err := e.Run(t.Context(), []byte(`"`+strings.Repeat("a", maxInput)+`"`)); err == nil || !strings.Contains(err.Error(), "4 MiB") {
		t.Errorf("a large answer: got %v", err)
	}
}
