package table_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"

	"sluice/internal/table"
)

func TestTablesAsProgramsSaveThem(t *testing.T) {
	for name, test := range map[string]struct{ content, want string }{
		"commas":                      {"name,risk\nA,High\nB,Low\n", "[name risk] 2:[A High] 3:[B Low]"},
		"a byte order mark":           {"\xEF\xBB\xBFname;Risk Level\r\nA;High\r\n", "[name Risk Level] 2:[A High]"},
		"a line break in quotes":      {"name;note\r\n\"A\";\"two\r\nlines\"\r\nB;x", "[name note] 2:[A two\nlines] 3:[B x]"},
		"tabs":                        {"name\trisk\nA\tHigh", "[name risk] 2:[A High]"},
		"a delimiter in quotes":       {"\"a;b;c\",d\n1,2\n", "[a;b;c d] 2:[1 2]"},
		"an empty line in between":    {"name,risk\n\nA,High\n", "[name risk] 3:[A High]"},
		"a short row and a long one":  {"a,b\n1\n1,2,3\n", "[a b] 2:[1] 3:[1 2 3]"},
		"spaces around":               {" a , b \n 1 , 2 \n", "[a b] 2:[1 2]"},
		"UTF-16":                      {"\xFF\xFEn\x00", "is text in UTF-16: save it as CSV in UTF-8"},
		"nothing":                     {" \n", "is empty"},
		"bytes":                       {"a\x00b", "is neither text in UTF-8 nor an XLSX workbook: save it as CSV in UTF-8"},
		"a quote that is never ended": {"a,b\n\"1,2\n", "is broken in row 2: extraneous or missing \" in quoted-field"},
		"two columns of one title":    {"a,a\n1,2\n", `has two columns of the title "a"`},
		"no workbook":                 {"PK\x03\x04nonsense", "is no workbook that can be read: zip: not a valid zip file"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := show(table.Read([]byte(test.content))); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestAWorkbook(t *testing.T) {
	book := excelize.NewFile()
	for cell, value := range map[string]any{"A1": "name", "B1": "amount", "A2": "A", "B2": 12.5, "A4": "B"} {
		if err := book.SetCellValue("Sheet1", cell, value); err != nil {
			t.Fatal(err)
		}
	}
	var b bytes.Buffer
	if err := book.Write(&b); err != nil {
		t.Fatal(err)
	}
	if got, want := show(table.Read(b.Bytes())), "[name amount] 2:[A 12.5] 4:[B]"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte("a;b\n1;2"))
	f.Fuzz(func(t *testing.T, content []byte) { table.Read(content) })
}

func show(t *table.Table, err error) string {
	if err != nil {
		return err.Error()
	}
	parts := []string{fmt.Sprint(t.Columns)}
	for _, r := range t.Rows {
		parts = append(parts, fmt.Sprintf("%d:%v", r.Number, r.Cells))
	}
	return strings.Join(parts, " ")
}
