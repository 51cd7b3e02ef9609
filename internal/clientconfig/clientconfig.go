// Package clientconfig knows what each MCP client takes to reach an MCP server: a file in that client's own form, a command, or an address to paste.
//
// It imports nothing of Sluice. A Server goes in, texts that can be pasted as they are come out.
package clientconfig

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"net/netip"
	"net/url"
	"strings"
)

// Server is an MCP server as its clients see it.
type Server struct {
	Name     string
	URL      string
	APIToken bool   // an API token must come with each request
	OAuth    bool   // people sign in
	Program  string // the path of `sluice` on the client's machine; "": found by its name
}

// Client is one client, with the ways to reach a server from it, the best first.
type Client struct {
	ID, Name string
	Ways     []Way
}

// Way is one way to reach a server.
type Way struct {
	Title string   // where there are several
	Steps []string // what to do in the client
	Label string   // what Text is, and where it goes
	Text  string
	Note  string
	Link  string // opens the client, which then asks whether to add the server; "": none
}

// TokenPlace stands where an API token belongs that is not known here.
const TokenPlace = "YOUR_API_TOKEN"

// All are the clients, each with what it takes.
func All(s Server) []Client {
	return []Client{
		{"chatgpt", "ChatGPT", []Way{chatGPT(s)}},
		{"claude", "Claude on the web and in Desktop’s connectors", []Way{claudeWeb(s)}},
		{"claude-desktop", "Claude Desktop, by its configuration file", claudeDesktop(s)},
		{"claude-code", "Claude Code", []Way{claudeCode(s)}},
		{"cursor", "Cursor", []Way{{
			Steps: []string{"Open ~/.cursor/mcp.json, or .cursor/mcp.json in a project.", "Put this into it; where there are servers already, only the inner part."},
			Label: ".cursor/mcp.json", Text: file("mcpServers", s, s.remote("")), Note: signIn(s, "Cursor asks to sign in when the server is switched on."), Link: cursorLink(s),
		}}},
		{"vscode", "VS Code", []Way{{
			Steps: []string{"Open .vscode/mcp.json in a folder, or run the command “MCP: Open User Configuration”.", "Put this into it."},
			Label: ".vscode/mcp.json", Text: file("servers", s, s.remote("http")), Note: signIn(s, "VS Code asks to sign in when the server starts."), Link: vscodeLink(s),
		}}},
		{"codex", "Codex", []Way{codex(s)}},
		{"gemini-cli", "Gemini CLI", []Way{geminiCLI(s)}},
		{"windsurf", "Windsurf", []Way{{
			Steps: []string{"Open ~/.codeium/windsurf/mcp_config.json, on Windows %USERPROFILE%\\.codeium\\windsurf\\mcp_config.json.", "Put this into it, and refresh the MCP servers."},
			Label: "mcp_config.json", Text: file("mcpServers", s, s.remoteAt("serverUrl", "")), Note: signIn(s, "Windsurf asks to sign in when it connects."),
		}}},
		{"zed", "Zed", []Way{{
			Steps: []string{"Open Zed’s settings file by the command “zed: open settings file”.", "Put this into it; where there are context servers already, only the inner part."},
			Label: "settings.json", Text: file("context_servers", s, s.remote("")), Note: signIn(s, "Zed asks to sign in when it connects."),
		}}},
		{"opencode", "opencode", []Way{{
			Steps: []string{"Open opencode.json in a project, or ~/.config/opencode/opencode.json.", "Put this into it."},
			Label: "opencode.json", Text: file("mcp", s, s.remote("remote")), Note: signIn(s, "Then opencode mcp auth "+s.Key()+" signs in."),
		}}},
		{"json", "Any other client", []Way{{
			Title: "One that takes a URL", Label: "URL, transport Streamable HTTP", Text: s.URL, Note: s.header(),
		}, {
			Title: "One that takes JSON", Label: "JSON", Text: file("mcpServers", s, s.remote("http")),
		}}},
	}
}

func chatGPT(s Server) Way {
	w := Way{Label: "URL for ChatGPT", Text: s.URL, Steps: []string{
		"Open chatgpt.com/plugins, press + and choose “Add custom MCP server”. Where that is missing, switch developer mode on under Settings → Apps → Advanced settings; it is “Create app” there.",
		"Enter a name, paste the URL as server URL, choose “No authentication”, and create it.",
		"In a conversation, type @ and its name.",
	}}
	switch {
	case s.OAuth:
		w.Steps[1] = "Enter a name, paste the URL as server URL, choose “OAuth”, and create it; it asks to sign in here."
	case s.APIToken:
		w.Note = "ChatGPT cannot send an API token, so it is refused by this server: create one without that for it."
	}
	if w.Note == "" {
		w.Note = unreachable(s, "ChatGPT")
	}
	return w
}

