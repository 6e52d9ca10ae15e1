{{/* Addresses of the demo's emulators. */}}

{{/* (list $ "aws"): host of an emulator, in this release or another. KEDA, in its own namespace, has to find it too. */}}
{{- define "gas.demo.emulator" -}}
{{- $root := index . 0 -}}
{{- printf "%s-%s.%s.svc" ($root.Values.demo.emulatorsOf | default (include "gas.fullname" $root)) (index . 1) $root.Release.Namespace -}}
{{- end -}}

{{- define "gas.demo.awsUrl" -}}
http://{{ include "gas.demo.emulator" (list . "aws") }}:4566
{{- end -}}

{{/* (list $ "s3"): http://s3.gas.localhost, where browsers find it */}}
{{- define "gas.demo.publicUrl" -}}
{{- $url := urlParse (index . 0).Values.baseUrl -}}
{{- printf "%s://%s.%s" $url.scheme (index . 1) $url.host -}}
{{- end -}}

{{- define "gas.demo.emulatorsHere" -}}
{{- if and .Values.demo.enabled (not .Values.demo.emulatorsOf) -}}yes{{- end -}}
{{- end -}}
