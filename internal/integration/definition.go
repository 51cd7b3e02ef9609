// Package integration holds a vendor's API as data: the definition that is read from YAML (or stored through the
// API), validated with file and line, and handed on unchanging to those who compile tools from it (toolset), make
// calls by it (vendor) and keep accounts alive by it (account).
//
// Of Sluice's other packages it imports expression, to check jq. Data enters as files or bytes (Load, Parse) and leaves as a *Definition, which nobody
// changes afterwards: a changed definition is another one, with another Digest.
package integration

import "encoding/json"

// Definition describes one vendor: where its API is, how one authenticates, how it pages, limits and fails, and which
// resources it has.
type Definition struct {
	Name          string            `yaml:"name" json:"name"`   // [a-z][a-z0-9_]*, a part of every tool's name
	Label         string            `yaml:"label" json:"label"` // for people
	Description   string            `yaml:"description" json:"description,omitempty"`
	Instructions  string            `yaml:"instructions" json:"instructions,omitempty"` // what a model should know before it uses any tool
	BaseURL       string            `yaml:"base_url" json:"base_url"`                   // template: {{context.NAME}}
	Context       Fields            `yaml:"context" json:"context,omitempty"`           // what is not secret and must be known before a call
	Credentials   Credentials       `yaml:"credentials" json:"credentials"`
	Authorization Authorizations    `yaml:"authorization" json:"authorization,omitempty"` // how the credential is put on a request; all of them at once
	Headers       map[string]string `yaml:"headers" json:"headers,omitempty"`             // sent with every request; templates
	RateLimit     RateLimit         `yaml:"rate_limit" json:"rate_limit,omitzero"`
	Pagination    Pagination        `yaml:"pagination" json:"pagination,omitzero"` // of list methods that have none of their own
	Errors        Errors            `yaml:"errors" json:"errors,omitzero"`
	SecretFields  []string          `yaml:"secret_fields" json:"secret_fields,omitempty"` // members dropped from every answer, at every depth
	Resources     Resources         `yaml:"resources" json:"resources"`                   // in the order of the file
	Prompts       []Prompt          `yaml:"prompts" json:"prompts,omitempty"`             // workflows that people start from their client

	// Digest is the SHA-256, in hex, of everything above and the documentation: two definitions with one digest are one.
	Digest string `yaml:"-" json:"-"`
}

// Prompt is a workflow that a person starts from the client, as a command with a form: the model is then given its text. An MCP server offers it where it offers
// the tools that the text counts on.
type Prompt struct {
	Name        string           `yaml:"name" json:"name"`
	Title       string           `yaml:"title" json:"title,omitempty"` // what people pick it by; the name in words if empty
	Description string           `yaml:"description" json:"description"`
	Arguments   []PromptArgument `yaml:"arguments" json:"arguments,omitempty"` // what the person is asked for, in order
	Text        string           `yaml:"text" json:"text"`                     // what the model is to do; template: {{arguments.NAME}}
	Needs       []string         `yaml:"needs" json:"needs,omitempty"`         // the methods whose tools the text counts on, as resource.method
}

// PromptArgument is one thing that a person is asked for before a prompt begins. It is a text.
type PromptArgument struct {
	Name        string `yaml:"name" json:"name"`
	Description string `yaml:"description" json:"description,omitempty"`
	Optional    bool   `yaml:"optional" json:"optional,omitempty"`
	Default     string `yaml:"default" json:"default,omitempty"` // stands in the text where an optional argument is left out
}

// Resource is a kind of thing that the vendor has.
type Resource struct {
	Name      string            `yaml:"-" json:"-"`                         // plural: pipeline_cards
	Singular  string            `yaml:"singular" json:"singular,omitempty"` // pipeline_card
	Tags      []string          `yaml:"tags" json:"tags,omitempty"`
	Parent    map[string]string `yaml:"parent" json:"parent,omitempty"` // the owning resource's name → the argument that holds its id
	Fields    *FieldSource      `yaml:"fields" json:"fields,omitempty"`
	FieldList *FieldList        `yaml:"field_list" json:"field_list,omitempty"`
	// References are arguments that hold an id and may be given by a name instead: another resource's, or as id one of its own.
	References map[string]Reference `yaml:"references" json:"references,omitempty"`
	Lookup     *Lookup              `yaml:"lookup" json:"lookup,omitempty"`
	Methods    []*Method            `yaml:"-" json:"-"` // list, get, create, update, delete, then the others in the order of the file
}

