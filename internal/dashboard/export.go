package dashboard

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"sluice/internal/audit"
)

// exportChunk is how many calls are read at once; what is exported is held nowhere whole.
const exportChunk = 500

// exportLogs sends the calls that a search finds as a file, newest first, as they are read.
func (v *visit) exportLogs() error {
	s := v.search(time.Now())
	if !s.Form.OK() {
		v.message(http.StatusUnprocessableEntity, "Nothing is exported", "The time from which to which to export cannot be read. Go back and give it again.")
		return nil
	}
	var write func(io.Writer, *audit.Record) error
	mime, name := "application/x-ndjson", "calls.ndjson"
	switch v.r.URL.Query().Get("format") {
	case "csv":
		mime, name = "text/csv; charset=utf-8", "calls.csv"
		write = writeCSV
	case "ndjson":
		write = writeNDJSON
	default:
		v.message(http.StatusUnprocessableEntity, "Nothing is exported", "Calls are exported as csv or ndjson.")
		return nil
	}
	page, next, err := v.Audit.List(v.r.Context(), s.Filter, "", exportChunk)
	if err != nil {
		return err
	}
	v.w.Header().Set("Content-Type", mime)
	v.w.Header().Set("Content-Disposition", `attachment; filename="`+name+`"`)
	out := http.NewResponseController(v.w)
	if name == "calls.csv" {
		if err := writeRow(v.w, exportColumns); err != nil {
			return nil // the browser has gone
		}
	}
	for {
		for _, r := range page {
			if err := write(v.w, r); err != nil {
				return nil
			}
		}
		out.SetWriteDeadline(time.Now().Add(time.Minute)) // a browser that takes nothing for so long has gone
		if err := out.Flush(); err != nil || next == "" {
			return nil
		}
		if page, next, err = v.Audit.List(v.r.Context(), s.Filter, next, exportChunk); err != nil {
			v.Log.ErrorContext(v.r.Context(), "dashboard: export the log", "error", err)
			panic(http.ErrAbortHandler) // a file that is cut off must not look whole
		}
	}
}

var exportColumns = []string{"id", "started_at", "duration_ms", "door", "integration", "integrated_account_id", "mcp_server_id", "api_token_id", "user_id", "client_name", "request_id",
	"tool_name", "resource", "method", "write", "outcome", "status", "error", "arguments"}

func writeCSV(w io.Writer, r *audit.Record) error {
	return writeRow(w, []string{r.ID, r.StartedAt.UTC().Format(time.RFC3339Nano), milliseconds(r), r.Door, r.Integration, r.AccountID, r.ServerID, r.TokenID, r.UserID, r.ClientName, r.RequestID,
		r.Tool, r.Resource, r.Method, strconv.FormatBool(r.Write), r.Outcome, strconv.Itoa(r.Status), r.Error, string(r.Arguments)})
}

// writeRow writes one line of CSV. A cell that a spreadsheet would take for a formula is one that a client may have chosen: it is made a text.
func writeRow(w io.Writer, cells []string) error {
	for i, c := range cells {
		if c != "" && (c[0] == '=' || c[0] == '+' || c[0] == '-' || c[0] == '@' || c[0] == '\t' || c[0] == '\r') {
			cells[i] = "'" + c
		}
	}
	out := csv.NewWriter(w)
	if err := out.Write(cells); err != nil {
		return err
	}
	out.Flush()
	return out.Error()
}

func milliseconds(r *audit.Record) string {
	return strconv.FormatFloat(float64(r.Duration.Microseconds())/1000, 'f', -1, 64)
}

func writeNDJSON(w io.Writer, r *audit.Record) error {
	arguments := json.RawMessage("null")
	if json.Valid(r.Arguments) {
		arguments = r.Arguments
	}
	line, err := json.Marshal(struct {
		ID          string          `json:"id"`
		StartedAt   time.Time       `json:"started_at"`
		Duration    json.Number     `json:"duration_ms"`
		Door        string          `json:"door"`
		Integration string          `json:"integration"`
		AccountID   string          `json:"integrated_account_id"`
		ServerID    string          `json:"mcp_server_id"`
		TokenID     string          `json:"api_token_id"`
		UserID      string          `json:"user_id"`
		ClientName  string          `json:"client_name"`
		RequestID   string          `json:"request_id"`
		Tool        string          `json:"tool_name"`
		Resource    string          `json:"resource"`
		Method      string          `json:"method"`
		Write       bool            `json:"write"`
		Outcome     string          `json:"outcome"`
		Status      int             `json:"status"`
		Error       string          `json:"error"`
		Arguments   json.RawMessage `json:"arguments"`
	}{r.ID, r.StartedAt.UTC(), json.Number(milliseconds(r)), r.Door, r.Integration, r.AccountID, r.ServerID, r.TokenID, r.UserID, r.ClientName, r.RequestID,
		r.Tool, r.Resource, r.Method, r.Write, r.Outcome, r.Status, r.Error, arguments})
	if err != nil {
		return fmt.Errorf("write a call as JSON: %w", err)
	}
	_, err = w.Write(append(line, '\n'))
	return err
}
