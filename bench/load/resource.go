package load

import (
	"fmt"

	"go.opentelemetry.io/collector/pdata/pcommon"
)

// identify fills a resource with what SDKs and the Kubernetes operator put there.
func identify(resource pcommon.Resource, of Service, version string, instance int) {
	pod := fmt.Sprintf("%s-7c9f8d6b5-%05d", of.Name, instance)
	attributes := resource.Attributes()
	attributes.PutStr("service.name", of.Name)
	attributes.PutStr("service.namespace", "shop")
	attributes.PutStr("service.version", version)
	attributes.PutStr("service.instance.id", pod)
	attributes.PutStr("deployment.environment.name", "production")
	attributes.PutStr("telemetry.sdk.name", "opentelemetry")
	attributes.PutStr("telemetry.sdk.language", "go")
	attributes.PutStr("telemetry.sdk.version", "1.44.0")
	attributes.PutStr("k8s.namespace.name", "shop")
	attributes.PutStr("k8s.pod.name", pod)
	attributes.PutStr("host.name", fmt.Sprintf("node-%02d", instance%12))
	attributes.PutInt("process.pid", 1)
}