func claudeWeb(s Server) Way {
	w := Way{Label: "URL for Claude", Text: s.URL, Steps: []string{
		"Customize → Connectors (or Settings → Connectors) → Add custom connector: give it a name and paste the URL.",
		"In a conversation, allow its tools.",
	}}
	if s.OAuth {
		w.Steps[0] += " It asks to sign in here."
	}
	if s.APIToken {
		w.Note = "A connector cannot send an API token, so it is refused by this server: create one without that for it."
	} else {
		w.Note = unreachable(s, "Claude’s servers")
	}
	return w
}

// claudeDesktop: the file starts programs; an entry with a URL is skipped without a word. mcp-remote, which others use, needs Node.
func claudeDesktop(s Server) []Way {
	steps := []string{"Settings → Developer → Edit Config opens claude_desktop_config.json: put this into it.", "Quit Claude Desktop and start it again."}
	program := s.Program
	if program == "" {
		program = "sluice"
	}
	bridge := map[string]any{"command": program, "args": []string{"stdio", s.URL}}
	remote := []string{"-y", "mcp-remote", s.URL}
	if u, err := url.Parse(s.URL); err == nil && u.Scheme == "http" {
		remote = append(remote, "--allow-http")
	}
	node := map[string]any{"command": "npx", "args": remote}
	if s.APIToken {
		// On Windows, Claude Desktop takes an argument with a space in it apart: the space stands in a variable.
		bridge["args"] = []string{"stdio", s.URL, "--header", "Authorization:Bearer " + TokenPlace}
		node["args"], node["env"] = append(remote, "--header", "Authorization:${AUTHORIZATION}"), map[string]string{"AUTHORIZATION": "Bearer " + TokenPlace}
	}
	withSluice := Way{Title: "With sluice on that machine", Steps: steps, Label: "claude_desktop_config.json", Text: file("mcpServers", s, bridge)}
	if s.Program == "" {
		withSluice.Note = "If Claude Desktop does not find sluice, give the program’s whole path."
	}
	withNode := Way{Title: "With Node on that machine", Label: "claude_desktop_config.json with mcp-remote", Text: file("mcpServers", s, node), Note: s.header()}
	if s.OAuth { // mcp-remote opens the browser to sign in
		return []Way{{Steps: steps, Label: withNode.Label, Text: withNode.Text, Note: "It opens a browser to sign in. Node must be installed."}}
	}
	return []Way{withSluice, withNode}
}

func claudeCode(s Server) Way {
	text := "claude mcp add --transport http " + s.Key() + " " + quoted(s.URL)
	if s.APIToken {
		text += " --header " + quoted("Authorization: Bearer "+TokenPlace)
	}
	return Way{Label: "In a terminal", Text: text, Note: signIn(s, "Then /mcp in Claude Code signs in.")}
}

func geminiCLI(s Server) Way {
	text := "gemini mcp add --transport http " + s.Key() + " " + quoted(s.URL)
	if s.APIToken {
		text += " --header " + quoted("Authorization: Bearer "+TokenPlace)
	}
	return Way{Label: "In a terminal", Text: text, Note: signIn(s, "Then /mcp auth "+s.Key()+" in Gemini CLI signs in.")}
}

// codex: TOML, of which a basic string is written like one of JSON. Codex passes over a table named headers.
func codex(s Server) Way {
	text := "[mcp_servers." + s.Key() + "]\nurl = " + tomlString(s.URL)
	if s.APIToken {
		text += "\nhttp_headers = { Authorization = " + tomlString("Bearer "+TokenPlace) + " }"
	}
	return Way{
		Steps: []string{"Open ~/.codex/config.toml, or .codex/config.toml in a project that Codex trusts.", "Put this at its end, and start Codex again."},
		Label: "config.toml", Text: text, Note: signIn(s, "Then codex mcp login "+s.Key()+" signs in."),
	}
}

func tomlString(s string) string { return indented(s) }

// cursorLink and vscodeLink are offered where nothing has to be filled in: a link cannot have it done.

func cursorLink(s Server) string {
	if s.APIToken {
		return ""
	}
	// Padded standard base64, of which + and / mean something else in a query.
	return "cursor://anysphere.cursor-deeplink/mcp/install?name=" + url.QueryEscape(s.Key()) + "&config=" + url.QueryEscape(base64.StdEncoding.EncodeToString(compact(s.remote(""))))
}

