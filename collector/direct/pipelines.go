package direct

import (
	"cmp"
	"fmt"
	"slices"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/pipeline"
)

// Pipelines are those of a configuration.
type Pipelines map[pipeline.ID]members

// members are the components of a pipeline.
type members struct {
	Receivers  []component.ID `mapstructure:"receivers"`
	Processors []component.ID `mapstructure:"processors"`
	Exporters  []component.ID `mapstructure:"exporters"`
}

// Read reads the pipelines of a Collector's configuration.
func Read(conf *confmap.Conf) (Pipelines, error) {
	of := struct {
		Service struct {
			Pipelines Pipelines `mapstructure:"pipelines"`
		} `mapstructure:"service"`
	}{}
	if err := conf.Unmarshal(&of, confmap.WithIgnoreUnused()); err != nil {
		return nil, fmt.Errorf("reading service::pipelines: %w", err)
	}
	return of.Service.Pipelines, nil
}

// Way is how a receiver's requests of one signal are read.
type Way struct {
	Receiver component.ID
	Signal   pipeline.Signal
	Direct   bool // in protobuf; JSON is always decoded
}

// Ways are those of all receivers of a type, where exporters of another type read requests as they come.
func (all Pipelines) Ways(receivers, ends component.Type) []Way {
	var ways []Way
	for id, of := range all {
		for _, receiver := range of.Receivers {
			if receiver.Type() != receivers {
				continue
			}
			exporter, ok := all.Exporter(receiver, id.Signal())
			ways = append(ways, Way{receiver, id.Signal(), ok && exporter.Type() == ends})
		}
	}
	slices.SortFunc(ways, func(a, b Way) int {
		return cmp.Or(cmp.Compare(a.Receiver.String(), b.Receiver.String()), cmp.Compare(a.Signal.String(), b.Signal.String()))
	})
	return slices.Compact(ways)
}

// Exporter is what alone follows a receiver's signal; not ok when something stands in between, or several things follow.
func (all Pipelines) Exporter(receiver component.ID, signal pipeline.Signal) (exporter component.ID, ok bool) {
	for id, of := range all {
		if id.Signal() != signal || !slices.Contains(of.Receivers, receiver) {
			continue
		}
		if ok || len(of.Processors) > 0 || len(of.Exporters) != 1 {
			return component.ID{}, false
		}
		exporter, ok = of.Exporters[0], true
	}
	return exporter, ok
}
