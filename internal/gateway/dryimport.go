package gateway

import (
	"context"
	"fmt"
	"strings"

	"sluice/internal/customfield"
	"sluice/internal/jsonscan"
	"sluice/internal/table"
	"sluice/internal/toolset"
	"sluice/internal/vendor"
)

// dryImportFaults is how many wrong cells a dry run of an import names; all are counted.
const dryImportFaults = 20

// dryImport tells what an import would do, and sends nothing to the vendor but what reads the fields: the file is fetched and read, its columns are held
// against the mapping, and its cells against the custom fields.
func (g *Gateway) dryImport(ctx context.Context, c *Caller, tool *toolset.Tool, prepared *toolset.Prepared) (*Result, error) {
	plan := tool.Method.DryRun
	refuse := func(argument, format string, args ...any) (*Result, error) {
		return invalid(tool, &toolset.ArgumentError{Tool: tool.Name, Faults: []toolset.Fault{{Argument: argument, Message: fmt.Sprintf(format, args...)}}}), nil
	}
	file := prepared.Files[plan.File]
	if file.URL != "" {
		var err error
		if file.Content, err = g.fetch(ctx, file.URL); err != nil {
			return refuse(file.Argument, "cannot be fetched: %v", err)
		}
	}
	rows, err := table.Read(file.Content)
	if err != nil {
		return refuse(file.Argument, "%v", err)
	}
	check := customfield.Check{Set: &customfield.Set{}, Source: tool.Resource.Fields, Own: ownMember(tool.Resource)}
	if s := g.speaks(c, tool, prepared); s != nil {
		set, _, failed, err := g.fieldsOf(ctx, c, s.owner, s.id, true)
		if err != nil || failed != nil {
			return failed, err
		}
		check.Set = set
	}
	columns := check.Columns(plan.Mapping, jsonscan.Member(prepared.Arguments, plan.Mapping), rows.Columns)
	if len(check.Faults) > 0 {
		return invalid(tool, &toolset.ArgumentError{Tool: tool.Name, Faults: check.Faults}), nil
	}
	return &Result{Tool: tool, Outcome: vendor.OK, ContentType: "application/json", Total: -1, RateLimit: vendor.NoRateLimit,
		Body: importReport(rows, columns)}, nil
}

// importReport writes what would be imported, and which cells would be refused.
func importReport(rows *table.Table, columns []customfield.Column) []byte {
	var faults, sample []string
	wrongRows := 0
	for _, row := range rows.Rows {
		wrong := false
		var item jsonscan.ObjectBuilder
		for _, column := range columns {
			cell := row.Cell(column.Index)
			item.Add(jsonscan.AppendQuote(nil, column.Key), jsonscan.AppendQuote(nil, cell))
			if rows.Typed {
				continue
			}
			if reason := column.Cell(cell); reason != "" {
				wrong = true
				if len(faults) < dryImportFaults {
					faults = append(faults, fmt.Sprintf(`{"row":%d,"field":%s,"reason":%s}`, row.Number, jsonscan.AppendQuote(nil, column.Name()), jsonscan.AppendQuote(nil, reason)))
				}
			}
		}
		if wrong {
			wrongRows++
		}
		if len(sample) < dryRunSample {
			sample = append(sample, fmt.Sprintf(`{"row":%d,"after":%s}`, row.Number, item.Bytes()))
		}
	}
	summary := fmt.Sprintf("Dry run: nothing was imported; the file has %d rows, of which %d would be refused.", len(rows.Rows), wrongRows)
	if rows.Typed {
		summary = fmt.Sprintf("Dry run: nothing was imported; the workbook has %d rows, whose cells were not checked: only CSV can be.", len(rows.Rows))
	}
	return fmt.Appendf(nil, `{"dry_run":true,"summary":%s,"rows":%d,"refused_rows":%d,"errors":[%s],"sample":[%s]}`,
		jsonscan.AppendQuote(nil, summary+" Call again without dry_run to import it."), len(rows.Rows), wrongRows, strings.Join(faults, ","), strings.Join(sample, ","))
}
