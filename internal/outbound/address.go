package outbound

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"syscall"
)

// Policy says which addresses may be connected to. The zero Policy allows public ones only: what a tenant writes into a base URL must never reach the
// operator's own network.
type Policy struct {
	// AllowPrivate also allows loopback, private and shared address space, as a single machine or an in-house installation needs it. The link-local
	// range, where clouds hand out their machines' credentials, is not among them.
	AllowPrivate bool
	// Allow lists prefixes that are allowed whatever they are.
	Allow []netip.Prefix
}

// ParsePolicy reads an operator's list: "loopback", "private" (all that AllowPrivate allows), addresses and prefixes.
func ParsePolicy(list []string) (Policy, error) {
	var p Policy
	for _, entry := range list {
		switch entry = strings.TrimSpace(entry); entry {
		case "":
		case "private":
			p.AllowPrivate = true
		case "loopback":
			p.Allow = append(p.Allow, loopback...)
		default:
			prefix, err := netip.ParsePrefix(entry)
			if err != nil {
				addr, addrErr := netip.ParseAddr(entry)
				if addrErr != nil || addr.Zone() != "" {
					return Policy{}, fmt.Errorf("%q is no address that can be allowed: write loopback, private, an address (10.1.2.3) or a prefix (10.0.0.0/8)", entry)
				}
				prefix = netip.PrefixFrom(addr, addr.BitLen())
			}
			p.Allow = append(p.Allow, prefix.Masked())
		}
	}
	return p, nil
}

// AddressError is an address that the policy forbids.
type AddressError struct {
	Addr netip.Addr
	What string // what kind of address it is
}

func (e *AddressError) Error() string {
	return fmt.Sprintf("%s is %s; the operator of Sluice can allow it", e.Addr, e.What)
}

type block struct {
	prefix  netip.Prefix
	what    string
	private bool // AllowPrivate allows it
}

var loopback = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}

// The special-purpose registries (RFC 6890 and its updates): what is in them and not meant to be reached over the internet.
var blocked4 = []block{
	{netip.MustParsePrefix("127.0.0.0/8"), "a loopback address", true},
	{netip.MustParsePrefix("10.0.0.0/8"), "a private address", true},
	{netip.MustParsePrefix("172.16.0.0/12"), "a private address", true},
	{netip.MustParsePrefix("192.168.0.0/16"), "a private address", true},
	{netip.MustParsePrefix("100.100.100.200/32"), "a cloud's metadata service", false},
	{netip.MustParsePrefix("100.64.0.0/10"), "an address of a provider's inner network", true},
	{netip.MustParsePrefix("168.63.129.16/32"), "a cloud's metadata service", false},
	{netip.MustParsePrefix("169.254.0.0/16"), "a link-local address", false},
	{netip.MustParsePrefix("0.0.0.0/8"), "no address of a host", false},
	{netip.MustParsePrefix("192.0.0.0/24"), "a reserved address", false},
	{netip.MustParsePrefix("192.0.2.0/24"), "an address for documentation", false},
	{netip.MustParsePrefix("192.88.99.0/24"), "a reserved address", false},
	{netip.MustParsePrefix("198.18.0.0/15"), "an address for benchmarks", false},
	{netip.MustParsePrefix("198.51.100.0/24"), "an address for documentation", false},
	{netip.MustParsePrefix("203.0.113.0/24"), "an address for documentation", false},
	{netip.MustParsePrefix("224.0.0.0/4"), "a multicast address", false},
	{netip.MustParsePrefix("240.0.0.0/4"), "a reserved address", false},
}

// Of IPv6 only 2000::/3 is global (RFC 4291, 2.4); the last entry refuses the rest, so that what is assigned later is not allowed by accident.
var blocked6 = []block{
	{netip.MustParsePrefix("::1/128"), "a loopback address", true},
	{netip.MustParsePrefix("fd00:ec2::254/128"), "a cloud's metadata service", false},
	{netip.MustParsePrefix("fd20:ce::254/128"), "a cloud's metadata service", false},
	{netip.MustParsePrefix("fc00::/7"), "a private address", true},
	{netip.MustParsePrefix("fe80::/10"), "a link-local address", false},
	{netip.MustParsePrefix("ff00::/8"), "a multicast address", false},
	{netip.MustParsePrefix("2001::/23"), "a reserved address", false}, // Teredo among them
	{netip.MustParsePrefix("2001:db8::/32"), "an address for documentation", false},
	{netip.MustParsePrefix("2002::/16"), "a reserved address", false}, // 6to4: another way to write an IPv4 address
	{netip.MustParsePrefix("3fff::/20"), "an address for documentation", false},
	{netip.MustParsePrefix("::/3"), "a reserved address", false},
	{netip.MustParsePrefix("4000::/2"), "a reserved address", false},
	{netip.MustParsePrefix("8000::/1"), "a reserved address", false},
}

var nat64 = netip.MustParsePrefix("64:ff9b::/96") // RFC 6052

// Check returns an *AddressError if the address must not be connected to. An IPv4 address within an IPv6 one (mapped, NAT64) is judged by itself.
func (p Policy) Check(addr netip.Addr) error {
	outer := addr
	addr = addr.Unmap()
	if nat64.Contains(addr) {
		b := addr.As16()
		addr = netip.AddrFrom4([4]byte(b[12:]))
	}
	blocked := blocked4
	if addr.Is6() {
		blocked = blocked6
		addr = addr.WithZone("")
	}
	for i := range blocked {
		b := &blocked[i]
		if !b.prefix.Contains(addr) {
			continue
		}
		if b.private && p.AllowPrivate || p.allowed(addr) || p.allowed(outer) {
			return nil
		}
		return &AddressError{Addr: outer, What: b.what}
	}
	return nil
}

func (p Policy) allowed(addr netip.Addr) bool {
	for _, prefix := range p.Allow {
		if prefix.Contains(addr) {
			return true
		}
	}
	return false
}

// control checks an address after its name was resolved and before the connection is made: a name that resolves to something else the next time gains
// nothing. It is a net.Dialer's ControlContext.
func (p Policy) control(_ context.Context, network, address string, _ syscall.RawConn) error {
	if network != "tcp4" && network != "tcp6" {
		return fmt.Errorf("connections over %s are not made", network)
	}
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("check the address %q: %w", address, err)
	}
	return p.Check(at.Addr())
}