func vscodeLink(s Server) string {
	if s.APIToken {
		return ""
	}
	entry := s.remote("http")
	entry["name"] = s.Key()
	return "vscode:mcp/install?" + strings.ReplaceAll(url.QueryEscape(string(compact(entry))), "+", "%20")
}

func compact(v any) []byte {
	var b bytes.Buffer
	if err := json.Compact(&b, []byte(indented(v))); err != nil {
		panic(err) // it was written just now
	}
	return b.Bytes()
}

// remote is an entry for a client that speaks HTTP itself; transport is what it calls that, where it wants it said.
func (s Server) remote(transport string) map[string]any { return s.remoteAt("url", transport) }

// remoteAt is remote for a client that calls the URL otherwise.
func (s Server) remoteAt(url, transport string) map[string]any {
	entry := map[string]any{url: s.URL}
	if transport != "" {
		entry["type"] = transport
	}
	if s.APIToken {
		entry["headers"] = map[string]string{"Authorization": "Bearer " + TokenPlace}
	}
	return entry
}

func (s Server) header() string {
	switch {
	case s.APIToken:
		return "Send the header Authorization: Bearer " + TokenPlace + " with an API token of the environment."
	case s.OAuth:
		return "It asks to sign in, in the browser."
	}
	return ""
}

func signIn(s Server, words string) string {
	if s.OAuth {
		return words
	}
	if s.APIToken {
		return "Put an API token of the environment in the place of " + TokenPlace + "."
	}
	return ""
}

// unreachable warns of an address that a service on the internet cannot have, or does not take.
func unreachable(s Server, who string) string {
	u, err := url.Parse(s.URL)
	if err != nil {
		return ""
	}
	host := u.Hostname()
	address, err := netip.ParseAddr(host)
	local := host == "localhost" || strings.HasSuffix(host, ".localhost") || strings.HasSuffix(host, ".local") || err == nil && (address.IsLoopback() || address.IsPrivate() || address.IsLinkLocalUnicast())
	switch {
	case local:
		return who + " cannot reach " + host + ", which is inside your network: put Sluice behind a public https address, or open a tunnel, and start it with that as --public-url."
	case u.Scheme != "https":
		return who + " takes https addresses only: put Sluice behind TLS, and start it with that address as --public-url."
	}
	return ""
}

// mostKey leaves room in Cursor, which drops a tool when the server's name and the tool's pass 60 characters together.
const mostKey = 20

// Key is the server's name as every client takes it: small letters, digits and hyphens, beginning with a letter. Claude Code and VS Code refuse others.
func (s Server) Key() string {
	var b strings.Builder
	for _, r := range strings.ToLower(plain.Replace(s.Name)) {
		switch {
		case 'a' <= r && r <= 'z', '0' <= r && r <= '9' && b.Len() > 0:
			b.WriteRune(r)
		case r == '\'' || r == '’':
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
	}
	key := b.String()
	if len(key) > mostKey {
		key = key[:mostKey]
		if cut := strings.LastIndexByte(key, '-'); cut > mostKey/2 {
			key = key[:cut]
		}
	}
	if key = strings.Trim(key, "-"); key == "" {
		return "sluice"
	}
	return key
}

// plain writes letters with marks without them.
var plain = strings.NewReplacer("ä", "a", "ö", "o", "ü", "u", "Ä", "A", "Ö", "O", "Ü", "U", "ß", "ss", "é", "e", "è", "e", "ê", "e", "ë", "e", "É", "E", "á", "a", "à", "a", "â", "a", "ã", "a", "å", "a",
	"Å", "A", "ç", "c", "í", "i", "ì", "i", "î", "i", "ï", "i", "ñ", "n", "ó", "o", "ò", "o", "ô", "o", "õ", "o", "ø", "o", "Ø", "O", "ú", "u", "ù", "u", "û", "u", "æ", "ae", "œ", "oe", "š", "s", "ž", "z")

// file is a configuration file with one server in it.
func file(under string, s Server, entry any) string {
	return indented(map[string]any{under: map[string]any{s.Key(): entry}})
}

func indented(v any) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		panic(err) // texts and lists of them
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// quoted is a text as shells take it whole; one that needs no quotes gets none.
func quoted(s string) string {
	if s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		return !strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:=@%+,", r)
	}) {
		return s
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "$", `\$`, "`", "\\`").Replace(s) + `"`
}
