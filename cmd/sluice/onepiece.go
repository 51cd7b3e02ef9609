package main

import (
	"io"
	"net"
	"sync"
	"time"
)

// net/http writes to a connection through a buffer of this size. An answer that is larger leaves in two pieces, the full buffer and the rest: two system
// calls, and two packets where most answers would fill one.
const serverBuffer = 4 << 10

// onePiece is a listener whose connections send such an answer in one piece.
type onePiece struct{ net.Listener }

func (l onePiece) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	if tcp, ok := c.(*net.TCPConn); ok {
		return &pieceConn{TCPConn: tcp}, nil
	}
	return c, nil
}

// pieceConn holds back a write that is exactly a full buffer, since more follows at once: the buffer is written out when there is more than it takes. It goes
// out with the next write, and on its own before anything else is done with the connection; of that there is always something, because the server sets a
// deadline at the end of each answer, or closes.
type pieceConn struct {
	*net.TCPConn

	mu     sync.Mutex
	held   *[serverBuffer]byte
	pieces net.Buffers
	both   [2][]byte // what pieces lies in
}

var heldBuffers = sync.Pool{New: func() any { return new([serverBuffer]byte) }}

func (c *pieceConn) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.held == nil {
		if len(p) != serverBuffer {
			return c.TCPConn.Write(p)
		}
		c.held = heldBuffers.Get().(*[serverBuffer]byte)
		return copy(c.held[:], p), nil
	}
	n, err := c.release(p)
	return max(0, int(n)-serverBuffer), err
}

// release sends what is held, and p behind it.
func (c *pieceConn) release(p []byte) (n int64, err error) {
	c.both = [2][]byte{c.held[:], p}
	c.pieces = c.both[:]
	n, err = c.pieces.WriteTo(c.TCPConn)
	c.both, c.pieces = [2][]byte{}, nil
	heldBuffers.Put(c.held)
	c.held = nil
	return n, err
}

// flush sends what is held. An error shows again at the next use of the connection.
func (c *pieceConn) flush() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.held != nil {
		_, _ = c.release(nil)
	}
}

func (c *pieceConn) SetDeadline(t time.Time) error {
	c.flush()
	return c.TCPConn.SetDeadline(t)
}

func (c *pieceConn) SetReadDeadline(t time.Time) error {
	c.flush()
	return c.TCPConn.SetReadDeadline(t)
}

func (c *pieceConn) SetWriteDeadline(t time.Time) error {
	c.flush()
	return c.TCPConn.SetWriteDeadline(t)
}

func (c *pieceConn) CloseWrite() error {
	c.flush()
	return c.TCPConn.CloseWrite()
}

func (c *pieceConn) Close() error {
	c.flush()
	return c.TCPConn.Close()
}

// ReadFrom sends a file without copying it through memory, where the system can.
func (c *pieceConn) ReadFrom(r io.Reader) (int64, error) {
	c.flush()
	return c.TCPConn.ReadFrom(r)
}
