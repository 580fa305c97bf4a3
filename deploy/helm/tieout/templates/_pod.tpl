{{/*
The pod of everything: tieout.pod takes `root`, `args`, `restartPolicy`, and what differs: `deadline`, `ifLocked`, `resources`,
`port`, `probes`, `serviceAccountName`, `suffix` (of the ConfigMaps), `bare` (without init containers, sidecars and reports), `readsOnly` (writes no report, so that it does not
hold the claim of reports on its node).
*/}}
{{- define "tieout.pod" -}}
{{- $v := .root.Values -}}
serviceAccountName: {{ default (include "tieout.serviceAccountName" .root) .serviceAccountName }}
automountServiceAccountToken: false
enableServiceLinks: false
restartPolicy: {{ .restartPolicy }}
terminationGracePeriodSeconds: {{ $v.terminationGracePeriodSeconds }}
securityContext:
  {{- toYaml $v.podSecurityContext | nindent 2 }}
{{- with $v.image.pullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $v.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- range $part := list "nodeSelector" "tolerations" "affinity" "topologySpreadConstraints" "dnsConfig" }}
{{- with index $v $part }}
{{ $part }}:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
{{- $migrates := and (eq $v.migrations.mode "initContainer") (not .bare) }}
{{- $before := ternary (list) (concat $v.nativeSidecars $v.extraInitContainers) (default false .bare) }}
{{- if or $migrates $before }}
initContainers:
  {{- with $before }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
  {{- if $migrates }}
  - name: migrate
    {{- include "tieout.container" (dict "root" .root "args" (list "migrate" "run")) | nindent 4 }}
  {{- end }}
{{- end }}
containers:
  - name: tieout
    {{- include "tieout.container" . | nindent 4 }}
volumes:
  {{- include "tieout.volumes" . | nindent 2 }}
{{- end -}}

{{- define "tieout.container" -}}
{{- $v := .root.Values -}}
image: {{ include "tieout.image" .root | quote }}
imagePullPolicy: {{ $v.image.pullPolicy }}
args:
  {{- toYaml .args | nindent 2 }}
env:
  - {name: TIEOUT_CONFIG, value: /etc/tieout/config/tieout.yaml}
  - {name: TIEOUT_COLOR, value: never}
  - {name: TIEOUT_LOG, value: {{ $v.log.level }}}
  - {name: TIEOUT_LOG_FORMAT, value: {{ $v.log.format }}}
  {{- with .deadline }}
  - {name: TIEOUT_DEADLINE, value: {{ printf "%ds" (int .) }}}
  {{- end }}
  {{- with .ifLocked }}
  - {name: TIEOUT_IF_LOCKED, value: {{ . }}}
  {{- end }}
  {{- if .shares }}
  # What makes the pods of one Job one night.
  - name: JOB_NAME
    valueFrom: {fieldRef: {fieldPath: "metadata.labels['batch.kubernetes.io/job-name']"}}
  - name: JOB_UID
    valueFrom: {fieldRef: {fieldPath: "metadata.labels['batch.kubernetes.io/controller-uid']"}}
  - {name: TIEOUT_JOB, value: $(JOB_NAME)/$(JOB_UID)}
  {{- end }}
  {{- with $v.extraEnv }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- with .port }}
ports:
  - {name: http, containerPort: {{ . }}, protocol: TCP}
{{- end }}
{{- with .probes }}
{{ toYaml . }}
{{- end }}
resources:
  {{- toYaml (default $v.resources .resources) | nindent 2 }}
securityContext:
  {{- toYaml $v.securityContext | nindent 2 }}
# The end of the result, which tieout writes; where it could not, the end of the log.
terminationMessagePath: /dev/termination-log
terminationMessagePolicy: FallbackToLogsOnError
volumeMounts:
  - {name: config, mountPath: /etc/tieout/config, readOnly: true}
  - {name: reconcilers, mountPath: /etc/tieout/reconcilers, readOnly: true}
  # No subPath: behind one, a renewed secret is never seen.
  - {name: credentials, mountPath: /etc/tieout/credentials, readOnly: true}
  - {name: scratch, mountPath: /tmp}
  {{- if and (eq $v.reports.target "volume") (not .bare) (not .readsOnly) }}
  - {name: reports, mountPath: /var/lib/tieout/reports}
  {{- end }}
  {{- with $v.extraVolumeMounts }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end -}}

{{- define "tieout.volumes" -}}
{{- $v := .root.Values -}}
{{- $suffix := default "" .suffix -}}
- name: config
  configMap:
    name: {{ include "tieout.configMapName" .root }}{{ ternary "" $suffix (ne $v.config.existingConfigMap "") }}
- name: reconcilers
  configMap:
    name: {{ include "tieout.reconcilersName" .root }}{{ ternary "" $suffix (ne $v.reconcilers.existingConfigMap "") }}
- name: credentials
  projected:
    # 0400; the kubelet adds the group of fsGroup, which may read.
    defaultMode: 256
    sources:
      {{- range $file, $of := dict "database-url" $v.database "healthchecks-url" $v.healthchecks }}
      {{- with $of.urlSecret }}
      {{- if .name }}
      - secret: {name: {{ .name }}, items: [{key: {{ .key | quote }}, path: {{ $file }}}]}
      {{- end }}
      {{- end }}
      {{- end }}
      {{- range $v.credentials }}
      - secret: {name: {{ .secretName }}, optional: {{ default false .optional }}, items: [{key: {{ .key | quote }}, path: {{ .name }}}]}
      {{- end }}
- name: scratch
  emptyDir:
    sizeLimit: {{ $v.scratch.sizeLimit }}
    {{- with $v.scratch.medium }}
    medium: {{ . }}
    {{- end }}
{{- if and (eq $v.reports.target "volume") (not .bare) (not .readsOnly) }}
- name: reports
  persistentVolumeClaim:
    claimName: {{ default (printf "%s-reports" (include "tieout.fullname" .root)) $v.reports.volume.existingClaim }}
{{- end }}
{{- with $v.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end -}}
