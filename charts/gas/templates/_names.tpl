{{/* Names and labels. Every object is called <fullname> or <fullname>-<component>. */}}

{{- define "gas.fullname" -}}
{{- $base := .Values.fullnameOverride | default .Release.Name -}}
{{- $base | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{/* (list $ "web"): gas-web */}}
{{- define "gas.name" -}}
{{- printf "%s-%s" (include "gas.fullname" (index . 0)) (index . 1) -}}
{{- end -}}

{{- define "gas.selectorLabels" -}}
app.kubernetes.io/name: gas
app.kubernetes.io/instance: {{ (index . 0).Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end -}}

{{- define "gas.labels" -}}
{{ include "gas.selectorLabels" . }}
{{- with index . 0 }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end }}
{{- end -}}

{{/* (list $ "web"): its image */}}
{{- define "gas.image" -}}
{{- $image := (index . 0).Values.image -}}
{{- printf "%s%s:%s" $image.prefix (index . 1) ($image.tag | default (index . 0).Chart.AppVersion) -}}
{{- end -}}

{{/* Secret that the web reads. */}}
{{- define "gas.secretName" -}}
{{- if .Values.secrets.existingSecret -}}{{ .Values.secrets.existingSecret }}
{{- else if .Values.demo.enabled -}}{{ include "gas.name" (list . "demo") }}
{{- else -}}{{ include "gas.name" (list . "secrets") }}
{{- end -}}
{{- end -}}

{{/* Secret with keys of AWS, where pods have no identity; empty: they have one. */}}
{{- define "gas.awsSecretName" -}}
{{- if .Values.demo.enabled -}}{{ include "gas.name" (list . "demo") }}
{{- else if eq .Values.aws.identity "secret" -}}{{ .Values.aws.existingSecret }}
{{- end -}}
{{- end -}}
