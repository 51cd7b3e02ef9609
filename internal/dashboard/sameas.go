package dashboard

import (
	"encoding/json"
	"net/url"
	"strings"

	"sluice/internal/jsonscan"
	"sluice/internal/vendor"
)

// sameCall is one call as one would make it elsewhere.
type sameCall struct {
	Curl, JSONRPC, CommandLine string
}

// elsewhere writes a call of an account's tool for other ways in.
func (v *visit) elsewhere(accountID, tool string, arguments []byte) (c sameCall) {
	if len(arguments) == 0 || !json.Valid(arguments) {
		arguments = []byte("{}")
	}
	type params struct {
		Name      string          `json:"name"`
		Arguments json.RawMessage `json:"arguments"`
	}
	rpc, err := json.Marshal(struct {
		Version string `json:"jsonrpc"`
		ID      int    `json:"id"`
		Method  string `json:"method"`
		Params  params `json:"params"`
	}{"2.0", 1, "tools/call", params{tool, arguments}})
	if err != nil {
		panic(err) // it is valid JSON
	}
	c = sameCall{
		Curl: "curl -sS " + shell(v.PublicURL+"/integrated-account/"+url.PathEscape(accountID)+"/tools/"+url.PathEscape(tool)) +
			" \\\n  -H \"Authorization: Bearer $SLUICE_TOKEN\" \\\n  -H 'Content-Type: application/json' \\\n  -d " + shell(string(arguments)),
		JSONRPC:     beginning(pretty(rpc)),
		CommandLine: "SLUICE_URL=" + shell(v.PublicURL) + " sluice call " + tool + " --account " + accountID,
	}
	defer func() { c.Curl, c.CommandLine = beginning(c.Curl), beginning(c.CommandLine) }()
	if jsonscan.KindOf(arguments) != jsonscan.Object {
		return c
	}
	for it := jsonscan.Members(arguments); it.Next(); {
		name, _ := jsonscan.Unquote(it.Name())
		pair := string(name) + ":=" + string(it.Value())
		if jsonscan.KindOf(it.Value()) == jsonscan.String {
			pair = string(name) + "=" + plainText(it.Value())
		}
		c.CommandLine += " \\\n  " + shell(pair)
	}
	return c
}

// written is a request as HTTP has it, for reading.
func written(r *vendor.Outgoing) string {
	var b strings.Builder
	b.WriteString(r.Method + " " + r.URL + "\n")
	for _, h := range r.Header {
		b.WriteString(h[0] + ": " + h[1] + "\n")
	}
	if len(r.Body) > 0 {
		b.WriteString("\n" + beginning(pretty(r.Body)))
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// shell is a text as a POSIX shell takes it for one word, unchanged.
func shell(s string) string {
	if s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return !strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:=@%+,", r)
	}) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
