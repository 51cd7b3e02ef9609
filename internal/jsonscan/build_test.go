package jsonscan_test

import (
	"testing"

	"sluice/internal/jsonscan"
)

func TestAnObjectIsPutTogetherOfSpans(t *testing.T) {
	var none, one, two jsonscan.ObjectBuilder
	one.Add([]byte(`"a"`), []byte(`1.50`))
	two.Add([]byte(`"a\u00e4"`), []byte(`[1]`))
	two.Add([]byte(`"b"`), []byte(`null`))
	for want, o := range map[string]*jsonscan.ObjectBuilder{`{}`: &none, `{"a":1.50}`: &one, `{"a\u00e4":[1],"b":null}`: &two} {
		if got := string(o.Bytes()); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
