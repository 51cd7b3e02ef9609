//go:build !unix

package outbound

// alive cannot ask here without reading, and reading may wait. So a connection is used once.
func (c *conn) alive() bool { return false }
