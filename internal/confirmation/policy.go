package confirmation

import "fmt"

// Policy says which calls ask a person before they are sent. The zero Policy asks for none.
type Policy string

// The words that an MCP server's config and an integrated account have for it.
const (
	Never       Policy = "never"
	Destructive Policy = "destructive" // calls that delete
	Writes      Policy = "writes"      // calls that change anything
)

// ParsePolicy reads one of the three words; "" is Never. Both are kept as "". The error is a clause, to follow the name of what was read.
func ParsePolicy(word string) (Policy, error) {
	switch p := Policy(word); p {
	case "", Never:
		return "", nil
	case Destructive, Writes:
		return p, nil
	}
	return "", fmt.Errorf("must be %s, %s or %s", Never, Destructive, Writes)
}

// Stricter is that one of two which asks more.
func Stricter(a, b Policy) Policy {
	for _, p := range []Policy{Writes, Destructive} {
		if a == p || b == p {
			return p
		}
	}
	return ""
}

// Words are the policies as people choose among them, each with a sentence that says what it does.
var Words = []struct {
	Policy   Policy
	Sentence string
}{
	{Never, "Calls are sent without a question."},
	{Destructive, "Before a call deletes something, a person is asked, with what would be lost."},
	{Writes, "Before a call changes anything, a person is asked, with what would be different."},
}
