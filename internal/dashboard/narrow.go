package dashboard

import (
	"cmp"
	"errors"
	"slices"
	"sort"
	"strconv"
	"strings"

	"sluice/internal/integration"
	"sluice/internal/page"
	"sluice/internal/toolset"
)

// Groups are the groups of methods that tools can be narrowed to.
func (p *serverPage) Groups() []page.Option {
	return []page.Option{
		{Value: toolset.GroupRead, Label: "read", Help: "list, get, and what changes nothing"},
		{Value: toolset.GroupWrite, Label: "write", Help: "whatever may change something"},
		{Value: toolset.GroupCustom, Label: "custom", Help: "all but list, get, create, update, delete"},
	}
}

// OneByOne reports whether a method is chosen by its own name.
func (p *serverPage) OneByOne() bool {
	return slices.ContainsFunc(p.Form.All("config.methods"), func(m string) bool {
		return m != toolset.GroupRead && m != toolset.GroupWrite && m != toolset.GroupCustom
	})
}

// methodOptions are the methods that a definition's tools can be narrowed to.
func methodOptions(def *integration.Definition) []page.Option {
	var options []page.Option
	known := map[string]int{}
	for _, r := range def.Resources {
		for _, m := range r.Methods {
			if m.Doc != nil {
				known[m.Name]++
			}
		}
	}
	var names []string
	for name := range known {
		names = append(names, name)
	}
	order := []string{"list", "get", "create", "update", "delete"}
	place := func(name string) int {
		if i := slices.Index(order, name); i >= 0 {
			return i
		}
		return len(order)
	}
	sort.Slice(names, func(i, j int) bool {
		if a, b := place(names[i]), place(names[j]); a != b {
			return a < b
		}
		return names[i] < names[j]
	})
	for _, name := range names {
		options = append(options, page.Option{Value: name, Label: name, Help: strconv.Itoa(known[name])})
	}
	return options
}

// mostOptions is how many options a form offers.
const mostOptions = 150

// some are the first of many options, and those further ones that are chosen.
func some(options []page.Option, chosen []string) []page.Option {
	if len(options) <= mostOptions {
		return options
	}
	kept := slices.Clone(options[:mostOptions])
	for _, o := range options[mostOptions:] {
		if slices.Contains(chosen, o.Value) {
			kept = append(kept, o)
		}
	}
	return kept
}

// tagOptions are the tags of a definition.
func tagOptions(def *integration.Definition) []page.Option {
	known := map[string]int{}
	for _, r := range def.Resources {
		for _, m := range r.Methods {
			if m.Doc == nil {
				continue
			}
			tags := slices.Concat(r.Tags, m.Tags)
			slices.Sort(tags)
			for _, t := range slices.Compact(tags) {
				known[t]++
			}
		}
	}
	var options []page.Option
	for tag, n := range known {
		options = append(options, page.Option{Value: tag, Label: tag, Help: strconv.Itoa(n)})
	}
	slices.SortFunc(options, func(a, b page.Option) int { return cmp.Compare(a.Value, b.Value) })
	return options
}

// offer is the tools that filters leave.
type offer struct {
	Groups []toolGroup // by resource
	Tools  int
	Tokens int    // what a client's model reads of them, about
	Writes int    // of the tools, those that may change something
	Fault  string // why there are none
	More   int    // tools that are not listed
}

// mostOffered is how many tools stand beside a form.
const mostOffered = 200

type toolGroup struct {
	Resource string
	Tools    []*toolset.Tool
}

// bytesPerToken is how many bytes of a tool list make one token of a current model's, measured on lists like these: 4.2.
const bytesPerToken = 4.2

// tokens estimates how many tokens a model reads in a text of so many bytes.
func tokens(bytes int) int { return int(float64(bytes)/bytesPerToken + .5) }

// preview compiles the tools that a form's filters leave.
func preview(def *integration.Definition, form *page.Form) offer {
	methods, tags := chosen(form, "config.methods"), chosen(form, "config.tags")
	if len(methods)+len(tags) > 0 {
		if err := toolset.CheckFilter(def, methods, tags); err != nil {
			return offer{Fault: sentence(err.Error())}
		}
	}
	options := toolset.Options{Methods: methods, Tags: tags, StructuredOutput: form.Get("config.structured_output") != "", Bind: map[string]string{}}
	for name, values := range form.Values {
		if argument, ok := strings.CutPrefix(name, "bind."); ok && len(values) > 0 && values[0] != "" {
			options.Bind[argument] = values[0]
		}
	}
	tools, err := toolset.Compile(def, options)
	if err != nil {
		return offer{Fault: sentence(err.Error())}
	}
	return offerOf(tools)
}

func offerOf(tools *toolset.Toolset) offer {
	p := offer{Tools: len(tools.Tools), Tokens: tokens(len(tools.ListJSON())), More: max(0, len(tools.Tools)-mostOffered)}
	for _, t := range tools.Tools {
		if !t.ReadOnly {
			p.Writes++
		}
	}
	p.Groups = groupsOf(tools.Tools[:p.Tools-p.More])
	return p
}

// groupsOf are tools by their resources, in the definition's order.
func groupsOf(tools []*toolset.Tool) []toolGroup {
	var groups []toolGroup
	for _, t := range tools {
		i := slices.IndexFunc(groups, func(g toolGroup) bool { return g.Resource == t.Resource.Name })
		if i < 0 {
			groups = append(groups, toolGroup{Resource: t.Resource.Name})
			i = len(groups) - 1
		}
		groups[i].Tools = append(groups[i].Tools, t)
	}
	return groups
}

// filterFault takes a fault of filters out of an error.
func filterFault(err error) (*toolset.FilterError, bool) {
	return errors.AsType[*toolset.FilterError](err)
}
