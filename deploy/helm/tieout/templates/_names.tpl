{{- define "tieout.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{- define "tieout.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else if contains (include "tieout.name" .) .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "tieout.name" .) | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* The name of a CronJob. Its Jobs get up to 11 characters more, and the pods of an Indexed Job a dash and their number, within 63. */}}
{{- define "tieout.cronjobName" -}}
{{- $name := printf "%s-%s" (include "tieout.fullname" .root) .schedule -}}
{{- $most := 52 -}}
{{- if .sharding.enabled -}}
{{- $most = min 52 (sub 53 (len (toString (sub (int .sharding.shards) 1)))) | int -}}
{{- end -}}
{{- if gt (len $name) $most -}}
{{- fail (printf "the CronJob %q would be longer than %d characters: shorten the name of the schedule, or set fullnameOverride" $name $most) -}}
{{- end -}}
{{- $name -}}
{{- end -}}

{{- define "tieout.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "tieout.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "tieout.configMapName" -}}
{{- default (printf "%s-config" (include "tieout.fullname" .)) .Values.config.existingConfigMap -}}
{{- end -}}

{{- define "tieout.reconcilersName" -}}
{{- default (printf "%s-reconcilers" (include "tieout.fullname" .)) .Values.reconcilers.existingConfigMap -}}
{{- end -}}

{{- define "tieout.image" -}}
{{- if .Values.image.digest -}}
{{- printf "%s@%s" .Values.image.repository .Values.image.digest -}}
{{- else -}}
{{- printf "%s:%s" .Values.image.repository (default .Chart.AppVersion .Values.image.tag) -}}
{{- end -}}
{{- end -}}

{{/* Says `true` where the chart has Prometheus scrape something; otherwise nothing. */}}
{{- define "tieout.scraped" -}}
{{- range $of := list .Values.serve .Values.daemon -}}
{{- if and $of.enabled $of.serviceMonitor.enabled -}}true{{- end -}}
{{- end -}}
{{- end -}}

{{- define "tieout.selector" -}}
app.kubernetes.io/name: {{ include "tieout.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "tieout.labels" -}}
{{ include "tieout.selector" . }}
app.kubernetes.io/version: {{ default .Chart.AppVersion .Values.image.tag | trunc 63 | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}
