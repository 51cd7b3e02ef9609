package jsonscan_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"

	"sluice/internal/jsonscan"
)

// page is a list of cards as a vendor sends them, about size bytes long.
func page(size int) []byte {
	var b strings.Builder
	b.WriteString(`{"data":[`)
	for i := 0; b.Len() < size; i++ {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"uuid":"0192f0c1-7d3a-7c1e-9b1e-%012d","code":"ES-%d","name":"Größe deal %d","sla":24,"custom_fields_values":{"cf_amount":%d.50,"cf_risk_level":"High"},"tags":["renewal"],"deleted_at":null}`, i, i, i, i*1000)
	}
	b.WriteString(`],"current_page":1,"last_page":12,"next_page_url":"https://api.example.com/cards?page=2"}`)
	return []byte(b.String())
}

func BenchmarkPage(b *testing.B) {
	for _, size := range []int{4 << 10, 16 << 10} {
		doc := page(size)
		dst := make([]byte, 0, 4*len(doc))
		names := jsonscan.NewSet("initial_password", "recover_code", "auth_code")
		for _, op := range []struct {
			name string
			do   func()
		}{
			{"AppendQuotedJSON", func() { jsonscan.AppendQuotedJSON(dst, doc) }},
			{"AppendQuotedJSON/jsontext", func() { jsontext.AppendQuote(dst, doc) }},
			{"Drop", func() { jsonscan.Drop(dst, doc, names) }},
			{"Copy", func() { jsonscan.Drop(dst, doc, jsonscan.Set{}) }},
			{"CheckStrict", func() { jsonscan.Check(doc, jsonscan.Strict) }},
			{"CheckLenient", func() { jsonscan.Check(doc, jsonscan.Lenient) }},
			{"Check/jsontext", func() { jsontext.Value(doc).IsValid() }},
			{"Find", func() { jsonscan.Find(doc, "next_page_url") }},
		} {
			b.Run(fmt.Sprintf("%s/%dK", op.name, size>>10), func(b *testing.B) {
				b.SetBytes(int64(len(doc)))
				b.ReportAllocs()
				for b.Loop() {
					op.do()
				}
			})
		}
	}
}

func BenchmarkArguments(b *testing.B) {
	doc := []byte(`{"pipeline_uuid":"0192f0c1-7d3a-7c1e-9b1e-000000000001","limit":15,"next_cursor":"v1.abcdefghijklmnop"}`)
	b.Run("CheckStrict", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			jsonscan.Check(doc, jsonscan.Strict)
		}
	})
	b.Run("Members", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			for it := jsonscan.Members(doc); it.Next(); {
			}
		}
	})
}
