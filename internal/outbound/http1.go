package outbound

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// conn is a connection of the pool.
type conn struct {
	net.Conn
	raw    net.Conn  // below TLS
	since  time.Time // idle since
	reused bool

	// What alive asks with, made once.
	control syscall.RawConn
	peek    func(fd uintptr)
	quiet   bool
}

var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// maxKept bounds the buffers that are used again.
const maxKept = 64 << 10

// send writes a request in one piece where it is not large. It answers how many bytes may have left.
func (c *conn) send(r *Request, at target, userAgent string) (int64, error) {
	b := buffers.Get().(*bytes.Buffer)
	defer func() {
		if b.Cap() <= maxKept {
			b.Reset()
			buffers.Put(b)
		}
	}()
	b.WriteString(r.Method)
	b.WriteByte(' ')
	b.WriteString(at.path)
	b.WriteString(" HTTP/1.1\r\nHost: ")
	b.WriteString(at.host)
	b.WriteString("\r\nAccept-Encoding: gzip\r\n")
	for i := range r.Header {
		name := r.Header[i][0]
		if ours(name) {
			continue
		}
		if len(name) == len("User-Agent") && strings.EqualFold(name, "User-Agent") {
			userAgent = ""
		}
		writeField(b, name, r.Header[i][1])
	}
	if userAgent != "" {
		writeField(b, "User-Agent", userAgent)
	}
	if r.Body != nil || hasBody(r.Method) {
		b.WriteString("Content-Length: ")
		b.Write(strconv.AppendInt(b.AvailableBuffer(), int64(len(r.Body)), 10))
		b.WriteString("\r\n")
	}
	b.WriteString("\r\n")
	if b.Len()+len(r.Body) <= maxKept {
		b.Write(r.Body)
		n, err := c.Write(b.Bytes())
		return int64(n), err
	}
	n, err := c.Write(b.Bytes())
	if err != nil {
		return int64(n), err
	}
	m, err := c.Write(r.Body)
	return int64(n) + int64(m), err
}

// ours are the fields of a request that only this package writes: they say where it ends and where it goes.
func ours(name string) bool {
	switch len(name) {
	case 2, 4, 7, 10, 14, 15, 17:
	default:
		return false
	}
	for _, field := range [...]string{"TE", "Host", "Trailer", "Upgrade", "Connection", "Keep-Alive", "Content-Length", "Accept-Encoding", "Transfer-Encoding"} {
		if len(name) == len(field) && strings.EqualFold(name, field) {
			return true
		}
	}
	return false
}

// hasBody reports whether a method's request says that it has no body (RFC 9110, 8.6).
func hasBody(method string) bool {
	return method == http.MethodPost || method == http.MethodPut || method == http.MethodPatch
}

func writeField(b *bytes.Buffer, name, value string) {
	b.WriteString(name)
	b.WriteString(": ")
	b.WriteString(strings.Trim(value, " \t"))
	b.WriteString("\r\n")
}

// head is the start of an answer, up to its body.
type head struct {
	status   int
	fields   Header
	length   int64 // of the body; -1: until the connection ends
	chunked  bool
	old      bool // HTTP/1.0
	close    bool // the connection cannot be used again
	encoding string
}

// reader reads an answer by RFC 9112. What deviates from it in a way that leaves the end of the body in doubt is refused, since the next answer would begin in the wrong place.
type reader struct {
	in   *bufio.Reader
	any  bool // a byte came
	text []byte
}

const readBuffer = 8 << 10

var readers = sync.Pool{New: func() any { return &reader{in: bufio.NewReaderSize(nil, readBuffer)} }}

func (r *reader) reset(from io.Reader) {
	r.in.Reset(from)
	r.any = false
	if cap(r.text) > maxKept {
		r.text = nil
	}
}

func (r *reader) buffered() int { return r.in.Buffered() }

// whole reports whether an answer's body is read already, so that no more waiting is needed.
func (r *reader) whole(h *head) bool {
	return !h.chunked && h.length >= 0 && h.length <= int64(r.in.Buffered())
}

func garbled(what string) error {
	return &Error{Reason: Garbled, Sent: true, Err: errors.New(what)}
}

