package jsonscan

// ObjectBuilder puts an object together of spans. The zero value has no members yet.
type ObjectBuilder struct{ dst []byte }

// Add takes in a member: its name as a string with its quotes, its value as it is.
func (o *ObjectBuilder) Add(name, value []byte) {
	o.dst = append(append(append(append(o.dst, ','), name...), ':'), value...)
}

// Bytes ends the object, which must not be added to any more.
func (o *ObjectBuilder) Bytes() []byte {
	if o.dst == nil {
		return []byte("{}")
	}
	o.dst[0] = '{' // where the first member's comma stands
	return append(o.dst, '}')
}
