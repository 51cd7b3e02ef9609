package openapi

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// route is an operation's path, taken apart.
type route struct {
	sent     string // what is sent of it: without the fragment by which some documents tell operations of one path apart
	fragment string
	steps    []step
	tokens   []string // the names in braces, in order
}

// step is one part of a path to a reader: a word, or a place for an id.
type step struct {
	words []string // of a literal
	token string   // what stands in braces; "" in a literal
	verb  bool     // it says what is done: /{id}:archive
}

var token = regexp.MustCompile(`\{([^{}]*)\}`)

// routeOf reads a path.
func routeOf(path string) (*route, error) {
	r := &route{}
	r.sent, r.fragment, _ = strings.Cut(path, "#")
	if !strings.HasPrefix(r.sent, "/") {
		r.sent = "/" + r.sent
	}
	way, query, _ := strings.Cut(r.sent, "?")
	switch {
	case strings.Contains(r.sent, "{?"), strings.Contains(r.sent, "{&"):
		return nil, fmt.Errorf("the path has a variable that stands for a query")
	case strings.Contains(query, "{"):
		return nil, fmt.Errorf("the path has a variable after its question mark")
	case strings.ContainsAny(token.ReplaceAllString(r.sent, ""), "{}"):
		return nil, fmt.Errorf("the path has braces that do not match")
	case strings.ContainsFunc(r.sent, func(c rune) bool { return c < ' ' || c == 0x7f }):
		return nil, fmt.Errorf("the path holds a control character")
	case strings.Contains(r.sent, "://"):
		return nil, fmt.Errorf("the path is a whole address")
	}
	for _, segment := range strings.Split(way, "/") {
		if segment == "." || segment == ".." {
			return nil, fmt.Errorf("the path has a segment of dots, which leads elsewhere than it seems")
		}
		r.segment(segment)
	}
	seen := map[string]bool{}
	for _, found := range token.FindAllStringSubmatch(way, -1) {
		name := bare(found[1])
		switch {
		case name == "":
			return nil, fmt.Errorf("the path has a variable without a name")
		case seen[name]:
			return nil, fmt.Errorf("the path has {%s} twice", name)
		}
		seen[name] = true
		r.tokens = append(r.tokens, name)
	}
	return r, nil
}

// bare is a variable's name without the operators of RFC 6570, which some documents write.
func bare(variable string) string {
	return strings.TrimRight(strings.TrimLeft(variable, "+#./; "), "* ")
}

// segment adds the steps of a segment: /users, /{id}, /{id}:archive, /thumbnail.{extension}.
func (r *route) segment(segment string) {
	head, verb, hasVerb := strings.Cut(segment, ":")
	if strings.Contains(verb, "{") {
		head, hasVerb = segment, false
	}
	if found := token.FindStringSubmatch(head); found != nil && found[0] == head {
		r.steps = append(r.steps, step{token: bare(found[1])})
	} else {
		literal := strings.NewReplacer("%20", " ").Replace(token.ReplaceAllString(head, " "))
		words := splitWords(literal)
		if len(words) == 0 && strings.TrimSpace(literal) != "" {
			words = []string{"x" + short(literal)} // another script
		}
		if len(words) > 0 {
			r.steps = append(r.steps, step{words: words})
		}
	}
	if hasVerb && verb != "" {
		if words := splitWords(verb); len(words) > 0 {
			r.steps = append(r.steps, step{words: words, verb: true})
		}
	}
}

var versionWord = regexp.MustCompile(`^(v\d+([a-z]+\d*)?|\d+|api|rest)$`)

// meaningful are the steps without the version and the api that paths often begin with, if something remains.
func (r *route) meaningful() []step {
	rest := r.steps
	for len(rest) > 1 && rest[0].token == "" && !slices.ContainsFunc(rest[0].words, func(w string) bool { return !versionWord.MatchString(w) }) {
		rest = rest[1:]
	}
	if rest[0].token != "" && len(rest) == 1 {
		return r.steps
	}
	return rest
}

// place is where an operation belongs among the resources.
type place struct {
	resource string
	method   string
}

// call is an operation with what is known of where it belongs.
type call struct {
	number int // its place in the document
	*operation
	*route
	answer *answer
	page   *paging

	steps     []step
	places    []place // the best first
	standards int     // how many of them are standard methods
	id        string  // the token that is the resource's own id, "" where none is
	place     place
	names     map[string]string // token → the argument's name
}

