package toolset

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"mime"
	"net/url"
	"slices"
	"strings"

	"sluice/internal/filetype"
	"sluice/internal/jsonscan"
)

// MaxContent is how many bytes of files one call may carry in its arguments: what fits as base64 into the 4 MiB that a door takes. What is larger is given by its URL, and never
// passes through a model.
const MaxContent = 3_000_000

// Piece is a part of a body: bytes, or a file that is fetched while the body is sent.
type Piece struct {
	Bytes []byte
	File  *File
}

// File is a file that lies elsewhere.
type File struct {
	Argument string // that says where
	URL      string // absolute, http or https
	Name     string // "": as it is called there
	Types    []string
	MaxSize  int64 // 0: the vendor sets no limit that is known
	// Head is what stands before the content in the body.
	Head func(name, mediaType string) []byte
}

// Given is a file as a call gives it.
type Given struct {
	Argument string // that gives it
	Content  []byte
	URL      string // where it lies, "" if the call carries its content
}

// fileArgument is a file that callers give as base64, as text, or by its URL: the argument that the vendor's schema has for it, and those beside it.
type fileArgument struct {
	content, text, url, name int // indexes of the plan's arguments; name is -1 where the vendor takes none
	required                 bool
	types                    []string
	maxSize                  int64
}

// addFiles gives every argument that is a file its companions, which stand behind it.
func (a *arguments) addFiles() {
	body := a.method.Body
	places := map[where]string{inBody: "multipart", inWhole: "raw"}
	all := a.all
	a.all = make([]argument, 0, len(all)+3)
	for _, arg := range all {
		a.all = append(a.all, arg)
		if places[arg.in] != body.Format || body.Format == "" || arg.rule == nil || !arg.rule.binary {
			continue
		}
		said := body.Properties[arg.property]
		at := len(a.all) - 1
		file := &fileArgument{content: at, name: -1, required: arg.required, types: said.Types, maxSize: int64(said.MaxSize)}
		file.text = a.companion(inFileText, arg.name+"_text", "Its content as plain text, for a text file")
		where := "Where it lies instead: a public http or https URL"
		if said.MaxSize > 0 {
			where += ", at most " + filetype.Size(file.maxSize)
		}
		file.url = a.companion(inFileURL, arg.name+"_url", where)
		switch {
		case said.Filename != "":
			a.filenames = append(a.filenames, filename{file, said.Filename})
		case arg.in == inBody:
			file.name = a.companion(inFileName, arg.name+"_name", "What to call it, as report.pdf")
		}
		main := &a.all[at]
		main.file, main.required = file, false
		rule := *main.rule
		rule.kinds |= kindNull // which is how some models say that it is given in another way
		main.rule = &rule
		w := object{dst: without(main.shown, "description")}
		w.dst = w.dst[:len(w.dst)-1]
		w.text("description", strings.TrimRight(text(jsonscan.Member(main.shown, "description")), ". ")+". Give "+file.choice(a.all))
		main.shown = append(w.dst, '}')
	}
	for _, f := range a.filenames {
		f.file.name = slices.IndexFunc(a.all, func(arg argument) bool { return arg.in == inBody && arg.property == f.property })
	}
}

// filename is a property of the body that names a file.
type filename struct {
	file     *fileArgument
	property string
}

func (a *arguments) companion(in where, name, description string) int {
	name = unused(legalName(name), a.taken)
	a.taken[name] = true
	w := object{dst: []byte{'{'}}
	w.text("type", "string")
	w.text("description", description)
	a.all = append(a.all, argument{name: name, property: name, wire: name, in: in, rule: companionRules[in], shown: append(w.dst, '}')})
	return len(a.all) - 1
}

var companionRules = map[where]*rule{
	inFileText: mustRule(`{"type":["string","null"]}`).hiding(hideText),
	inFileURL:  mustRule(`{"type":["string","null"],"maxLength":8192}`).hiding(hideQuery),
	inFileName: mustRule(`{"type":["string","null"],"maxLength":500}`),
}

// choice names the arguments that the file can be given by.
func (file *fileArgument) choice(args []argument) string {
	how := "at most one"
	if file.required {
		how = "exactly one"
	}
	return fmt.Sprintf("%s of %s, %s and %s", how, args[file.content].name, args[file.text].name, args[file.url].name)
}

