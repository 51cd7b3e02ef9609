package octapipe

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"
)

// A row of a sheet is numbered as a spreadsheet shows it: the header is row 1, a blank line counts, a line break inside quotes does not.

const (
	mostRows    = 100_000
	mostColumns = 500
)

// fileFault is a reason why a whole file cannot be read; row is 0 where it is no row's.
type fileFault struct {
	row    int
	reason string
}

func (f *fileFault) Error() string { return f.reason }

// sniff tells CSV from XLSX by the first bytes, and refuses what is neither in words that say how to mend it.
func sniff(head []byte) (format string, err error) {
	switch {
	case bytes.HasPrefix(head, []byte("PK\x03\x04")):
		return "xlsx", nil
	case bytes.HasPrefix(head, []byte("\xFF\xFE")), bytes.HasPrefix(head, []byte("\xFE\xFF")), looksWide(head):
		return "", &fileFault{reason: "The file is UTF-16 text. Save it as CSV UTF-8 (or as XLSX) and import it again."}
	case bytes.HasPrefix(head, []byte("\xD0\xCF\x11\xE0")):
		return "", &fileFault{reason: "The file is an Excel 97-2003 workbook (XLS). Save it as XLSX or CSV UTF-8 and import it again."}
	case bytes.IndexByte(head, 0) >= 0:
		return "", &fileFault{reason: "The file is neither CSV nor XLSX."}
	}
	return "csv", nil
}

// looksWide finds UTF-16 without a byte order mark: every other byte of its ASCII is zero.
func looksWide(head []byte) bool {
	if len(head) < 4 {
		return false
	}
	var zeros [2]int
	for i, b := range head {
		if b == 0 {
			zeros[i%2]++
		}
	}
	half := len(head) / 2
	return zeros[0]*3 > half*2 && zeros[1] == 0 || zeros[1]*3 > half*2 && zeros[0] == 0
}

// readCSV calls each row's function with the row's number and cells, in order, until it fails. The separator is the one that the first row
// has most of: comma, semicolon, or tab.
func readCSV(content []byte, each func(row int, cells []string) error) error {
	content = bytes.TrimPrefix(content, []byte("\xEF\xBB\xBF")) // a byte order mark is no part of the first column's name
	separator := separatorOf(content)
	for row := 1; len(content) > 0; row++ {
		cells, rest, err := cutRow(content, separator)
		if err != nil {
			return &fileFault{row: row, reason: err.Error()}
		}
		content = rest
		for _, cell := range cells {
			if !utf8.ValidString(cell) {
				return &fileFault{row: row, reason: "The file is not UTF-8. Save it as CSV UTF-8 and import it again."}
			}
		}
		if err := each(row, cells); err != nil {
			return err
		}
	}
	return nil
}

func separatorOf(content []byte) byte {
	counts, quoted := map[byte]int{}, false
	for _, b := range content {
		if b == '"' {
			quoted = !quoted
		}
		if quoted {
			continue
		}
		if b == '\n' || b == '\r' {
			break
		}
		counts[b]++
	}
	best := byte(',')
	for _, candidate := range []byte{';', '\t'} {
		if counts[candidate] > counts[best] {
			best = candidate
		}
	}
	return best
}

// cutRow takes the first row off. Cells may be quoted, a quote inside is doubled (RFC 4180); rows end in CRLF, LF or CR.
func cutRow(content []byte, separator byte) (cells []string, rest []byte, err error) {
	for {
		var cell []byte
		if len(content) > 0 && content[0] == '"' {
			content = content[1:]
			for {
				i := bytes.IndexByte(content, '"')
				if i < 0 {
					return nil, nil, errors.New("A quoted cell begins in this row and never ends.")
				}
				cell = append(cell, content[:i]...)
				content = content[i+1:]
				if len(content) == 0 || content[0] != '"' {
					break
				}
				cell = append(cell, '"')
				content = content[1:]
			}
			if len(content) > 0 && content[0] != separator && content[0] != '\n' && content[0] != '\r' {
				return nil, nil, errors.New("There is text after the closing quote of a cell. A quote inside a quoted cell must be doubled.")
			}
		} else {
			i := bytes.IndexAny(content, string([]byte{separator, '\n', '\r'}))
			if i < 0 {
				i = len(content)
			}
			cell, content = content[:i], content[i:]
		}
		if cells = append(cells, string(cell)); len(cells) > mostColumns {
			return nil, nil, fmt.Errorf("There are more than %d columns.", mostColumns)
		}
		switch {
		case len(content) == 0:
			return cells, nil, nil
		case content[0] == separator:
			content = content[1:]
		default:
			return cells, bytes.TrimPrefix(bytes.TrimPrefix(content, []byte("\r")), []byte("\n")), nil
		}
	}
}