// head reads status line and fields, past what is only informational (1xx).
func (r *reader) head() (*head, error) {
	for informational := 0; ; informational++ {
		h, err := r.oneHead()
		if err != nil || h.status >= 200 {
			return h, err
		}
		if h.status == http.StatusSwitchingProtocols || informational == 8 {
			return nil, garbled("it wants another protocol")
		}
	}
}

func (r *reader) oneHead() (*head, error) {
	text, lines, err := r.block()
	if err != nil {
		return nil, err
	}
	line, rest, _ := strings.Cut(text, "\n")
	h := &head{length: -1, fields: make(Header, 0, lines)}
	if err := h.statusLine(strings.TrimSuffix(line, "\r")); err != nil {
		return nil, err
	}
	for rest != "" {
		line, rest, _ = strings.Cut(rest, "\n")
		line = strings.TrimSuffix(line, "\r")
		if line[0] == ' ' || line[0] == '\t' { // a line that goes on (obsolete)
			if len(h.fields) == 0 {
				return nil, garbled("its first field is none")
			}
			last := &h.fields[len(h.fields)-1]
			last[1] = strings.TrimSpace(last[1] + " " + strings.TrimSpace(line))
			continue
		}
		i := strings.IndexByte(line, ':')
		if i <= 0 || strings.ContainsAny(line[:i], " \t") {
			return nil, garbled("it has a field without a name")
		}
		if strings.IndexByte(line, '\r') >= 0 || strings.IndexByte(line, 0) >= 0 {
			return nil, garbled("a field holds a control character")
		}
		h.fields = append(h.fields, [2]string{line[:i], strings.Trim(line[i+1:], " \t")})
	}
	return h, h.framing()
}

// block reads up to the empty line after the fields, without it. The text is a copy.
func (r *reader) block() (text string, lines int, err error) {
	if _, err := r.in.Peek(1); err != nil {
		return "", 0, unexpected(err)
	}
	r.any = true
	r.text = r.text[:0]
	for {
		part, err := r.in.ReadSlice('\n')
		if err != nil && err != bufio.ErrBufferFull {
			return "", 0, unexpected(err)
		}
		if err == nil && len(r.text) > 0 && r.text[len(r.text)-1] == '\n' && (len(part) == 1 || len(part) == 2 && part[0] == '\r') {
			return string(r.text[:len(r.text)-1]), lines, nil
		}
		if len(r.text)+len(part) > maxHeader {
			return "", 0, garbled("its header is too large")
		}
		if err == nil {
			lines++
			if lines == 1 && len(bytes.TrimSpace(part)) == 0 {
				return "", 0, garbled("it begins with an empty line")
			}
		}
		r.text = append(r.text, part...)
	}
}

// unexpected is an end in the middle.
func unexpected(err error) error {
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	return err
}

func (h *head) statusLine(line string) error {
	// HTTP/1.1 200 OK
	if len(line) < 12 || line[:7] != "HTTP/1." || line[7] != '0' && line[7] != '1' || line[8] != ' ' || len(line) > 12 && line[12] != ' ' {
		return garbled("it does not begin with a status line")
	}
	n, err := strconv.ParseUint(line[9:12], 10, 16)
	if err != nil || n < 100 {
		return garbled("its status is no number")
	}
	h.status = int(n)
	h.old = line[7] == '0'
	h.close = h.old
	return nil
}

// framing finds out where the body ends (RFC 9112, 6.3).
func (h *head) framing() error {
	var length, coding string
	for i := range h.fields {
		name, value := h.fields[i][0], h.fields[i][1]
		switch len(name) {
		case len("Connection"):
			if strings.EqualFold(name, "Connection") {
				for option := range strings.SplitSeq(value, ",") {
					switch option = strings.TrimSpace(option); {
					case strings.EqualFold(option, "close"):
						h.close = true
					case strings.EqualFold(option, "keep-alive") && !strings.Contains(strings.ToLower(value), "close"):
						h.close = false
					}
				}
			}
		case len("Content-Length"):
			if strings.EqualFold(name, "Content-Length") {
				if length != "" && length != value {
					return garbled("it tells two lengths")
				}
				length = value
				if length == "" {
					return garbled("its length is none")
				}
			}
		case len("Content-Encoding"):
			if strings.EqualFold(name, "Content-Encoding") {
				if h.encoding != "" {
					value = h.encoding + ", " + value
				}
				h.encoding = value
			}
		case len("Transfer-Encoding"):
			if strings.EqualFold(name, "Transfer-Encoding") {
				if coding != "" || h.old || !strings.EqualFold(value, "chunked") {
					return garbled("its transfer coding is not understood")
				}
				coding = value
			}
		}
	}
	switch {
	case coding != "":
		h.chunked = true
		if length != "" { // an attempt to smuggle, or two minds: the coding counts, and the connection ends (RFC 9112, 6.1)
			h.close = true
		}
	case length != "":
		n, err := strconv.ParseUint(length, 10, 62)
		if err != nil {
			return garbled("its length is no number")
		}
		h.length = int64(n)
	}
	return nil
}