// names joins the literals of some steps to a resource's name: all but the last in the singular, as in user_posts.
func resourceName(steps []step, brief bool) string {
	var parts []string
	var literals [][]string
	for _, s := range steps {
		if s.token == "" {
			literals = append(literals, s.words)
		}
	}
	for i, words := range literals {
		name := strings.Join(words, "_")
		if i < len(literals)-1 {
			name = singularName(name)
		}
		if brief && i > 0 && (strings.HasPrefix(name, parts[len(parts)-1]+"_") || singularName(name) == parts[len(parts)-1]) {
			parts = parts[:len(parts)-1] // project, project_memberships
		}
		parts = append(parts, name)
	}
	if len(parts) == 0 {
		return "items"
	}
	return snake(parts)
}

// siblings is what is known of a path by the others: whether it has items, and which methods it has.
type siblings struct {
	items   map[string]bool            // a path that is followed by an id somewhere
	methods map[string]map[string]bool // path → methods
}

func shape(steps []step) string {
	var b strings.Builder
	for _, s := range steps {
		if s.token != "" {
			b.WriteString("/{}")
		} else {
			b.WriteString("/" + strings.Join(s.words, "_"))
		}
	}
	return b.String()
}

func siblingsOf(calls []*call) *siblings {
	s := &siblings{items: map[string]bool{}, methods: map[string]map[string]bool{}}
	for _, c := range calls {
		at := shape(c.steps)
		if n := len(c.steps); c.steps[n-1].token != "" {
			s.items[shape(c.steps[:n-1])] = true
		}
		if s.methods[at] == nil {
			s.methods[at] = map[string]bool{}
		}
		if c.fragment == "" {
			s.methods[at][c.method] = true
		}
	}
	return s
}

// locate finds the resource and the method that an operation is, by path, verb and operation id.
func (c *call) locate(all *siblings) {
	last := c.steps[len(c.steps)-1]
	if c.fragment != "" {
		c.custom(c.steps, splitWords(c.fragment))
		if last.token != "" {
			c.id = last.token
		}
		return
	}
	if last.token != "" {
		c.id = last.token
		methods := all.methods[shape(c.steps)]
		standard := map[string]string{"get": "get", "delete": "delete", "patch": "update"}[c.method]
		switch {
		case c.method == "put" && !methods["patch"]:
			standard = "update"
		case c.method == "post" && !methods["put"] && !methods["patch"]:
			standard = "update"
		}
		if c.method == "get" && c.isListed() {
			standard = "" // a path that ends in a name, as /lists/{name}
		}
		c.standard(standard, c.steps)
		return
	}
	before := c.steps[:len(c.steps)-1]
	owned := slices.ContainsFunc(before, func(s step) bool { return s.token == "" })
	at := shape(c.steps)
	// addFollowers is something to do, where followers would be things that there are.
	acting := last.verb || owned && slices.Contains(doing, last.words[0]) && !all.items[at] && !all.methods[at]["get"]
	collection := c.isListed() && c.method == "get" || all.items[at] || isPlural(last.words[len(last.words)-1]) && !acting
	switch {
	case c.method == "get" && c.isListed():
		c.standard("list", c.steps)
	case c.method == "post" && collection && !c.actsOtherwise():
		c.standard("create", c.steps)
	case owned && !collection || owned && c.method == "get":
		if before[len(before)-1].token != "" {
			c.id = before[len(before)-1].token
		}
		c.custom(before, nil)
	default:
		c.custom(c.steps, nil)
	}
}

// standard makes the operation one of the standard methods; if another is that already, one of its own name.
func (c *call) standard(method string, steps []step) {
	if method != "" {
		c.places = append(c.places, place{resourceName(steps, true), method})
		if full := resourceName(steps, false); full != c.places[0].resource {
			c.places = append(c.places, place{full, method})
		}
		c.standards = len(c.places)
	}
	c.custom(steps, nil)
}

// custom makes the operation a method of its own name.
func (c *call) custom(steps []step, name []string) {
	resource := resourceName(steps, true)
	if len(name) > 0 {
		c.places = append(c.places, place{resource, c.verbal(name)})
	}
	own := c.steps[len(steps):] // what of the path the resource does not say
	var rest []string
	for _, s := range own {
		rest = append(rest, s.words...)
	}
	bySummary := splitWords(c.summary())
	if len(bySummary) > 0 && len(bySummary) <= 5 && slices.Contains(doing, bySummary[0]) {
		bySummary = c.without(bySummary, resource)
	} else {
		bySummary = nil
	}
	if len(own) == 1 && own[0].verb {
		c.places = append(c.places, place{resource, snake(rest)})
	}
	for _, words := range [][]string{c.without(splitWords(c.operation.id()), resource), bySummary, rest} {
		if len(words) > 0 {
			c.places = append(c.places, place{resource, c.verbal(words)})
		}
	}
	bulk := map[string]string{"get": "fetch", "post": "post", "put": "replace", "patch": "change", "delete": "remove"}[c.method]
	if c.id == "" && len(own) == 0 && c.method != "get" && c.method != "post" {
		bulk += "_all"
	}
	c.places = append(c.places, place{resource, bulk}, place{resource, bulk + "_" + short(c.String())})
}

