package prometheus

// recent remembers a bounded number of things by name and forgets the oldest first.
type recent[T any] struct {
	limit int
	items map[string]*T
	order []string // a ring once it is full
	next  int      // the oldest, once it is full
}

func newRecent[T any](limit int) *recent[T] {
	return &recent[T]{limit: limit, items: map[string]*T{}}
}

// get returns what is remembered under a name; the zero value, from now on remembered, when there is nothing.
func (r *recent[T]) get(name string) *T {
	if item, ok := r.items[name]; ok {
		return item
	}
	if len(r.order) < r.limit {
		r.order = append(r.order, name)
	} else {
		delete(r.items, r.order[r.next])
		r.order[r.next] = name
		r.next = (r.next + 1) % r.limit
	}
	item := new(T)
	r.items[name] = item
	return item
}
