package toolset_test

import (
	"strings"
	"testing"

	"sluice/internal/toolset"
)

func names(s *toolset.Toolset) string {
	var all []string
	for _, tool := range s.Tools {
		all = append(all, tool.Name)
	}
	return strings.Join(all, " ")
}

func TestFiltersChooseTools(t *testing.T) {
	const (
		reads  = "list_all_acme_pipelines get_single_acme_pipeline_by_id list_all_acme_pipeline_stages list_all_acme_pipeline_cards acme_pipeline_cards_search"
		writes = "create_a_acme_pipeline_card update_a_acme_pipeline_card_by_id delete_a_acme_pipeline_card_by_id acme_pipeline_cards_bulk_update"
	)
	for _, test := range []struct {
		name          string
		methods, tags []string
		want          string
	}{
		{"read is list, get and what is safe", []string{"read"}, nil, reads},
		{"write is what is not safe", []string{"write"}, nil, writes},
		{"custom is neither of the five", []string{"custom"}, nil, "acme_pipeline_cards_bulk_update acme_pipeline_cards_search"},
		{"a name", []string{"bulk_update"}, nil, "acme_pipeline_cards_bulk_update"},
		{"a group and a name add up", []string{"get", "custom"}, nil, "get_single_acme_pipeline_by_id acme_pipeline_cards_bulk_update acme_pipeline_cards_search"},
		{"a resource's tag", nil, []string{"cards"}, "list_all_acme_pipeline_cards create_a_acme_pipeline_card update_a_acme_pipeline_card_by_id delete_a_acme_pipeline_card_by_id acme_pipeline_cards_bulk_update acme_pipeline_cards_search"},
		{"a method's tag", nil, []string{"bulk"}, "acme_pipeline_cards_bulk_update"},
		{"both must hold", []string{"read"}, []string{"cards"}, "list_all_acme_pipeline_cards acme_pipeline_cards_search"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if err := toolset.CheckFilter(cards(), test.methods, test.tags); err != nil {
				t.Error(err)
			}
			if got := names(compile(t, cards(), toolset.Options{Methods: test.methods, Tags: test.tags})); got != test.want {
				t.Errorf("got  %s\nwant %s", got, test.want)
			}
		})
	}
	if got := len(compile(t, cards(), toolset.Options{}).Tools); got != 9 {
		t.Errorf("without filters: got %d tools, want all 9", got)
	}
}

func TestFiltersThatCannotBeMeantAreRefused(t *testing.T) {
	for _, test := range []struct {
		name          string
		methods, tags []string
		field, want   string
	}{
		{"an unknown method", []string{"read", "reed"}, nil, "methods", `acme has no method "reed"; use the groups read, write and custom, or the names list, get, create, update, delete, bulk_update, search, bulk_delete`},
		{"an unknown tag", nil, []string{"card"}, "tags", `acme has no tag "card"; it has pipelines, cards, bulk`},
		{"only an undocumented method", []string{"bulk_delete"}, nil, "methods", "no tool of acme is left by the methods bulk_delete; the groups are read, write and custom, the names list, get, create, update, delete, bulk_update, search, bulk_delete"},
		{"nothing left of both", []string{"get"}, []string{"cards"}, "methods", "no tool of acme has both one of the methods get and one of the tags cards; with these tags there are the methods list, create, update, delete, bulk_update, search"},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := toolset.CheckFilter(cards(), test.methods, test.tags)
			filter, ok := err.(*toolset.FilterError)
			if !ok || filter.Field != test.field || filter.Message != test.want {
				t.Errorf("got  %v\nwant %s", err, test.want)
			}
		})
	}
}

func TestTheKeyIsOfAllThatShapesAToolset(t *testing.T) {
	key := func(opt toolset.Options) string { return compile(t, cards(), opt).Key }
	if key(toolset.Options{Methods: []string{"read", "write"}}) != key(toolset.Options{Methods: []string{"write", "read"}}) {
		t.Error("the order of a filter shapes the key")
	}
	seen := map[string]int{}
	for i, opt := range []toolset.Options{{}, {Methods: []string{"read"}}, {Tags: []string{"cards"}}, {StructuredOutput: true}, {Bind: map[string]string{"pipeline_uuid": uuid}}} {
		if other, taken := seen[key(opt)]; taken {
			t.Errorf("options %d and %d share a key", i, other)
		}
		seen[key(opt)] = i
	}
	changed := cards()
	changed.Digest = "d2"
	if compile(t, changed, toolset.Options{}).Key == key(toolset.Options{}) {
		t.Error("another definition shares the key")
	}
}
