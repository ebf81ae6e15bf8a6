// Reads Kubernetes manifests strictly into the types of their Go modules: an unknown key, a key that stands twice or a value of the
// wrong type is an error.
//
//	kubernetes-check FILE...
package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	monitoring "github.com/prometheus-operator/prometheus-operator/pkg/apis/monitoring/v1"
	apps "k8s.io/api/apps/v1"
	core "k8s.io/api/core/v1"
	networking "k8s.io/api/networking/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/json"
	"sigs.k8s.io/yaml"
)

var kinds = map[string]func() any{
	"v1 ConfigMap":                        func() any { return &core.ConfigMap{} },
	"v1 PersistentVolumeClaim":            func() any { return &core.PersistentVolumeClaim{} },
	"v1 Service":                          func() any { return &core.Service{} },
	"apps/v1 Deployment":                  func() any { return &apps.Deployment{} },
	"apps/v1 DaemonSet":                   func() any { return &apps.DaemonSet{} },
	"networking.k8s.io/v1 NetworkPolicy":  func() any { return &networking.NetworkPolicy{} },
	"monitoring.coreos.com/v1 PodMonitor": func() any { return &monitoring.PodMonitor{} },
}

func check(path string) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	documents := utilyaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(data)))
	for number := 1; ; number++ {
		document, err := documents.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		var kind meta.TypeMeta
		if err := yaml.Unmarshal(document, &kind); err != nil {
			return fmt.Errorf("document %d: %w", number, err)
		}
		name := kind.APIVersion + " " + kind.Kind
		make, ok := kinds[name]
		if !ok {
			return fmt.Errorf("document %d: no such kind here: %s", number, name)
		}
		converted, err := yaml.YAMLToJSONStrict(document)
		if err != nil {
			return fmt.Errorf("document %d, %s: %w", number, name, err)
		}
		// The reader of the API server itself: it minds upper and lower case.
		strict, err := json.UnmarshalStrict(converted, make())
		if err := errors.Join(append(strict, err)...); err != nil {
			return fmt.Errorf("document %d, %s: %w", number, name, err)
		}
	}
}

func main() {
	failed := false
	for _, path := range os.Args[1:] {
		if err := check(path); err != nil {
			failed = true
			fmt.Fprintf(os.Stderr, "%s: %v\n", path, err)
		}
	}
	if failed {
		os.Exit(1)
	}
}
