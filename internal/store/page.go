package store

// First is the id to list below for the first page: it sorts after every id.
const First = "~"

// Below is the id that a list goes on below: the one that the page before gave as next, First where there was none.
func Below(after string) string {
	if after == "" {
		return First
	}
	return after
}

// Cut makes a page of rows that a query was asked for with one more than limit, and says below which id the next one begins: "" where this is the last.
func Cut[R any](rows []R, limit int, id func(*R) string) (page []R, next string) {
	if len(rows) <= limit {
		return rows, ""
	}
	return rows[:limit], id(&rows[limit-1])
}
