package history

// Remember reads a table of which other tables need to know something. What is wrong with a row ends it, since what depends on it
// would come out wrong as well.
func Remember(t Table, in Input, row func(*Row) error) error {
	return t.Rows(in, func(r *Row) Found {
		if err := row(r); err != nil {
			r.Fail("", err.Error())
		}
		return Found{Ignored: "remembered"}
	}, func(f Found) error {
		if f.Wrong != nil {
			return f.Wrong
		}
		return nil
	})
}