// body reads the body.
func (r *reader) body(h *head, method string, limit int64) ([]byte, error) {
	switch {
	case method == http.MethodHead, h.status == http.StatusNoContent, h.status == http.StatusNotModified:
		return nil, nil
	case h.chunked:
		return r.chunks(limit)
	case h.length < 0:
		h.close = true
		return readAll(r.in, limit)
	}
	body, err := readBody(r.in, h.length, limit)
	return body, unexpected(err)
}

// lendable reports whether a body is as it came and of a length that is told and not large: one that Response.Free can give to others.
func lendable(h *head, method string, limit int64) bool {
	return method != http.MethodHead && h.status != http.StatusNoContent && h.status != http.StatusNotModified &&
		!h.chunked && h.length > 0 && h.length <= min(limit, maxKept) && h.encoding == ""
}

// lent reads a lendable body into memory of the pool.
func (r *reader) lent(h *head) (body []byte, room *[]byte, err error) {
	room = rooms.Get().(*[]byte)
	if int64(cap(*room)) < h.length {
		*room = make([]byte, max(h.length, 8<<10))
	}
	body = (*room)[:h.length]
	if _, err := io.ReadFull(r.in, body); err != nil {
		rooms.Put(room)
		return nil, nil, unexpected(err)
	}
	return body, room, nil
}

// chunks reads a body in chunks (RFC 9112, 7.1) and its trailer, which is dropped.
func (r *reader) chunks(limit int64) ([]byte, error) {
	var body []byte
	for {
		line, err := r.in.ReadSlice('\n')
		if err != nil {
			if err == bufio.ErrBufferFull {
				return nil, garbled("a chunk's size is too long")
			}
			return nil, unexpected(err)
		}
		line, whole := bytes.CutSuffix(line, []byte("\r\n"))
		if !whole {
			return nil, garbled("a chunk's size does not end as a line does")
		}
		digits, _, _ := bytes.Cut(line, []byte(";"))
		n, err := strconv.ParseUint(string(bytes.TrimRight(digits, " \t")), 16, 62)
		if err != nil {
			return nil, garbled("a chunk has no size")
		}
		if n == 0 {
			return body, r.trailer()
		}
		if int64(len(body))+int64(n) > limit {
			return nil, &Error{Reason: TooLarge, Sent: true, Err: size(limit)}
		}
		if body == nil {
			body = make([]byte, 0, min(4<<10, limit))
		}
		if body, err = readMore(r.in, body, int64(n)); err != nil {
			return nil, unexpected(err)
		}
		var end [2]byte
		if _, err := io.ReadFull(r.in, end[:1]); err != nil {
			return nil, unexpected(err)
		}
		if end[0] == '\r' {
			if _, err := io.ReadFull(r.in, end[1:]); err != nil {
				return nil, unexpected(err)
			}
		}
		if end != [2]byte{'\r', '\n'} {
			return nil, garbled("a chunk does not end where it says")
		}
	}
}

func (r *reader) trailer() error {
	for total, begins := 0, true; total < maxHeader; {
		line, err := r.in.ReadSlice('\n')
		if err != nil && err != bufio.ErrBufferFull {
			return unexpected(err)
		}
		if err == nil && !bytes.HasSuffix(line, []byte("\r\n")) {
			return garbled("its trailer does not end as lines do")
		}
		if begins && len(line) == 2 {
			return nil
		}
		total, begins = total+len(line), err == nil
	}
	return garbled("its trailer is too large")
}
