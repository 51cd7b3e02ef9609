// Package toolset turns a definition and a server's filters into compiled tools: their names, their schemas as every client accepts
// them, and the plan by which a call's arguments are checked and split into path, query, headers and body.
//
// It imports integration and jsonscan. A Toolset is compiled once and shared by every MCP server with the same Key; nothing in it
// changes afterwards. A call's arguments enter as bytes (Tool.Prepare) and leave as a Prepared call, or as an *ArgumentError that
// names each argument that is wrong and how to mend it. Nothing is decoded into values where scanning does: every digit
// of a number survives, and absent, null and empty stay three different things.
package toolset

import (
	"encoding/json"

	"sluice/internal/integration"
)

// Options is everything beside the definition that shapes a toolset.
type Options struct {
	Methods          []string          // groups (read, write, custom) and names; empty: all
	Tags             []string          // empty: all
	ReadOnly         bool              // whatever the filters say, no tool that changes anything
	StructuredOutput bool              // tools carry an outputSchema
	Bind             map[string]string // arguments that are always sent and never shown: {"database_uuid": "…"}
	// Values are JSON Schemas of custom field values, by the resource that has the values: they are written into its tools. What a call
	// says of fields is checked elsewhere, against what they are then.
	Values map[string]json.RawMessage
	// Confirm says which tools ask a person before they are called: ConfirmDestructive, ConfirmWrites; "": none.
	Confirm string `json:",omitempty"`
}

// Words of Options.Confirm.
const (
	ConfirmDestructive = "destructive" // those that delete
	ConfirmWrites      = "writes"      // those that change anything
)

// Toolset is the compiled tools of one definition under one set of options.
type Toolset struct {
	Key        string // hash of all that shaped it
	PromptsKey string // hash of the prompts that are offered
	Definition *integration.Definition
	Options    Options
	Tools      []*Tool // those offered, in a stable order

	byName      map[string]*Tool // offered tools
	byOperation map[string]*Tool // resource + "." + method: all, documented or not, whatever the filter
	list        []byte
	headerList  []byte // list, with what is mirrored into headers
	plainList   []byte // list, without output schemas
	prompts     []*Prompt
	promptList  []byte
}

// Tool is one method of one resource, ready to be called.
type Tool struct {
	Name        string // at most 64 of [a-zA-Z0-9_-]
	Title       string
	Description string
	Resource    *integration.Resource
	Method      *integration.Method
	Documented  bool

	ReadOnly    bool // list, get, and custom methods marked safe
	Destructive bool
	Idempotent  bool
	Asks        bool // a person is asked before it is called, by Options.Confirm

	InputSchema  []byte // JSON; one flat object, as every client accepts it
	OutputSchema []byte // JSON; nil unless Options.StructuredOutput

	Brief *Selection // what a model is shown of an answer that it did not ask more of; nil: the whole

	Headers []Header // arguments that clients repeat in headers, since 2026-07-28

	plan        *plan
	headerWords []string // what the schema says of each of Headers
	verbatim    bool     // InputSchema is as it was written
}

// IsList reports whether the tool takes limit and next_cursor and answers a page.
func (t *Tool) IsList() bool { return t.plan.list }

// Prepared is a call whose arguments were checked and split; nothing has been sent.
type Prepared struct {
	Path        string // encoded, follows the base URL
	Query       string // encoded, without "?"
	Header      [][2]string
	Body        []byte           // nil: none, or an Upload
	Upload      []Piece          // the body, where files of it lie elsewhere
	Files       map[string]Given // the files of the body, by the vendor's name for the argument; nil: none
	ContentType string
	Partial     bool // not to be sent: Whole completes it by what is there

	Ours
	Arguments []byte // the arguments without those that are Sluice's own (Ours), compact, members in a fixed order: what a cursor is bound to
	Masked    []byte // the arguments for the audit, values marked secret replaced
}

// Ours is what the arguments say to Sluice itself. No part of it is sent, or among a call's Arguments.
type Ours struct {
	Limit        int      // list tools: items wanted; 0: not said
	Cursor       string   // list tools: next_cursor as it came; "": the first page
	Fields       []string // the members of an answer that are wanted, of each of its items where it is a list, a.b for what lies inside; nil: not said
	Sparse       []string // those of Fields that are known to exist, though an item may lack them
	DryRun       bool     // only tell what would happen
	Confirmation string   // what a client brings back of a question, where it could not be asked; "": nothing
}

// ArgumentError says which arguments are wrong. Its text is one or more sentences that a model can act on.
type ArgumentError struct {
	Tool   string
	Faults []Fault
	Masked []byte // the arguments for the audit, as in Prepared; nil where they cannot be read
}

// Fault is one wrong argument.
type Fault struct {
	Argument string // name, or a JSON pointer-like path below it: values.cf_amount
	Message  string // "is required", "must be an integer, not the text \"3\""
}

// Tool returns the offered tool of that name.
func (s *Toolset) Tool(name string) (*Tool, bool) { t, ok := s.byName[name]; return t, ok }

// Operation returns the tool of a method whether it is offered, or documented, or not.
func (s *Toolset) Operation(resource, method string) (*Tool, bool) {
	t, ok := s.byOperation[resource+"."+method]
	return t, ok
}

// ListJSON is the JSON array of the offered tools as tools/list shows them, ready to be sent. Not to be changed.
func (s *Toolset) ListJSON() []byte { return s.list }

// HeaderListJSON is ListJSON for revisions in which clients repeat arguments in headers: the schemas say which, by x-mcp-header. Not to be changed.
func (s *Toolset) HeaderListJSON() []byte { return s.headerList }

// PlainListJSON is ListJSON for revisions that know of no structured output: a client that is shown an output schema all the same wants what it promises. Not to be changed.
func (s *Toolset) PlainListJSON() []byte { return s.plainList }
