package integration

import "slices"

// valueForm is what a keyword's value must be.
type valueForm int

const (
	anyValue valueForm = iota
	aSchema
	schemaMap
	schemaList
	aText
	aBoolean
	aNumber
	aCount
	textList
	textLists
	aList
)

// keywords are those of JSON Schema 2020-12, of OpenAPI's dialect, and our own (secret).
var keywords = map[string]valueForm{
	"items": aSchema, "additionalProperties": aSchema, "not": aSchema, "if": aSchema, "then": aSchema, "else": aSchema, "contains": aSchema, "propertyNames": aSchema,
	"unevaluatedItems": aSchema, "unevaluatedProperties": aSchema, "contentSchema": aSchema,
	"properties": schemaMap, "patternProperties": schemaMap, "$defs": schemaMap, "definitions": schemaMap, "dependentSchemas": schemaMap,
	"allOf": schemaList, "anyOf": schemaList, "oneOf": schemaList, "prefixItems": schemaList,
	"title": aText, "description": aText, "format": aText, "pattern": aText, "contentEncoding": aText, "contentMediaType": aText, "$ref": aText, "$anchor": aText, "$comment": aText, "x-mcp-header": aText,
	"uniqueItems": aBoolean, "readOnly": aBoolean, "writeOnly": aBoolean, "deprecated": aBoolean, "secret": aBoolean, "nullable": aBoolean,
	"minimum": aNumber, "maximum": aNumber, "exclusiveMinimum": aNumber, "exclusiveMaximum": aNumber, "multipleOf": aNumber,
	"minLength": aCount, "maxLength": aCount, "minItems": aCount, "maxItems": aCount, "minProperties": aCount, "maxProperties": aCount, "minContains": aCount, "maxContains": aCount,
	"required": textList, "dependentRequired": textLists, "enum": aList, "examples": aList,
	"type": anyValue, "const": anyValue, "default": anyValue, "example": anyValue, "discriminator": anyValue, "externalDocs": anyValue, "xml": anyValue,
	"$schema": anyValue, "$id": anyValue, "$dynamicRef": anyValue, "$dynamicAnchor": anyValue, "$vocabulary": anyValue,
}

// keywordNames are the words offered for a misspelt one.
var keywordNames = func() []string {
	var names []string
	for name := range keywords {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}()

var typeNames = []string{"array", "boolean", "integer", "null", "number", "object", "string"}

// formatsKnown are the formats that are checked (JSON Schema Validation 2020-12, 7.3), and OpenAPI's, which say something to a model.
var formatsKnown = []string{"date", "date-time", "time", "duration", "email", "idn-email", "hostname", "idn-hostname", "ipv4", "ipv6", "uri", "uri-reference", "iri", "iri-reference", "uri-template",
	"uuid", "json-pointer", "relative-json-pointer", "regex", "int32", "int64", "float", "double", "decimal", "byte", "binary", "password"}
