{{/* tieout.yaml: what was given, with the state store and the folders of the chart where they are not said. */}}
{{- define "tieout.config" -}}
{{- $chart := dict
      "state" (dict "url" "file:/etc/tieout/credentials/database-url" "migrate" "by_hand")
      "reconcilers" (list "/etc/tieout/reconcilers") -}}
{{- if eq .Values.reports.target "volume" -}}
{{- $_ := set $chart "report" (dict "folder" "/var/lib/tieout/reports") -}}
{{- end -}}
{{- /* Who names the file in a channel of theirs says when it is pinged. */ -}}
{{- $own := toJson (default dict .Values.config.inline.notify) -}}
{{- if and .Values.healthchecks.urlSecret.name (not (contains "/healthchecks-url" $own)) -}}
{{- $_ := set $chart "notify" (dict "healthchecks" (dict "ping" (dict "url" "file:/etc/tieout/credentials/healthchecks-url"))) -}}
{{- end -}}
{{- $whole := mergeOverwrite $chart (deepCopy .Values.config.inline) -}}
{{- if hasPrefix "sqlite:" (toString $whole.state.url) -}}
{{- fail "a SQLite state store lives on one host; in Kubernetes it has to be PostgreSQL: leave config.inline.state.url out and set database.urlSecret" -}}
{{- end -}}
{{ toYaml $whole }}
{{- end -}}

{{- define "tieout.configMaps" -}}
{{- $root := .root -}}
{{- if not $root.Values.config.existingConfigMap }}
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ include "tieout.configMapName" $root }}{{ .suffix }}
  labels:
    {{- include "tieout.labels" $root | nindent 4 }}
  {{- with .annotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
data:
  tieout.yaml: |
    {{- include "tieout.config" $root | nindent 4 }}
---
{{- end }}
{{- if not $root.Values.reconcilers.existingConfigMap }}
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ include "tieout.reconcilersName" $root }}{{ .suffix }}
  labels:
    {{- include "tieout.labels" $root | nindent 4 }}
  {{- with .annotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- with $root.Values.reconcilers.inline }}
data:
  {{- range $file, $text := . }}
  {{ $file }}: |
    {{- if kindIs "string" $text }}
    {{- $text | trimSuffix "\n" | nindent 4 }}
    {{- else }}
    {{- toYaml $text | nindent 4 }}
    {{- end }}
  {{- end }}
{{- end }}
---
{{- end }}
{{- end -}}
