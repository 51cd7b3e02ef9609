//go:build unix

package outbound

import "syscall"

// alive reports whether an idle connection can be used: nothing is to be read on it. An end means that the peer closed it; bytes, that it speaks out of turn, or
// says good-bye in TLS. To ask costs a system call, and to find out by a lost write costs a person's trust.
func (c *conn) alive() bool {
	if c.peek == nil {
		sc, ok := c.raw.(syscall.Conn)
		if !ok {
			return false
		}
		var err error
		if c.control, err = sc.SyscallConn(); err != nil {
			return false
		}
		c.peek = func(fd uintptr) {
			var b [1]byte
			_, _, err := syscall.Recvfrom(int(fd), b[:], syscall.MSG_PEEK|syscall.MSG_DONTWAIT)
			c.quiet = err == syscall.EAGAIN || err == syscall.EWOULDBLOCK
		}
	}
	c.quiet = false
	return c.control.Control(c.peek) == nil && c.quiet // RawConn.Read would mind the last exchange's deadline
}
