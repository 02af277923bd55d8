package kubernetes

import (
	"context"
	"net/http"
	"net/url"
	"strconv"

	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// page is a part of a list.
type page struct {
	Metadata struct {
		ResourceVersion string `json:"resourceVersion"`
		Continue        string `json:"continue"`
	} `json:"metadata"`
	Items []object `json:"items"`
}

// pathOf is where a resource of the group apps is, in one namespace or in all.
func pathOf(resource, namespace string) string {
	if namespace == "" {
		return "/apis/apps/v1/" + resource
	}
	return "/apis/apps/v1/namespaces/" + url.PathEscape(namespace) + "/" + resource
}

// list hands over all objects of a resource, page by page, and returns the version from which a watch goes on.
func (a api) list(ctx context.Context, resource, namespace, selector string, take func(object) error) (string, error) {
	query := url.Values{"limit": {strconv.Itoa(pageSize)}}
	if selector != "" {
		query.Set("labelSelector", selector)
	}
	for {
		var p page
		if err := a.get(ctx, pathOf(resource, namespace), query, &p); err != nil {
			return "", err
		}
		for _, o := range p.Items {
			if err := take(o); err != nil {
				return "", err
			}
		}
		if p.Metadata.Continue == "" {
			return p.Metadata.ResourceVersion, nil
		}
		query.Set("continue", p.Metadata.Continue)
	}
}

// revisions are those of a workload.
func (a api) revisions(ctx context.Context, k kind, o object) (history, error) {
	selector, err := meta.LabelSelectorAsSelector(o.Spec.Selector)
	if err != nil {
		return nil, err
	}
	var all []revision
	_, err = a.list(ctx, k.revisions, o.Metadata.Namespace, selector.String(), func(r object) error {
		if r.ownedBy(o.Metadata.UID) {
			all = append(all, revisionsOf(r)...)
		}
		return nil
	})
	return newHistory(all), err
}

// namespace is the labels of a namespace; none when they can't be had.
func (a api) namespace(ctx context.Context, name string) (map[string]string, error) {
	var o object
	err := a.get(ctx, "/api/v1/namespaces/"+url.PathEscape(name), nil, &o)
	if is(err, http.StatusForbidden) || is(err, http.StatusNotFound) {
		return nil, nil
	}
	return o.Metadata.Labels, err
}
