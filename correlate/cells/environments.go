package cells

import "slices"

// Environments are those in which anything is known of a service, sorted.
func Environments(st *Store, service string) []string {
	all := []string{}
	for p := range st.services {
		if p.Service == service {
			all = append(all, p.Environment)
		}
	}
	slices.Sort(all)
	return all
}
