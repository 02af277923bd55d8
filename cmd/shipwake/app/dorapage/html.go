package dorapage

import (
	_ "embed"
	"html/template"
	"io"

	"github.com/shipwake/shipwake/correlate/words"
	"github.com/shipwake/shipwake/internal/chart"
)

//go:embed page.html
var page string

var pageTemplate = template.Must(template.New("page").Funcs(template.FuncMap{
	"svg":   func(l chart.Line) template.HTML { return template.HTML(l.SVG()) }, // of texts that it has escaped
	"ratio": words.Ratio,
	"style": func() template.CSS { return template.CSS(chart.Style) },
}).Parse(page))

// HTML writes the page as one file that asks for nothing else and runs nothing.
func HTML(out io.Writer, c Content) error { return pageTemplate.Execute(out, c) }
