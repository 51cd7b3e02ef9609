package integration

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
)

// A stored definition is one JSON document of the same shape as the YAML: what integration.yaml holds, and under docs what the files of docs/ hold.

// JSON returns the definition as one document that Parse reads back to the same definition, with the same digest.
func (d *Definition) JSON() []byte {
	data, err := encode(d)
	if err != nil {
		panic("integration: encode definition: " + err.Error()) // only texts, numbers and JSON that was checked when it was read
	}
	return data
}

func (d *Definition) digest() string {
	sum := sha256.Sum256(d.JSON())
	return hex.EncodeToString(sum[:])
}

// MarshalJSON makes the document of JSON.
func (d *Definition) MarshalJSON() ([]byte, error) {
	type plain Definition // without this method
	var docs ordered
	for _, r := range d.Resources {
		var methods ordered
		for _, m := range r.Methods {
			if m.Doc != nil {
				methods = append(methods, named{m.Name, m.Doc})
			}
		}
		if methods != nil {
			docs = append(docs, named{r.Name, methods})
		}
	}
	return encode(struct {
		*plain
		Docs ordered `json:"docs,omitempty"`
	}{(*plain)(d), docs})
}

// MarshalJSON keeps the order of the resources.
func (rs Resources) MarshalJSON() ([]byte, error) {
	members := make(ordered, len(rs))
	for i, r := range rs {
		members[i] = named{r.Name, r}
	}
	return encode(members)
}

// MarshalJSON puts the methods beside the resource's own keys, as in YAML.
func (r *Resource) MarshalJSON() ([]byte, error) {
	type plain Resource
	own, err := encode((*plain)(r))
	if err != nil || len(r.Methods) == 0 {
		return own, err
	}
	var methods ordered
	for _, m := range r.Methods {
		methods = append(methods, named{m.Name, m})
	}
	rest, err := encode(methods)
	if err != nil || bytes.Equal(own, []byte("{}")) {
		return rest, err
	}
	return append(append(own[:len(own)-1], ','), rest[1:]...), nil
}

// ordered is an object whose members keep their order.
type ordered []named

type named struct {
	name  string
	value any
}

func (o ordered) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, m := range o {
		if i > 0 {
			b.WriteByte(',')
		}
		writeString(&b, m.name)
		b.WriteByte(':')
		value, err := encode(m.value)
		if err != nil {
			return nil, err
		}
		b.Write(value)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// encode is json.Marshal without the escapes for HTML, which would change a schema's bytes.
func encode(v any) (json.RawMessage, error) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}
