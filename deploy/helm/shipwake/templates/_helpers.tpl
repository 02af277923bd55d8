{{- define "shipwake.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "shipwake.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 52 | trimSuffix "-" -}}
{{- else if contains (include "shipwake.name" .) .Release.Name -}}
{{- .Release.Name | trunc 52 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "shipwake.name" .) | trunc 52 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "shipwake.selector" -}}
app.kubernetes.io/name: {{ include "shipwake.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "shipwake.labels" -}}
{{ include "shipwake.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{- define "shipwake.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "shipwake.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "shipwake.secret" -}}
{{- default (include "shipwake.fullname" .) .Values.secret.existing -}}
{{- end -}}

{{- define "shipwake.image" -}}
{{- if .Values.image.digest -}}
{{- printf "%s@%s" .Values.image.repository .Values.image.digest -}}
{{- else -}}
{{- printf "%s:%s" .Values.image.repository (default .Chart.AppVersion .Values.image.tag) -}}
{{- end -}}
{{- end -}}

{{/* What the chart lays over the built-in configuration: listeners that the cluster reaches, and what values say. */}}
{{- define "shipwake.chartConfig" -}}
extensions:
  correlate:
    data_dir: /data
    memory:
      limit: {{ .Values.memoryLimit }}
    web:
      endpoint: 0.0.0.0:8788
    readers:
      allow_anonymous: {{ .Values.allowAnonymousReaders }}
receivers:
  otlp:
    protocols:
      grpc:
        endpoint: 0.0.0.0:4317
      http:
        endpoint: 0.0.0.0:4318
  change_webhook:
    endpoint: 0.0.0.0:8787
    allow_unauthenticated: {{ .Values.allowUnauthenticatedWebhooks }}
{{- if .Values.watch.enabled }}
  change_kubernetes:
    cluster: {{ .Values.watch.cluster | quote }}
    namespaces: {{ toJson .Values.watch.namespaces }}
{{- end }}
service:
  {{- if .Values.watch.enabled }}
  pipelines:
    logs/changes:
      receivers: [change_webhook, change_kubernetes]
  {{- end }}
  telemetry:
    logs:
      encoding: json
{{- end -}}