// checkFiles finds for each file which of its arguments says it, and leaves the values of the others nil.
func (p *plan) checkFiles(values [][]byte, f *findings) {
	for i := range p.args {
		file := p.args[i].file
		if file == nil {
			continue
		}
		given := -1
		for _, at := range []int{file.content, file.text, file.url} {
			switch value := values[at]; {
			case value == nil:
			case jsonscan.KindOf(value) == jsonscan.Null:
				values[at] = nil
			case given < 0:
				given = at
			case string(value) == `""`:
				values[at] = nil // as some models say that it is given in another way
			case string(values[given]) == `""`:
				values[given], given = nil, at
			default:
				f.add(p.args[at].name, "is given beside %s: give %s", p.args[given].name, file.choice(p.args))
			}
		}
		if file.name >= 0 && p.args[file.name].in == inFileName && (string(values[file.name]) == `""` || jsonscan.KindOf(values[file.name]) == jsonscan.Null) {
			values[file.name] = nil
		}
		switch {
		case given < 0 && file.required:
			f.add(p.args[file.content].name, "is required: give %s", file.choice(p.args))
		case given == file.url && given >= 0:
			if err := checkFileURL(text(values[given])); err != nil {
				f.add(p.args[given].name, "%v", err)
			}
		}
	}
}

func checkFileURL(raw string) error {
	u, err := url.Parse(raw)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		return fmt.Errorf("must be an absolute URL that begins with https:// or http://")
	case u.User != nil:
		return fmt.Errorf("must be without a user name or password: only what is public can be fetched")
	}
	return nil
}

// given reports whether one of the file's arguments says it.
func (file *fileArgument) given(values [][]byte) bool {
	return values[file.content] != nil || values[file.text] != nil || values[file.url] != nil
}

// content is a file that came in a call.
type content struct {
	bytes     []byte
	mediaType string
	name      string
}

// carried reads a file that came in a call. total is the bytes of those before it.
func (p *plan) carried(file *fileArgument, values [][]byte, total *int64, prepared *Prepared, f *findings) content {
	at := file.content
	c := content{}
	if values[file.text] != nil {
		at = file.text
		c.bytes = []byte(text(values[at]))
	} else {
		var err error
		if c, err = decodeFile(scalar(values[at])); err != nil {
			f.add(p.args[at].name, "%v", err)
			return c
		}
	}
	if name := p.nameOf(file, values); name != "" {
		c.name = name
	}
	*total += int64(len(c.bytes))
	argument := p.args[at].name
	switch {
	case *total > MaxContent:
		f.add(argument, "is too large: the files of one call may have %s together; give what is larger by %s", filetype.Size(MaxContent), p.args[file.url].name)
	case file.maxSize > 0 && int64(len(c.bytes)) > file.maxSize:
		f.add(argument, "has %s, and may have at most %s", filetype.Size(int64(len(c.bytes))), filetype.Size(file.maxSize))
	}
	if err := filetype.Check(file.types, c.mediaType, c.name, c.bytes); err != nil {
		f.add(argument, "%v", err)
	}
	c.mediaType = filetype.Of(c.mediaType, c.name, c.bytes)
	prepared.give(p.args[file.content].property, Given{Argument: argument, Content: c.bytes})
	return c
}

func (p *Prepared) give(property string, file Given) {
	if p.Files == nil {
		p.Files = map[string]Given{}
	}
	p.Files[property] = file
}

// elsewhere is a file that is given by its URL.
func (p *plan) elsewhere(file *fileArgument, values [][]byte, prepared *Prepared, head func(name, mediaType string) []byte) *File {
	given := Given{Argument: p.args[file.url].name, URL: text(values[file.url])}
	prepared.give(p.args[file.content].property, given)
	return &File{Argument: given.Argument, URL: given.URL, Name: p.nameOf(file, values), Types: file.types, MaxSize: file.maxSize, Head: head}
}

func (p *plan) nameOf(file *fileArgument, values [][]byte) string {
	if file.name < 0 || jsonscan.KindOf(values[file.name]) != jsonscan.String {
		return ""
	}
	return filetype.Name(text(values[file.name]))
}

// decodeFile reads base64, in either alphabet, with or without padding, or a data: URL (RFC 2397), which can also tell the media type and a name.
func decodeFile(encoded []byte) (content, error) {
	var c content
	if rest, ok := bytes.CutPrefix(encoded, []byte("data:")); ok {
		head, data, found := bytes.Cut(rest, []byte(","))
		head, isBase64 := bytes.CutSuffix(head, []byte(";base64"))
		if !found || !isBase64 {
			return c, fmt.Errorf("must be base64, or a data: URL in base64 as data:text/plain;base64,aGVsbG8=")
		}
		if media, parameters, err := mime.ParseMediaType(string(head)); err == nil {
			if name, err := url.PathUnescape(parameters["name"]); err == nil {
				c.name = filetype.Name(name)
			}
			delete(parameters, "name")
			c.mediaType = mime.FormatMediaType(media, parameters)
		}
		encoded = data
	}
	plain := strings.TrimRight(strings.NewReplacer("-", "+", "_", "/", "\n", "", "\r", "", " ", "").Replace(string(encoded)), "=")
	decoded, err := base64.RawStdEncoding.DecodeString(plain)
	if err != nil {
		return c, fmt.Errorf("must be the bytes in base64: %v", err)
	}
	c.bytes = decoded
	return c, nil
}