// Reference says where the names are that stand for an id: the list of a resource, called with those of its parents that the call has.
type Reference struct {
	Resource string `yaml:"resource" json:"resource"`
	ID       string `yaml:"id" json:"id"`     // dotted path into an item
	Name     string `yaml:"name" json:"name"` // dotted path into an item, or several with spaces between, whose texts make the name together
	// Other is a path to another name that means an item as well: a person's e-mail address.
	Other string `yaml:"other" json:"other,omitempty"`
	// Arguments narrow a long list to those whose name may be meant; {{name}}, within a text, is what was given.
	Arguments json.RawMessage `yaml:"arguments" json:"arguments,omitempty"`
}

// Lookup is one cheap call that may tell the parent of an object of which only the id is known.
type Lookup struct {
	Resource  string            `yaml:"resource" json:"resource"`
	Method    string            `yaml:"method" json:"method"`
	Arguments map[string]string `yaml:"arguments" json:"arguments"` // texts; {{id}} is the object's id
	Parent    string            `yaml:"parent" json:"parent"`       // dotted path to the parent's id in the answer
	Name      string            `yaml:"name" json:"name,omitempty"` // dotted path to the parent's name
}

// FieldSource says where a resource's custom fields live: `of` names the resource that owns their list, `at` the member of this resource's
// body that carries their values. The others name arguments of its methods that speak of the same fields in other ways; each is optional.
type FieldSource struct {
	Of      string `yaml:"of" json:"of"`
	At      string `yaml:"at" json:"at"`
	Changes string `yaml:"changes" json:"changes,omitempty"` // an object of new values, own members of the resource among them
	Keys    string `yaml:"keys" json:"keys,omitempty"`       // a list of fields, or one
	Mapping string `yaml:"mapping" json:"mapping,omitempty"` // an object whose values are fields
	// Flat says that At is the argument's name alone: the vendor has the values beside the resource's own members. The body's expression puts them there.
	Flat    bool         `yaml:"flat" json:"flat,omitempty"`
	Filters *FilterShape `yaml:"filters" json:"filters,omitempty"`
}

// FilterShape says what a list of conditions on fields looks like.
type FilterShape struct {
	Argument string   `yaml:"argument" json:"argument"`
	Field    string   `yaml:"field" json:"field"`           // member that names the field
	Operator string   `yaml:"operator" json:"operator"`     // member that says how to compare
	Value    string   `yaml:"value" json:"value"`           // member with what to compare to
	Lists    []string `yaml:"lists" json:"lists,omitempty"` // operators whose value is a list of values
	Texts    []string `yaml:"texts" json:"texts,omitempty"` // operators whose value is a piece of text
	Bare     []string `yaml:"bare" json:"bare,omitempty"`   // operators without a value
}

// FieldList says how the custom fields that one object of this resource owns are read: which of its methods answers them, and where a field
// tells what about itself. Key, Label, Description, Type, Required and Options are dotted paths into one field.
type FieldList struct {
	Method      string `yaml:"method" json:"method"`                     // a method of this resource that takes no argument but the object's id
	Items       string `yaml:"items" json:"items,omitempty"`             // dotted path to the list in the answer; empty: the answer is the list
	Key         string `yaml:"key" json:"key"`                           // what the vendor calls the field
	Label       string `yaml:"label" json:"label,omitempty"`             // what people call it
	Description string `yaml:"description" json:"description,omitempty"` // what it is for
	Type        string `yaml:"type" json:"type,omitempty"`               // the vendor's word for what it holds
	Required    string `yaml:"required" json:"required,omitempty"`       // a boolean
	Options     string `yaml:"options" json:"options,omitempty"`         // the values allowed: they become the enum of the type, or of its items
	Types       Types  `yaml:"types" json:"types,omitempty"`             // the vendor's word for a type → JSON Schema of a value
}

// Types maps a vendor's words for types to JSON Schemas.
type Types map[string]json.RawMessage

