package integration

import (
	"bytes"
	_ "embed"
)

// schemaJSON is made from definition.go, its types and their comments, by the tests with -update.
//
//go:embed schema.json
var schemaJSON []byte

const rootOfDefinition, rootOfDocs = `"$ref": "#/$defs/Definition"`, `"$ref": "#/$defs/Docs"`

// Schema is the JSON Schema (2020-12) of integration.yaml, for editors: it completes keys and tells what they mean. What lies between the parts of a
// definition only Validate knows.
func Schema() []byte { return bytes.Clone(schemaJSON) }

// DocsSchema is the JSON Schema of a file in docs/.
func DocsSchema() []byte {
	return bytes.Replace(schemaJSON, []byte(rootOfDefinition), []byte(rootOfDocs), 1)
}
