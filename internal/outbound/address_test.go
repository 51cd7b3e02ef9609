package outbound

import (
	"errors"
	"net/netip"
	"testing"
)

func TestOnlyPublicAddressesAreAllowed(t *testing.T) {
	refused := []string{
		"127.0.0.1", "127.8.9.10", "0.0.0.0", "0.1.2.3", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "100.64.0.1", "100.127.255.255",
		"169.254.169.254", "169.254.0.1", "168.63.129.16", "100.100.100.200", "192.0.0.192", "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1",
		"224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255",
		"::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "fd20:ce::254", "ff02::1", "2001::1", "2001:db8::1", "2002:7f00:1::", "64:ff9b:1::1", "fec0::1", "::127.0.0.1",
		"::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "4000::1", "100::1",
	}
	for _, text := range refused {
		err := Policy{}.Check(netip.MustParseAddr(text))
		if _, ok := errors.AsType[*AddressError](err); !ok {
			t.Errorf("%s: want an *AddressError, got %v", text, err)
		}
	}
	allowed := []string{"1.1.1.1", "8.8.8.8", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "2a00:1450::1", "::ffff:8.8.8.8", "64:ff9b::808:808"}
	for _, text := range allowed {
		if err := (Policy{}).Check(netip.MustParseAddr(text)); err != nil {
			t.Errorf("%s: want it allowed, got %v", text, err)
		}
	}
}

func TestAnOperatorAllowsWhatIsMeantAndNoMore(t *testing.T) {
	tests := []struct {
		list             []string
		allowed, refused []string
	}{
		{[]string{"loopback"}, []string{"127.0.0.1", "::1", "::ffff:127.0.0.1"}, []string{"10.0.0.1", "169.254.169.254", "0.0.0.0"}},
		{[]string{"private"}, []string{"127.0.0.1", "10.0.0.1", "fd12::1", "100.64.1.1"}, []string{"169.254.169.254", "fd00:ec2::254", "fd20:ce::254", "100.100.100.200", "168.63.129.16", "224.0.0.1", "0.0.0.0"}},
		{[]string{" 10.1.0.0/16", "192.168.7.7"}, []string{"10.1.2.3", "192.168.7.7", "64:ff9b::a01:203"}, []string{"10.2.0.1", "192.168.7.8", "127.0.0.1"}},
		{[]string{"169.254.169.254"}, []string{"169.254.169.254"}, []string{"169.254.169.253"}},
	}
	for _, test := range tests {
		p, err := ParsePolicy(test.list)
		if err != nil {
			t.Fatalf("%q: %v", test.list, err)
		}
		for _, text := range test.allowed {
			if err := p.Check(netip.MustParseAddr(text)); err != nil {
				t.Errorf("%q, %s: want it allowed, got %v", test.list, text, err)
			}
		}
		for _, text := range test.refused {
			if p.Check(netip.MustParseAddr(text)) == nil {
				t.Errorf("%q, %s: want it refused", test.list, text)
			}
		}
	}
	for _, bad := range []string{"10.0.0.0/33", "localhost", "fe80::1%eth0"} {
		if _, err := ParsePolicy([]string{bad}); err == nil {
			t.Errorf("%q: want an error", bad)
		}
	}
}