// Method is one call that a resource offers.
type Method struct {
	Name       string `yaml:"-" json:"-"` // list, get, create, update, delete, or any other
	HTTPMethod string `yaml:"method" json:"method"`
	// Path follows the base URL. {{query.NAME}} and {{id}} stand for arguments, each one encoded segment.
	Path    string   `yaml:"path" json:"path"`
	BaseURL string   `yaml:"base_url" json:"base_url,omitempty"` // instead of the definition's
	Tags    []string `yaml:"tags" json:"tags,omitempty"`
	Tool    string   `yaml:"tool" json:"tool,omitempty"` // the whole name of its tool, instead of one made from integration, resource and method
	// Safe marks a custom method that changes nothing (RFC 9110, 9.2.1). list and get are safe without it.
	Safe          bool                 `yaml:"safe" json:"safe,omitempty"`
	Parameters    map[string]Parameter `yaml:"parameters" json:"parameters,omitempty"` // argument → how it travels, where that differs from the rule
	Body          Body                 `yaml:"body" json:"body,omitzero"`
	Pagination    *Pagination          `yaml:"pagination" json:"pagination,omitempty"`       // nil: the definition's, for list; none for others
	Authorization *Authorizations      `yaml:"authorization" json:"authorization,omitempty"` // instead of the definition's; an empty list: none
	Headers       map[string]string    `yaml:"headers" json:"headers,omitempty"`
	Response      Response             `yaml:"response" json:"response,omitzero"`
	DryRun        *DryRun              `yaml:"dry_run" json:"dry_run,omitempty"`   // how to find out what the method would do, where that can be known
	Complete      *Completion          `yaml:"complete" json:"complete,omitempty"` // where a call's body is completed from, where the vendor wants more of it than changes
	Ask           []Form               `yaml:"ask" json:"ask,omitempty"`           // what a person is asked for before the call, form by form, where the call lacks it

	Resource *Resource      `yaml:"-" json:"-"`
	Doc      *Documentation `yaml:"-" json:"-"` // nil: reachable by the proxy API, never a tool
}

// Form asks a person for arguments that nobody else should make up: a reason, a name, a yes. Clients that cannot ask pass them as any other.
type Form struct {
	Name      string   `yaml:"name" json:"name"`           // tells it from the method's other forms
	Message   string   `yaml:"message" json:"message"`     // what the person reads
	Arguments []string `yaml:"arguments" json:"arguments"` // of the method; texts, numbers and booleans
}

// DryRun says how it is found out what a method would do: a list of the same resource, called with the same arguments, shows what it would touch.
type DryRun struct {
	List    string `yaml:"list" json:"list,omitempty"`       // the method that lists
	Changes string `yaml:"changes" json:"changes,omitempty"` // the argument that holds new values; empty: what is listed would go

	// Where the method imports a table, that is read instead of a list.
	File    string `yaml:"file" json:"file,omitempty"`       // the argument that is the table, a file of a multipart body
	Mapping string `yaml:"mapping" json:"mapping,omitempty"` // the argument that says which column goes where
}

// Completion says how the body of an update becomes whole where the vendor replaces what is there: another method of the same resource reads the object, and the
// members that the body schema requires and a call leaves out are taken from its answer. Nothing is read for a call that has them all. Reading and writing are two requests: what somebody else changes of a
// completed member between them is put back.
type Completion struct {
	Method string            `yaml:"method" json:"method"`
	From   map[string]string `yaml:"from" json:"from,omitempty"`   // member of the body → dotted path into the answer, where that is not its own name
	Merge  []string          `yaml:"merge" json:"merge,omitempty"` // members that are objects, whose given members are laid over those that are there: null empties one
}

// Parameter says how one argument outside the body travels.
type Parameter struct {
	In string `yaml:"in" json:"in,omitempty"` // query (the default), path, header, cookie
	// Name is the vendor's name; the argument's own if empty. In a body it may be a template over other arguments of it, {{body.NAME}}, which then are
	// not sent themselves: a form's part that is named by the field it is for.
	Name  string `yaml:"name" json:"name,omitempty"`
	Style string `yaml:"style" json:"style,omitempty"` // form (the default), comma, space, pipe, deep, json; tab in Swagger 2.0 documents; in a path, of a list or an object: comma, space, pipe, tab, equals, dot, matrix; in a header also equals: an object as name=value, with commas
	// Const is sent always; then it is no argument. nil (none), string, bool, json.Number, []any or map[string]any.
	Const any `yaml:"const" json:"const,omitempty"`

	// The others are of a file in a multipart body.
	Filename string   `yaml:"filename" json:"filename,omitempty"` // the argument of the body that names it, where the vendor has one
	Types    []string `yaml:"types" json:"types,omitempty"`       // media types that the vendor takes, image/* for all of a kind; empty: any. A part that is no file is sent as the first
	MaxSize  int      `yaml:"max_size" json:"max_size,omitempty"` // bytes that the vendor takes; 0: not known
}

