{{/*
A CronJob: tieout.cronjob takes `root`, `name` (of the schedule), `component`, `settings`, and what differs: `deadline` and `ifLocked` of runs, `podAnnotations`,
`readsOnly` (writes no report).
*/}}
{{- define "tieout.cronjob" -}}
{{- $root := .root -}}
{{- $s := .settings -}}
{{- $shares := $s.sharding.enabled -}}
apiVersion: batch/v1
kind: CronJob
metadata:
  name: {{ include "tieout.cronjobName" (dict "root" $root "schedule" .name "sharding" $s.sharding) }}
  labels:
    {{- include "tieout.labels" $root | nindent 4 }}
    app.kubernetes.io/component: {{ .component }}
  {{- with $s.annotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  schedule: {{ $s.schedule | quote }}
  timeZone: {{ default "Etc/UTC" $s.timeZone }}
  suspend: {{ default false $s.suspend }}
  concurrencyPolicy: {{ $s.concurrencyPolicy }}
  startingDeadlineSeconds: {{ int $s.startingDeadlineSeconds }}
  successfulJobsHistoryLimit: {{ $root.Values.successfulJobsHistoryLimit }}
  failedJobsHistoryLimit: {{ $root.Values.failedJobsHistoryLimit }}
  jobTemplate:
    metadata:
      labels:
        {{- include "tieout.labels" $root | nindent 8 }}
        app.kubernetes.io/component: {{ .component }}
    spec:
      # After tieout's own end.
      activeDeadlineSeconds: {{ add (int $s.deadlineSeconds) (int $root.Values.terminationGracePeriodSeconds) 60 }}
      {{- if $shares }}
      completionMode: Indexed
      completions: {{ int $s.sharding.shards }}
      parallelism: {{ int $s.sharding.parallelism }}
      backoffLimitPerIndex: {{ int $s.sharding.backoffLimitPerIndex }}
      maxFailedIndexes: {{ int $s.sharding.maxFailedIndexes }}
      {{- else }}
      backoffLimit: {{ int $s.backoffLimit }}
      {{- end }}
      podReplacementPolicy: {{ $root.Values.podReplacementPolicy }}
      {{- with $root.Values.podFailurePolicy }}
      podFailurePolicy:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      ttlSecondsAfterFinished: {{ int $root.Values.ttlSecondsAfterFinished }}
      template:
        metadata:
          labels:
            {{- include "tieout.labels" $root | nindent 12 }}
            app.kubernetes.io/component: {{ .component }}
            {{- with $root.Values.podLabels }}
            {{- toYaml . | nindent 12 }}
            {{- end }}
          {{- with .podAnnotations }}
          annotations:
            {{- toYaml . | nindent 12 }}
          {{- end }}
        spec:
          {{- include "tieout.pod" (dict "root" $root "args" $s.args "restartPolicy" "Never" "shares" $shares "deadline" .deadline "ifLocked" .ifLocked "resources" $s.resources "readsOnly" .readsOnly) | nindent 10 }}
{{- end -}}
