// Package vendor makes one HTTP call to a vendor by its definition: the credential is applied, the request sent, and the answer
// classified into items and next position, rate limit, or error. Members that the definition marks secret are gone from what leaves here.
//
// It imports account (credentials), outbound (the wire), integration, refusal, expression and jsonscan; it knows neither tools nor MCP. A Request
// enters with everything but the credential, and a classified Response leaves, whatever the vendor or the network did: an error is a fault of ours or of
// the definition.
package vendor

import (
	"sluice/internal/integration"
)

// Request is one call, complete but for the credential.
type Request struct {
	Method      *integration.Method
	Path        string // encoded, follows the base URL
	Query       string // encoded, without "?"
	Header      [][2]string
	Body        []byte  // nil: none
	Upload      *Upload // instead of Body
	ContentType string
	Trace       Trace     // of the caller, if any
	Page        *Position // list methods: where to read; nil where nothing pages
}

// Position is a place in a vendor's list.
type Position struct {
	Token string // page number, offset, cursor or URL, by the pagination's format; "" is the first page
	Size  int    // page size asked for; 0: the vendor's own
	Skip  int    // items of this page that were already handed out
	Seen  uint64 // hash of the page before, to notice a vendor that repeats itself
}

// Outcome says what became of a call.
type Outcome int

const (
	OK          Outcome = iota // the vendor did it
	Refused                    // the vendor answered with an error
	RateLimited                // 429, or what the definition counts as one
	Unsent                     // nothing happened: no connection, forbidden address, dead credential; or a read whose answer was lost
	Unknown                    // sent, and the answer is lost: it may have happened
)

// Response is a classified answer.
type Response struct {
	Outcome Outcome
	Status  int // the vendor's HTTP status; 0 when none came

	// ContentType is the media type of Body. Text that is not JSON is handed on as a JSON string; only where this is not JSON is Body something else.
	ContentType string
	Body        []byte    // JSON as the vendor sent it, secrets dropped; for a list the array of items; nil when the vendor sent nothing
	Items       int       // list methods: how many items Body holds
	Next        *Position // list methods: where the list goes on; nil when it ends here
	MoreUnknown bool      // Next is set, but the vendor does not say whether anything follows (a full bare array)
	Total       int       // list methods: count of all items where told; -1 otherwise
	RateLimit   RateLimit
	Problem     *Problem // set unless OK
	Repeats     bool     // list methods: the vendor gave the page before once more, which is taken for the end
	Location    string   // where what was made, or what tells of its making, is; of a 201 or 202 that says so
}

// RateLimit is the vendor's limit, normalised. A negative number is not known.
type RateLimit struct {
	Limit, Remaining int
	Reset            int // seconds to the reset
	RetryAfter       int // seconds; only with RateLimited, and with a 503 that says so
}

// NoRateLimit is a limit of which nothing is known.
var NoRateLimit = RateLimit{Limit: -1, Remaining: -1, Reset: -1, RetryAfter: -1}

// Problem is a failure in words.
type Problem struct {
	Message     string              // one sentence that says what to do where that is known
	Fields      map[string][]string // field → the vendor's reasons
	Details     []byte              // the vendor's body as JSON, secrets out; its message alone where it is no JSON or too large; nil when none came
	NeedsReauth bool                // the account's credential is dead
	Argument    string              // the argument that is to blame: the file that it names cannot be had, or is not taken
}