// Body says how the arguments of the body schema become a request body.
type Body struct {
	Format      string               `yaml:"format" json:"format,omitempty"` // json (the default), form, multipart, raw, none
	ContentType string               `yaml:"content_type" json:"content_type,omitempty"`
	Optional    bool                 `yaml:"optional" json:"optional,omitempty"`     // a body that is one argument may be left out
	Properties  map[string]Parameter `yaml:"properties" json:"properties,omitempty"` // argument → vendor's name and style, where they differ
	// Expression is jq over the object of the body's arguments, in the format json: what it yields is the body.
	Expression string `yaml:"expression" json:"expression,omitempty"`
}

// Response shapes an answer before it leaves vendor.
type Response struct {
	Expression string `yaml:"expression" json:"expression,omitempty"` // jq over the whole answer
	Format     string `yaml:"format" json:"format,omitempty"`         // json (the default), text, file; content: a list of MCP content; custom_fields: the fields as a JSON Schema
	// Brief are the members that a model is shown of the answer, or of each of its items, where it names no fields: dotted paths. Programs are given the whole.
	Brief []string `yaml:"brief" json:"brief,omitempty"`
}

// Documentation is what makes a method a tool.
type Documentation struct {
	Description    string          `yaml:"description" json:"description"`                   // its first sentence says what the tool does
	QuerySchema    json.RawMessage `yaml:"query_schema" json:"query_schema,omitempty"`       // JSON Schema of the arguments outside the body, path arguments included
	BodySchema     json.RawMessage `yaml:"body_schema" json:"body_schema,omitempty"`         // of the body; one that is no object is an argument named body
	ResponseSchema json.RawMessage `yaml:"response_schema" json:"response_schema,omitempty"` // of one item of the answer
	Examples       []Example       `yaml:"examples" json:"examples,omitempty"`               // checked against the schemas when the definition is loaded
	// Verbatim shows clients the one schema of the method word for word, references and combinators too, which some clients refuse. Without it they are shown
	// what every client takes: plain properties, to which the rest is checked all the same.
	Verbatim bool `yaml:"verbatim" json:"verbatim,omitempty"`
}

// Example is a call's arguments with what they are for.
type Example struct {
	Title     string          `yaml:"title" json:"title"`
	Arguments json.RawMessage `yaml:"arguments" json:"arguments"`
}

// Credentials is what a person enters to connect an account, and how a token comes of it. A vendor may offer more than one way: the others
// are Alternatives, and the names of the values given tell which way was taken.
type Credentials struct {
	Label    string    `yaml:"label" json:"label,omitempty"` // what people call this way, where there is more than one
	Format   string    `yaml:"format" json:"format"`         // none, static, login, oauth2_authorization_code, oauth2_client_credentials
	Fields   Fields    `yaml:"fields" json:"fields,omitempty"`
	Token    string    `yaml:"token" json:"token,omitempty"`       // format static: a template over credentials.NAME that is token.access
	Login    *Exchange `yaml:"login" json:"login,omitempty"`       // format login: how the fields become a token
	Refresh  *Exchange `yaml:"refresh" json:"refresh,omitempty"`   // how an old token becomes a new one; without it, or when it is refused, Login again
	Validate *Probe    `yaml:"validate" json:"validate,omitempty"` // a call that proves the credential
	// Revoke is how the vendor is asked to end the tokens of an account that is deleted, where it is not RFC 7009's way: a logout.
	Revoke *Request `yaml:"revoke" json:"revoke,omitempty"`
	OAuth2 *OAuth2  `yaml:"oauth2" json:"oauth2,omitempty"`

	Alternatives []Credentials `yaml:"alternatives" json:"alternatives,omitempty"` // other ways to the same calls; they have no alternatives of their own
}

