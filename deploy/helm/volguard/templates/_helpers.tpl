{{/* The name of all objects. */}}
{{- define "volguard.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 52 | trimSuffix "-" -}}
{{- else if contains .Chart.Name .Release.Name -}}
{{- .Release.Name | trunc 52 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 52 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "volguard.selectorLabels" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/component: webhook
{{- end -}}

{{- define "volguard.labels" -}}
{{ include "volguard.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{- define "volguard.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- .Values.serviceAccount.name | default (include "volguard.fullname" .) -}}
{{- else -}}
{{- required "serviceAccount.name is needed where serviceAccount.create is false" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{/* The Secret with the certificate. */}}
{{- define "volguard.tlsSecretName" -}}
{{- if eq .Values.certificates.mode "secret" -}}
{{- required "certificates.secret.name is needed where certificates.mode is secret" .Values.certificates.secret.name -}}
{{- else -}}
{{- include "volguard.fullname" . }}-tls
{{- end -}}
{{- end -}}

{{/* The name by which the API server calls the webhook. */}}
{{- define "volguard.dnsName" -}}
{{ include "volguard.fullname" . }}.{{ .Release.Namespace }}.svc
{{- end -}}

{{/* What the catalogue of rules tells: files/generated.yaml, written by `make docs`. */}}
{{- define "volguard.generated" -}}
{{ .Files.Get "files/generated.yaml" }}
{{- end -}}