// readXLSX does for the first sheet of a workbook what readCSV does for a text. Cells come as they are stored, so dates are serial numbers;
// reader learns how to read those before the first row.
func readXLSX(path string, reader *cellReader, each func(row int, cells []string) error) (err error) {
	defer func() {
		// The library panics on some broken workbooks, and a job has nobody else to catch that.
		if p := recover(); p != nil {
			err = &fileFault{reason: fmt.Sprintf("The workbook is broken: %v.", p)}
		}
	}()
	book, err := excelize.OpenFile(path, excelize.Options{RawCellValue: true, UnzipSizeLimit: 256 << 20, UnzipXMLSizeLimit: 32 << 20})
	if err != nil {
		return &fileFault{reason: "The workbook can not be opened: " + err.Error() + "."}
	}
	defer book.Close()
	reader.serials = true
	if properties, err := book.GetWorkbookProps(); err == nil && properties.Date1904 != nil {
		reader.epoch1904 = *properties.Date1904
	}
	sheets := book.GetSheetList()
	if len(sheets) == 0 {
		return &fileFault{reason: "The workbook has no sheet."}
	}
	rows, err := book.Rows(sheets[0])
	if err != nil {
		return &fileFault{reason: "The first sheet can not be read: " + err.Error() + "."}
	}
	defer rows.Close()
	for row := 1; rows.Next(); row++ {
		cells, err := rows.Columns()
		if err != nil {
			return &fileFault{row: row, reason: "The row can not be read: " + err.Error() + "."}
		}
		if len(cells) > mostColumns {
			return &fileFault{row: row, reason: fmt.Sprintf("There are more than %d columns.", mostColumns)}
		}
		if err := each(row, cells); err != nil {
			return err
		}
	}
	return rows.Error()
}

// cellReader turns the text of a cell into the JSON of a field's value.
type cellReader struct {
	serials   bool // dates may be serial numbers: the sheet is a workbook's
	epoch1904 bool
}

// value reads a cell. What it cannot read it hands on as a text, for the field's own check to refuse with its reason.
func (r cellReader) value(f *field, cell string) (json.RawMessage, error) {
	if strings.TrimSpace(cell) == "" {
		return json.RawMessage("null"), nil
	}
	trimmed := strings.TrimSpace(cell)
	switch f.Type {
	case "text", "long_text":
		return encode(cell)
	case "number", "currency":
		if numberText.MatchString(trimmed) {
			return json.RawMessage(trimmed), nil
		}
	case "checkbox":
		switch strings.ToLower(trimmed) {
		case "true", "yes", "1":
			return json.RawMessage("true"), nil
		case "false", "no", "0":
			return json.RawMessage("false"), nil
		}
	case "multi_select":
		return encode(splitOptions(f.Options, trimmed))
	case "date":
		if moment, ok := r.serial(trimmed); ok {
			return encode(moment.Format(time.DateOnly))
		}
	case "datetime":
		if moment, ok := r.serial(trimmed); ok {
			return encode(moment.Format(time.RFC3339))
		}
		for _, layout := range []string{"2006-01-02 15:04:05", "2006-01-02 15:04"} {
			if moment, err := time.Parse(layout, trimmed); err == nil {
				return encode(moment.Format(time.RFC3339))
			}
		}
	}
	return encode(trimmed)
}

// serial reads a workbook's date: days since its epoch, with the time as a fraction.
func (r cellReader) serial(cell string) (time.Time, bool) {
	if !r.serials {
		return time.Time{}, false
	}
	days, err := strconv.ParseFloat(cell, 64)
	if err != nil {
		return time.Time{}, false
	}
	moment, err := excelize.ExcelDateToTime(days, r.epoch1904)
	return moment.Round(time.Second), err == nil
}

// splitOptions takes apart a cell that holds several options. An option may itself hold a separator, so the first one that leaves only
// known options is taken.
func splitOptions(options []string, cell string) []string {
	if slices.Contains(options, cell) {
		return []string{cell}
	}
	var parts []string
	for _, separator := range []string{";", "|", "\n", ","} {
		known := true
		parts = nil
		for part := range strings.SplitSeq(cell, separator) {
			if part = strings.TrimSpace(part); part != "" {
				parts = append(parts, part)
				known = known && slices.Contains(options, part)
			}
		}
		if known {
			return parts
		}
	}
	return parts
}