// Field is one entry of an account's form.
type Field struct {
	Name     string   `yaml:"name" json:"name"`
	Label    string   `yaml:"label" json:"label,omitempty"`
	Help     string   `yaml:"help" json:"help,omitempty"`
	Type     string   `yaml:"type" json:"type,omitempty"`     // text (the default), password
	Format   string   `yaml:"format" json:"format,omitempty"` // email, uri
	Default  string   `yaml:"default" json:"default,omitempty"`
	Optional bool     `yaml:"optional" json:"optional,omitempty"`
	Options  []string `yaml:"options" json:"options,omitempty"`
	// Choices makes a field of context one that is asked once the credential works, since only then the vendor can be asked what there is to choose.
	Choices *Choices `yaml:"choices" json:"choices,omitempty"`
}

// Choices is a call that lists what a field can be. Items and Next are dotted paths into the answer, Value and Label into one item.
type Choices struct {
	Method string `yaml:"method" json:"method,omitempty"` // get (the default), post
	Path   string `yaml:"path" json:"path"`
	Items  string `yaml:"items" json:"items,omitempty"` // empty: the answer is the list
	Value  string `yaml:"value" json:"value"`
	Label  string `yaml:"label" json:"label,omitempty"` // what people call it; empty: the value
	// Next is where the answer has the next page's address or, with Cursor, its cursor; a Link header (RFC 8288) is followed without.
	Next   string `yaml:"next" json:"next,omitempty"`
	Cursor string `yaml:"cursor" json:"cursor,omitempty"` // the query parameter that the next page's cursor goes into
}

// Fields is a form, in order.
type Fields []Field

// Chosen reports whether a field is one of choices, which has its value once the credential works.
func (fs Fields) Chosen(name string) bool {
	f := fs.find(name)
	return f != nil && f.Choices != nil
}

// Exchange is a call that yields a token. Values in Body, Query and Headers are templates over credentials.NAME, context.NAME and
// token.access, token.refresh (what is held now). Token, RefreshToken and ExpiresIn are dotted paths into the answer.
type Exchange struct {
	Method       string            `yaml:"method" json:"method"`
	Path         string            `yaml:"path" json:"path"`
	Headers      map[string]string `yaml:"headers" json:"headers,omitempty"`
	Query        map[string]string `yaml:"query" json:"query,omitempty"`
	Body         map[string]string `yaml:"body" json:"body,omitempty"`
	BodyFormat   string            `yaml:"body_format" json:"body_format,omitempty"` // json (the default), form
	Token        string            `yaml:"token" json:"token"`
	RefreshToken string            `yaml:"refresh_token" json:"refresh_token,omitempty"`
	ExpiresIn    string            `yaml:"expires_in" json:"expires_in,omitempty"` // seconds
	Lifetime     int               `yaml:"lifetime" json:"lifetime,omitempty"`     // seconds, where neither the answer nor the token itself says (a JWT does)
}

// Request is a call that carries credentials. Values in Body, Query and Headers are templates over credentials.NAME, context.NAME, token.access and token.refresh.
type Request struct {
	Method     string            `yaml:"method" json:"method"`
	Path       string            `yaml:"path" json:"path"`
	Headers    map[string]string `yaml:"headers" json:"headers,omitempty"`
	Query      map[string]string `yaml:"query" json:"query,omitempty"`
	Body       map[string]string `yaml:"body" json:"body,omitempty"`
	BodyFormat string            `yaml:"body_format" json:"body_format,omitempty"` // json (the default), form
}

// Request is what of the exchange is sent.
func (e *Exchange) Request() *Request {
	return &Request{Method: e.Method, Path: e.Path, Headers: e.Headers, Query: e.Query, Body: e.Body, BodyFormat: e.BodyFormat}
}

// Probe is a harmless call.
type Probe struct {
	Method string `yaml:"method" json:"method"`
	Path   string `yaml:"path" json:"path"`
}

// OAuth2 is the vendor's authorization server, and what is asked of it (RFC 6749). Its addresses are templates over context.NAME and credentials.NAME.
type OAuth2 struct {
	Issuer           string   `yaml:"issuer" json:"issuer,omitempty"` // tells the addresses (OpenID Connect Discovery 1.0)
	AuthorizationURL string   `yaml:"authorization_url" json:"authorization_url,omitempty"`
	TokenURL         string   `yaml:"token_url" json:"token_url,omitempty"`
	RevocationURL    string   `yaml:"revocation_url" json:"revocation_url,omitempty"` // where the tokens of an account that is deleted are ended (RFC 7009)
	Scopes           []string `yaml:"scopes" json:"scopes,omitempty"`
	// Parameters are added to the authorization request, in format oauth2_client_credentials to the token request.
	Parameters map[string]string `yaml:"parameters" json:"parameters,omitempty"`
	// ClientID and ClientSecret are templates over credentials.NAME, where each account brings a client of its own; else the environment has one.
	ClientID             string `yaml:"client_id" json:"client_id,omitempty"`
	ClientSecret         string `yaml:"client_secret" json:"client_secret,omitempty"`
	ClientAuthentication string `yaml:"client_authentication" json:"client_authentication,omitempty"` // where the client's secret goes: header (the default), body
	TokenType            string `yaml:"token_type" json:"token_type,omitempty"`                       // a vendor's own word for a bearer token
}

