package store_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"sluice/internal/store"
	"sluice/internal/store/storetest"
)

func TestEveryGeneratedQueryIsUnderstoodByBothDatabases(t *testing.T) {
	queries := map[string]string{}
	files, err := filepath.Glob("db/*.sql.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING && strings.HasPrefix(lit.Value, "`-- name: ") {
				query, err := strconv.Unquote(lit.Value)
				if err != nil {
					t.Fatal(err)
				}
				queries[strings.Fields(query)[2]] = query
			}
			return true
		})
	}
	if len(queries) < 40 {
		t.Fatalf("found only %d queries in %v", len(queries), files)
	}
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		for name, query := range queries {
			if strings.Contains(query, "@") {
				t.Errorf("%s: an argument's name was left in: %s", name, query)
			}
			if err := st.Compile(t.Context(), query); err != nil {
				t.Errorf("%s: %v\n%s", name, err, query)
			}
		}
	})
}
