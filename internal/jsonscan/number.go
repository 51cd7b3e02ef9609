package jsonscan

import "math"

// decimal is a number as its digits say it: ±0.DIGITS × 10^point, where DIGITS are whole and then frac without leading zeros.
type decimal struct {
	negative    bool
	whole, frac []byte
	point       int
}

// maxExponent is where exponents saturate. Numbers beyond 10^±(2^40) are told apart by their digits only.
const maxExponent = 1 << 40

// parseDecimal takes a JSON number apart. The zero decimal, which has no digits, is zero.
func parseDecimal(number []byte) decimal {
	var d decimal
	i := 0
	if i < len(number) && number[i] == '-' {
		d.negative = true
		i++
	}
	end := digits(number, i)
	d.whole = number[i:end]
	i = end
	if i < len(number) && number[i] == '.' {
		end = digits(number, i+1)
		d.frac = number[i+1 : end]
		i = end
	}
	if i < len(number) && number[i]|0x20 == 'e' {
		i++
		down := i < len(number) && number[i] == '-'
		if i < len(number) && (number[i] == '-' || number[i] == '+') {
			i++
		}
		for ; i < len(number) && number[i]-'0' < 10; i++ {
			if d.point < maxExponent {
				d.point = d.point*10 + int(number[i]-'0')
			}
		}
		if d.point > maxExponent {
			d.point = maxExponent
		}
		if down {
			d.point = -d.point
		}
	}
	for len(d.whole) > 0 && d.whole[0] == '0' {
		d.whole = d.whole[1:]
	}
	for len(d.frac) > 0 && d.frac[len(d.frac)-1] == '0' {
		d.frac = d.frac[:len(d.frac)-1]
	}
	if len(d.frac) == 0 {
		d.point += len(d.whole)
		for len(d.whole) > 0 && d.whole[len(d.whole)-1] == '0' {
			d.whole = d.whole[:len(d.whole)-1]
		}
	} else {
		d.point += len(d.whole)
		if len(d.whole) == 0 {
			for len(d.frac) > 0 && d.frac[0] == '0' {
				d.frac = d.frac[1:]
				d.point--
			}
		}
	}
	if d.len() == 0 {
		return decimal{}
	}
	return d
}

func (d *decimal) len() int { return len(d.whole) + len(d.frac) }

func (d *decimal) digit(i int) byte {
	if i < len(d.whole) {
		return d.whole[i]
	}
	return d.frac[i-len(d.whole)]
}

// small reads the numbers that one mostly meets: whole, in plain digits, not long.
func small(number []byte) (int, bool) {
	i, n := 0, 0
	if len(number) > 0 && number[0] == '-' {
		i = 1
	}
	if len(number) == i || len(number) > 18 {
		return 0, false
	}
	for _, c := range number[i:] {
		if c-'0' > 9 {
			return 0, false
		}
		n = n*10 + int(c-'0')
	}
	if i == 1 {
		n = -n
	}
	return n, true
}

// CompareNumbers compares two JSON numbers by their exact value: -1, 0 or +1. 3, 3.0 and 30e-1 are equal; no digit is rounded away.
func CompareNumbers(a, b []byte) int {
	if n, ok := small(a); ok {
		if m, ok := small(b); ok {
			return compareInts(n, m)
		}
	}
	x, y := parseDecimal(a), parseDecimal(b)
	if sx, sy := x.sign(), y.sign(); sx != sy {
		return compareInts(sx, sy)
	}
	c := compareInts(x.point, y.point)
	for i := 0; c == 0 && (i < x.len() || i < y.len()); i++ {
		switch {
		case i >= x.len():
			c = -1
		case i >= y.len():
			c = 1
		default:
			c = compareInts(int(x.digit(i)), int(y.digit(i)))
		}
	}
	if x.negative {
		return -c
	}
	return c
}

func (d *decimal) sign() int {
	switch {
	case d.len() == 0:
		return 0
	case d.negative:
		return -1
	}
	return 1
}

func compareInts(a, b int) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// IsInteger reports whether a JSON number's value is whole: 3, 3.0, 12e1, but not 3.5.
func IsInteger(number []byte) bool {
	if _, ok := small(number); ok {
		return true
	}
	d := parseDecimal(number)
	return d.len() <= max(d.point, 0)
}

// AppendInteger appends the value of a whole JSON number in plain digits: 3.0 and 30e-1 as 3. It returns false, and dst as it was, if the number is
// not whole or has more than a thousand digits.
func AppendInteger(dst, number []byte) ([]byte, bool) {
	d := parseDecimal(number)
	const most = 1000
	if d.len() > max(d.point, 0) || d.point > most {
		return dst, false
	}
	if d.len() == 0 {
		return append(dst, '0'), true
	}
	if d.negative {
		dst = append(dst, '-')
	}
	dst = append(dst, d.whole...)
	dst = append(dst, d.frac...)
	for i := d.len(); i < d.point; i++ {
		dst = append(dst, '0')
	}
	return dst, true
}

// Int returns a whole JSON number as an int, and false if it is not whole or does not fit.
func Int(number []byte) (int, bool) {
	if n, ok := small(number); ok {
		return n, true
	}
	d := parseDecimal(number)
	if d.len() > max(d.point, 0) || d.point > 19 {
		return 0, false
	}
	n := uint64(0)
	for i := range d.point {
		c := byte('0')
		if i < d.len() {
			c = d.digit(i)
		}
		next := n*10 + uint64(c-'0')
		if n > math.MaxUint64/10 || next < n*10 {
			return 0, false
		}
		n = next
	}
	if d.negative {
		if n > 1<<63 {
			return 0, false
		}
		return int(-int64(n)), true
	}
	if n > math.MaxInt64 {
		return 0, false
	}
	return int(n), true
}
