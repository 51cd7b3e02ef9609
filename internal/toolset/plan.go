package toolset

// plan is how a tool's arguments are checked and split.
type plan struct{ list bool }
