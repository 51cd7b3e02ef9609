// Package table reads a table as a spreadsheet or a person's program saves it: CSV with any of the usual delimiters, with or without a byte order
// mark, or the first sheet of an XLSX workbook. It imports none of Sluice's packages. Bytes go in; columns and rows of text come out, each row with the
// number that a spreadsheet shows beside it.
package table

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"
)

// Table is what was read.
type Table struct {
	Columns []string // the first row, white space around each cut off
	Rows    []Row
	Typed   bool // cells come from a workbook: dates in them are numbers, so their text says little
}

// Row is one row of cells; there may be fewer than columns.
type Row struct {
	Number int // as a spreadsheet counts, from 1, the columns' own row included
	Cells  []string
}

// Cell is a row's cell in a column, "" if the row ends before it.
func (r Row) Cell(column int) string {
	if column >= len(r.Cells) {
		return ""
	}
	return r.Cells[column]
}

// MaxRows bounds what is read.
const MaxRows = 200_000

var (
	utf8Mark  = []byte{0xEF, 0xBB, 0xBF}
	utf16Mark = [][]byte{{0xFF, 0xFE}, {0xFE, 0xFF}}
	zipMark   = []byte("PK\x03\x04")
)

// Read reads a whole table. Its error is a clause that says what is wrong with the file, and where.
func Read(content []byte) (*Table, error) {
	if bytes.HasPrefix(content, zipMark) {
		return readWorkbook(content)
	}
	for _, mark := range utf16Mark {
		if bytes.HasPrefix(content, mark) {
			return nil, errors.New("is text in UTF-16: save it as CSV in UTF-8")
		}
	}
	content = bytes.TrimPrefix(content, utf8Mark)
	switch {
	case len(bytes.TrimSpace(content)) == 0:
		return nil, errors.New("is empty")
	case bytes.IndexByte(content, 0) >= 0, !utf8.Valid(content):
		return nil, errors.New("is neither text in UTF-8 nor an XLSX workbook: save it as CSV in UTF-8")
	}
	return readCSV(content)
}

func readCSV(content []byte) (*Table, error) {
	r := csv.NewReader(bytes.NewReader(content))
	r.Comma, r.FieldsPerRecord = delimiter(content), -1
	t := &Table{}
	within := 0 // line breaks inside cells so far: a spreadsheet does not count them, but it does the empty lines that the reader passes over
	for {
		cells, err := r.Read()
		if err == io.EOF {
			break
		}
		var broken *csv.ParseError
		if errors.As(err, &broken) {
			return nil, fmt.Errorf("is broken in row %d: %w", broken.StartLine-within, broken.Err)
		}
		if err != nil {
			return nil, err
		}
		line, _ := r.FieldPos(0)
		breaks := 0
		for _, cell := range cells {
			breaks += strings.Count(cell, "\n")
		}
		if err := t.add(line-within, cells); err != nil {
			return nil, err
		}
		within += breaks
	}
	return t.checked()
}

// delimiter is the one of the usual delimiters that the first line has most of, outside quotes.
func delimiter(content []byte) rune {
	counts, quoted := map[byte]int{}, false
	for _, c := range content {
		switch {
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '\n':
			content = nil
		default:
			counts[c]++
		}
		if content == nil {
			break
		}
	}
	best := byte(',')
	for _, c := range []byte{';', '\t', '|'} {
		if counts[c] > counts[best] {
			best = c
		}
	}
	return rune(best)
}

// Workbooks are zip files, which can hold far more than they weigh.
const (
	maxUnzipped = 512 << 20
	maxSheet    = 64 << 20
)

func readWorkbook(content []byte) (*Table, error) {
	book, err := excelize.OpenReader(bytes.NewReader(content), excelize.Options{RawCellValue: true, UnzipSizeLimit: maxUnzipped, UnzipXMLSizeLimit: maxSheet})
	if err != nil {
		return nil, fmt.Errorf("is no workbook that can be read: %w", err)
	}
	defer book.Close()
	sheets := book.GetSheetList()
	if len(sheets) == 0 {
		return nil, errors.New("is a workbook without sheets")
	}
	rows, err := book.Rows(sheets[0])
	if err != nil {
		return nil, fmt.Errorf("is no workbook that can be read: %w", err)
	}
	defer rows.Close()
	t := &Table{Typed: true}
	for number := 1; rows.Next(); number++ {
		cells, err := rows.Columns()
		if err != nil {
			return nil, fmt.Errorf("is broken in row %d: %w", number, err)
		}
		if err := t.add(number, cells); err != nil {
			return nil, err
		}
	}
	if err := rows.Error(); err != nil {
		return nil, fmt.Errorf("is no workbook that can be read: %w", err)
	}
	return t.checked()
}

// add takes a row in: the first that holds anything is the columns', and empty ones are passed over.
func (t *Table) add(number int, cells []string) error {
	empty := true
	for i := range cells {
		cells[i] = strings.TrimSpace(cells[i])
		empty = empty && cells[i] == ""
	}
	switch {
	case empty:
	case t.Columns == nil:
		t.Columns = cells
	case len(t.Rows) == MaxRows:
		return fmt.Errorf("has more than the %d rows that can be looked at", MaxRows)
	default:
		t.Rows = append(t.Rows, Row{number, cells})
	}
	return nil
}

func (t *Table) checked() (*Table, error) {
	if t.Columns == nil {
		return nil, errors.New("has no row of column titles")
	}
	seen := map[string]bool{}
	for _, c := range t.Columns {
		if c != "" && seen[c] {
			return nil, fmt.Errorf("has two columns of the title %q", c)
		}
		seen[c] = true
	}
	return t, nil
}
