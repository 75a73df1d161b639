{{/* Parts that several templates are made of. */}}

{{- define "gatepost.name" -}}
{{- if contains .Chart.Name .Release.Name -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 50 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "gatepost.selector" -}}
app.kubernetes.io/name: gatepost
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "gatepost.labels" -}}
{{ include "gatepost.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end -}}

{{- define "gatepost.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}
{{- end -}}

{{/* What every pod is allowed: nearly nothing. */}}
{{- define "gatepost.podSecurity" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{- define "gatepost.containerSecurity" -}}
allowPrivilegeEscalation: false
privileged: false
readOnlyRootFilesystem: true
capabilities:
  drop: [ALL]
{{- end -}}

{{- define "gatepost.environment" -}}
- name: GATEPOST_DATABASE_URL
  valueFrom:
    secretKeyRef:
      name: {{ required "database.existingSecret: name the Secret with the address of the store" .Values.database.existingSecret }}
      key: {{ .Values.database.key }}
- name: GATEPOST_DATABASE_POOLER
  value: {{ .Values.database.pooler | quote }}
- name: GATEPOST_MASTER_KEY_FILE
  value: /run/gatepost/master.key
- name: GATEPOST_PUBLIC_URL
  value: {{ required "publicUrl: set the address that people use, as in https://id.example.com" .Values.publicUrl | quote }}
- name: GATEPOST_TRUSTED_PROXIES
  value: {{ join "," .Values.trustedProxies | quote }}
- name: GATEPOST_DRAIN_SECONDS
  value: {{ .Values.drainSeconds | quote }}
- name: GATEPOST_WORKERS
  value: {{ .Values.workers | quote }}
{{- range $name, $value := .Values.settings }}
- name: {{ $name }}
  value: {{ $value | quote }}
{{- end }}
{{- with .Values.extraEnv }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/*
A file of a Secret can be read by a group when the pod is not root, and Gatepost refuses such a key.
So it is copied into memory, where it belongs to its user alone.
*/}}
{{- define "gatepost.keyCopier" -}}
- name: master-key
  image: {{ include "gatepost.image" . }}
  imagePullPolicy: {{ .Values.image.pullPolicy }}
  command: [install, -m, "0400", /run/secrets/gatepost/master.key, /run/gatepost/master.key]
  securityContext:
    {{- include "gatepost.containerSecurity" . | nindent 4 }}
  resources:
    requests: {cpu: 10m, memory: 16Mi}
    limits: {memory: 64Mi}
  volumeMounts:
    - {name: master-key, mountPath: /run/secrets/gatepost, readOnly: true}
    - {name: run, mountPath: /run/gatepost}
{{- end -}}

{{- define "gatepost.mounts" -}}
- {name: run, mountPath: /run/gatepost, readOnly: true}
- {name: tmp, mountPath: /tmp}
{{- end -}}

{{- define "gatepost.volumes" -}}
- name: master-key
  secret:
    secretName: {{ required "masterKey.existingSecret: name the Secret with the master key" .Values.masterKey.existingSecret }}
    defaultMode: 0440
    items:
      - {key: {{ .Values.masterKey.key }}, path: master.key}
- name: run
  emptyDir: {medium: Memory, sizeLimit: 1Mi}
- name: tmp
  emptyDir: {medium: Memory, sizeLimit: 16Mi}
{{- end -}}