var (
	// doing are words that an operation's name begins with and that say what it does.
	doing = []string{"accept", "acknowledge", "activate", "add", "analyze", "append", "apply", "approve", "archive", "ask", "assign", "attach", "authorize", "batch", "block", "bulk", "calculate", "cancel", "change", "check",
		"clear", "clone", "close", "commit", "complete", "confirm", "convert", "copy", "count", "deactivate", "decline", "deny", "detach", "disable", "dismiss", "download", "drop", "duplicate", "empty", "enable", "estimate",
		"execute", "expire", "export", "extract", "fetch", "filter", "find", "finish", "follow", "generate", "give", "import", "insert", "instantiate", "invite", "join", "keep", "leave", "link", "load", "lock", "login", "logout", "lookup",
		"mark", "merge", "modify", "move", "mute", "notify", "open", "pause", "pay", "pin", "preview", "print", "process", "publish", "purge", "query", "read", "rebuild", "record", "refresh", "refund", "register", "reject", "release", "reload", "remove",
		"rename", "render", "renew", "reopen", "reorder", "replace", "reply", "request", "reset", "resend", "resolve", "restart", "restore", "resume", "retrieve", "retry", "return", "revoke", "rotate", "run", "save", "scan", "schedule", "search",
		"select", "send", "set", "share", "sign", "skip", "sort", "split", "start", "stop", "store", "submit", "subscribe", "suspend", "switch", "sync", "tag", "take", "terminate", "test", "transfer", "translate", "trigger", "trim", "typeahead", "unarchive", "unassign",
		"unblock", "undo", "unfollow", "unlink", "unlock", "unpin", "unpublish", "unsubscribe", "update", "upload", "upsert", "use", "validate", "verify", "view", "void", "vote", "watch", "withdraw", "create", "delete", "get", "list", "show", "make", "new"}
	// adding are those of them that make a new thing of what is posted to a collection.
	adding = []string{"add", "attach", "create", "insert", "invite", "make", "new", "open", "post", "put", "record", "register", "request", "save", "schedule", "start", "store", "submit", "take", "upload", "give", "keep", "tag", "sign", "send", "import", "generate", "batch", "place"}
	small  = []string{"a", "an", "the", "by", "for", "of", "to", "in", "from", "with", "on", "id", "ids", "using", "and", "api"}
)

// actsOtherwise reports whether an operation's name says that it does something else than to make a new thing.
func (c *call) actsOtherwise() bool {
	for _, words := range [][]string{splitWords(c.operation.id()), c.steps[len(c.steps)-1].words} {
		if len(words) > 0 && slices.Contains(doing, words[0]) && !slices.Contains(adding, words[0]) {
			return true
		}
	}
	return false
}

// without takes the words of a resource out of an operation's name, and those that say nothing.
func (c *call) without(words []string, resource string) []string {
	known := map[string]bool{}
	for _, w := range strings.Split(resource, "_") {
		known[w], known[singularOf(w)] = true, true
	}
	var rest []string
	for i, w := range words {
		if i > 0 && (slices.Contains(small, w) || known[w] || known[singularOf(w)]) || i == 0 && known[w] && len(words) > 1 {
			continue
		}
		if i == 0 && slices.Contains([]string{"post", "put", "patch"}, w) && len(words) > 1 {
			continue
		}
		rest = append(rest, w)
	}
	if len(rest) == 1 && rest[0] == c.method {
		return nil
	}
	return rest
}

// verbal is a method's name that begins with what it does.
func (c *call) verbal(words []string) string {
	if !slices.Contains(doing, words[0]) {
		words = append([]string{map[string]string{"get": "get", "post": "create", "put": "set", "patch": "change", "delete": "delete"}[c.method]}, words...)
	}
	return snake(words)
}

// isListed reports whether the operation answers a list that Sluice can page through.
func (c *call) isListed() bool { return c.answer.isList }
