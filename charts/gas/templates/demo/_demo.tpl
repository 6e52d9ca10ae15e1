{{/* Addresses of the demo's emulators. */}}

{{/* (list $ "aws"): name of an emulator's Service, in this release or another */}}
{{- define "gas.demo.emulatorName" -}}
{{- $root := index . 0 -}}
{{- printf "%s-%s" ($root.Values.demo.emulatorsOf | default (include "gas.fullname" $root)) (index . 1) -}}
{{- end -}}

{{- define "gas.demo.awsUrl" -}}
http://{{ include "gas.demo.emulatorName" (list . "aws") }}:4566
{{- end -}}

{{/* (list $ "s3"): http://s3.gas.localhost, where browsers find it */}}
{{- define "gas.demo.publicUrl" -}}
{{- $url := urlParse (index . 0).Values.baseUrl -}}
{{- printf "%s://%s.%s" $url.scheme (index . 1) $url.host -}}
{{- end -}}

{{- define "gas.demo.emulatorsHere" -}}
{{- if and .Values.demo.enabled (not .Values.demo.emulatorsOf) -}}yes{{- end -}}
{{- end -}}