// Authorization puts one credential on a request.
type Authorization struct {
	Format string `yaml:"format" json:"format"`       // bearer, basic, header, query, cookie
	Name   string `yaml:"name" json:"name,omitempty"` // of the header, query parameter or cookie
	// Value is a template over credentials.NAME and token.access; bearer's default is {{token.access}}. basic takes Username and Password.
	Value    string `yaml:"value" json:"value,omitempty"`
	Username string `yaml:"username" json:"username,omitempty"`
	Password string `yaml:"password" json:"password,omitempty"`
}

// Authorizations is one authorization or a list of them in YAML.
type Authorizations []Authorization

// RateLimit names the headers (or, with a leading dot, the places in the body) that tell the vendor's limits.
type RateLimit struct {
	Limit      string `yaml:"limit" json:"limit,omitempty"`
	Remaining  string `yaml:"remaining" json:"remaining,omitempty"`
	Reset      string `yaml:"reset" json:"reset,omitempty"`             // Unix seconds, seconds from now, or a date: told apart by size
	RetryAfter string `yaml:"retry_after" json:"retry_after,omitempty"` // seconds or an HTTP date
	Status     []int  `yaml:"status" json:"status,omitempty"`           // beside 429
	When       string `yaml:"when" json:"when,omitempty"`               // jq over the body: true means limited, whatever the status
}

// Pagination says how a list goes on. Items, Next, Total and LastPage are dotted paths into the answer; an empty Items is a bare array.
type Pagination struct {
	Format   string `yaml:"format" json:"format"` // none, page, offset, cursor, header, link, expression
	Items    string `yaml:"items" json:"items,omitempty"`
	Page     string `yaml:"page" json:"page,omitempty"`           // query parameter of the page's number
	First    *int   `yaml:"first" json:"first,omitempty"`         // number of the first page; 1 if not said
	Offset   string `yaml:"offset" json:"offset,omitempty"`       // query parameter of the offset
	Cursor   string `yaml:"cursor" json:"cursor,omitempty"`       // query parameter of the cursor
	Size     string `yaml:"size" json:"size,omitempty"`           // query parameter of the page's size
	MaxSize  int    `yaml:"max_size" json:"max_size,omitempty"`   // what the vendor caps a page at; 0: not known
	Next     string `yaml:"next" json:"next,omitempty"`           // path to the next cursor or URL; the header's name in format header; jq in format expression
	Total    string `yaml:"total" json:"total,omitempty"`         // path to the count of all items
	LastPage string `yaml:"last_page" json:"last_page,omitempty"` // path to the last page's number
	More     string `yaml:"more" json:"more,omitempty"`           // path to a boolean: more follow
}

// Errors says where a refusal explains itself. Message, Code and Fields are dotted paths.
type Errors struct {
	Message string `yaml:"message" json:"message,omitempty"`
	Code    string `yaml:"code" json:"code,omitempty"`
	Fields  string `yaml:"fields" json:"fields,omitempty"` // an object field → reasons, or a list of objects
	When    string `yaml:"when" json:"when,omitempty"`     // jq over a 2xx body: true means it is an error all the same
	Scope   string `yaml:"scope" json:"scope,omitempty"`   // path to the permission that a 403 misses
	Hints   []Hint `yaml:"hints" json:"hints,omitempty"`   // of those that hold, the first is said beside the vendor's message
}

// Hint is what a vendor's refusal means where its own words do not tell.
type Hint struct {
	When string `yaml:"when" json:"when"` // jq over the refusal's body
	Say  string `yaml:"say" json:"say"`   // a sentence for who made the call
}

// Resources keeps the order of the file.
type Resources []*Resource
