package octapipe

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// maxBody bounds a JSON body. Files have a limit of their own.
const maxBody = 2 << 20

const (
	maxName = 255
	maxText = 65535
)

// input is a JSON object that a caller sent. Its methods read members into places that already hold what is stored, so that a member that was
// not sent changes nothing; what does not fit is added to faults. Members that nobody reads, which are those the service owns and those
// it does not know, are ignored: callers send whole objects back.
type input struct {
	members map[string]json.RawMessage
	faults  faults
}

// readInput reads a request's body as an object.
func readInput(w http.ResponseWriter, r *http.Request) (*input, []byte, error) {
	raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if err != nil {
		if tooLarge := new(http.MaxBytesError); errors.As(err, &tooLarge) {
			return nil, nil, refuse(http.StatusRequestEntityTooLarge, "The body is larger than %d bytes.", maxBody)
		}
		return nil, nil, refuse(http.StatusBadRequest, "The body could not be read: it ended early.")
	}
	in, err := parseInput(raw)
	return in, raw, err
}

func parseInput(raw []byte) (*input, error) {
	in := &input{members: map[string]json.RawMessage{}}
	if len(bytes.TrimSpace(raw)) == 0 {
		return in, nil
	}
	if !utf8.Valid(raw) {
		return nil, refuse(http.StatusBadRequest, "The body is not UTF-8.")
	}
	if err := json.Unmarshal(raw, &in.members); err != nil || in.members == nil {
		if !json.Valid(raw) {
			return nil, refuse(http.StatusBadRequest, "The body is not valid JSON.")
		}
		return nil, refuse(http.StatusBadRequest, "The body must be a JSON object.")
	}
	for _, name := range sortedKeys(in.members) {
		if holdsNUL(in.members[name]) {
			in.faults.add(name, "The %s field must not contain a NUL character.", said(name))
		}
	}
	return in, in.faults.err()
}

// holdsNUL tells whether any text in a JSON value, a member's name included, contains U+0000.
func holdsNUL(raw json.RawMessage) bool {
	if !bytes.Contains(raw, []byte(`\u0000`)) {
		return false
	}
	decoder := json.NewDecoder(bytes.NewReader(raw))
	for {
		token, err := decoder.Token()
		if err != nil {
			return false
		}
		if text, ok := token.(string); ok && strings.ContainsRune(text, 0) {
			return true
		}
	}
}

// given tells whether a member was sent and is not null.
func (in *input) given(name string) bool {
	raw, ok := in.members[name]
	return ok && string(raw) != "null"
}

func (in *input) sent(name string) bool { _, ok := in.members[name]; return ok }

func (in *input) missing(name string) {
	in.faults.add(name, "The %s field is required.", said(name))
}

// text reads a text that must be there and must not be blank.
func (in *input) text(name string, into *string, limit int) {
	var text string
	switch {
	case !in.given(name):
		in.missing(name)
	case json.Unmarshal(in.members[name], &text) != nil:
		in.faults.add(name, "The %s field must be a string.", said(name))
	case strings.TrimSpace(text) == "":
		in.missing(name)
	case utf8.RuneCountInString(text) > limit:
		in.faults.add(name, "The %s field must not be greater than %d characters.", said(name), limit)
	default:
		*into = text
	}
}

// optionalText reads a text that may be absent (nothing changes) or null (it becomes empty).
func (in *input) optionalText(name string, into *string, limit int) {
	if !in.sent(name) {
		return
	}
	var text string
	if in.given(name) && json.Unmarshal(in.members[name], &text) != nil {
		in.faults.add(name, "The %s field must be a string.", said(name))
		return
	}
	if utf8.RuneCountInString(text) > limit {
		in.faults.add(name, "The %s field must not be greater than %d characters.", said(name), limit)
		return
	}
	*into = text
}

// oneOf reads a required text out of a list.
func (in *input) oneOf(name string, into *string, allowed ...string) {
	var text string
	switch {
	case !in.given(name):
		in.missing(name)
	case json.Unmarshal(in.members[name], &text) != nil || !slices.Contains(allowed, text):
		in.faults.add(name, "The selected %s is invalid: it must be one of %s.", said(name), strings.Join(allowed, ", "))
	default:
		*into = text
	}
}

// whole reads a whole number that is not negative.
func (in *input) whole(name string, into *int64, required bool) {
	if !in.given(name) {
		if required {
			in.missing(name)
		}
		return
	}
	n, err := strconv.ParseInt(string(in.members[name]), 10, 64)
	switch {
	case err != nil:
		in.faults.add(name, "The %s field must be an integer.", said(name))
	case n < 0:
		in.faults.add(name, "The %s field must be at least 0.", said(name))
	default:
		*into = n
	}
}

func (in *input) boolean(name string, into *bool) {
	if in.given(name) && json.Unmarshal(in.members[name], into) != nil {
		in.faults.add(name, "The %s field must be true or false.", said(name))
	}
}

// texts reads a list of texts; null empties it.
func (in *input) texts(name string, into *[]string) {
	if !in.sent(name) {
		return
	}
	var list []string
	if in.given(name) && json.Unmarshal(in.members[name], &list) != nil {
		in.faults.add(name, "The %s field must be a list of strings.", said(name))
		return
	}
	for i, text := range list {
		if strings.TrimSpace(text) == "" || utf8.RuneCountInString(text) > maxName {
			in.faults.add(name+"."+strconv.Itoa(i), "Each of %s must have 1 to %d characters.", said(name), maxName)
			return
		}
	}
	*into = list
}

func (in *input) date(name string, into *string) {
	var text string
	switch {
	case !in.given(name):
		in.missing(name)
	case json.Unmarshal(in.members[name], &text) != nil || !isDate(text):
		in.faults.add(name, "The %s field must match the format YYYY-MM-DD.", said(name))
	default:
		*into = text
	}
}

var (
	clockTime        = regexp.MustCompile(`^([01]\d|2[0-3]):[0-5]\d$`)
	clockTimeSeconds = regexp.MustCompile(`^([01]\d|2[0-3]):[0-5]\d:[0-5]\d$`)
)

// clock reads a time of day, HH:MM, into HH:MM:SS. An update also takes the form that the service itself gives out.
func (in *input) clock(name string, into *string, update bool) {
	var text string
	switch {
	case !in.given(name):
		in.missing(name)
	case json.Unmarshal(in.members[name], &text) != nil:
		in.faults.add(name, "The %s field must be a string.", said(name))
	case clockTime.MatchString(text):
		*into = text + ":00"
	case update && clockTimeSeconds.MatchString(text):
		*into = text
	default:
		in.faults.add(name, "The %s field must match the format HH:MM.", said(name))
	}
}

func isDate(text string) bool {
	_, err := time.Parse(time.DateOnly, text)
	return err == nil && len(text) == len(time.DateOnly)
}
